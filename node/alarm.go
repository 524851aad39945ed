package node

import (
	"fmt"

	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/relcard/statement"
)

// kindAlarm is the last statement of a side that has seen the two copies part.
// The other side freezes too. If it is the alarmed side's own log that was
// lost, this statement takes a number used before, which is the proof of it.
const kindAlarm statement.Kind = "alarm"

type alarmContent struct {
	Version   uint64      `cbor:"v"`
	Statement dagcbor.CID `cbor:"statement"` // of the other side's, that shows it
	Reason    string      `cbor:"reason"`
}

func decodeAlarm(b []byte) (alarmContent, error) {
	var a alarmContent
	if err := dagcbor.Unmarshal(b, &a); err != nil {
		return a, err
	}
	if a.Version != 1 || len(a.Reason) > maxReason+len("…") {
		return a, fmt.Errorf("version %d with a reason of %d bytes", a.Version, len(a.Reason))
	}
	return a, nil
}

// hearAlarm freezes the relationship because the other side has.
func (n *Node) hearAlarm(c *change, r *relation, st *statement.Statement) error {
	a, err := decodeAlarm(st.Body.Content)
	if err != nil {
		return n.ignore(c, r, st, err)
	}
	return n.freeze(c, r, fmt.Sprintf("%s raised the alarm: %s", r.name(), clip(a.Reason, maxReason)))
}
