package node

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/libp2p/go-libp2p/p2p/net/swarm"
)

// mostTried is how many addresses a problem names.
const mostTried = 3

// dialProblem says in plain words why no connection came about. What libp2p
// says of each address in turn is for the log.
func dialProblem(err error) string {
	var d *swarm.DialError
	if errors.As(err, &d) && len(d.DialErrors) > 0 {
		var tried []string
		for i, e := range d.DialErrors {
			if i == mostTried {
				tried = append(tried, fmt.Sprintf("%d more", len(d.DialErrors)+d.Skipped-i))
				break
			}
			tried = append(tried, e.Address.String())
		}
		return "nobody answers at " + strings.Join(tried, ", ")
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Sprintf("nobody answers within %s", dialTimeout)
	case errors.Is(err, swarm.ErrNoAddresses), errors.Is(err, swarm.ErrNoGoodAddresses):
		return "it has no address that this node can connect to"
	case errors.Is(err, swarm.ErrDialBackoff):
		return "nobody answered a moment ago, and it is tried again only after a while"
	case errors.Is(err, swarm.ErrDialToSelf):
		return "that is this node itself"
	case errors.Is(err, swarm.ErrGaterDisallowedConnection):
		return "this node keeps away from it"
	}
	return err.Error()
}
