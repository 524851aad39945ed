package node

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/libp2p/go-libp2p/p2p/net/swarm"
	ma "github.com/multiformats/go-multiaddr"
)

// TestDialProblem: a person is told who does not answer, not what each of
// libp2p's layers calls it.
func TestDialProblem(t *testing.T) {
	many := &swarm.DialError{Cause: swarm.ErrAllDialsFailed}
	for i := range 5 {
		at := ma.StringCast(fmt.Sprintf("/ip4/192.0.2.%d/udp/4101/quic-v1", i))
		many.DialErrors = append(many.DialErrors, swarm.TransportError{Address: at, Cause: errors.New("timeout: no recent network activity")})
	}
	for _, c := range []struct {
		err  error
		want string
	}{
		{many, "nobody answers at /ip4/192.0.2.0/udp/4101/quic-v1, /ip4/192.0.2.1/udp/4101/quic-v1, /ip4/192.0.2.2/udp/4101/quic-v1, 2 more"},
		{&swarm.DialError{Cause: swarm.ErrNoAddresses}, "it has no address that this node can connect to"},
		{fmt.Errorf("connect: %w", context.DeadlineExceeded), "nobody answers within"},
		{swarm.ErrDialToSelf, "that is this node itself"},
		{errors.New("odd"), "odd"},
	} {
		if got := dialProblem(c.err); !strings.HasPrefix(got, c.want) {
			t.Errorf("%v: %q, want %q", c.err, got, c.want)
		}
	}
}
