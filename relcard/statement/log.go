package statement

import (
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
)

// Head is how far one side's log is known: all that is needed to say whether
// a statement comes next. The zero Head is an empty log's.
type Head struct {
	Count uint64      `cbor:"n" json:"count"`
	Last  dagcbor.CID `cbor:"last,omitzero" json:"last,omitzero"`
}

// Follow returns the head after s, which must come from the log of h.
//
// ErrGap means that statements before s have not come yet: keep s and try
// again. ErrPast means that a statement with this number is known: compare its
// id with s.ID, and where they differ raise a [ForkError]. A *ForkError is
// returned where s has the next number and names another past than ours.
func (h Head) Follow(s *Statement) (Head, error) {
	switch b := &s.Body; {
	case b.Seq > h.Count:
		return h, refuse(ErrGap, "statement %d of the %s came and %d is the next", b.Seq, b.By, h.Count)
	case b.Seq < h.Count:
		return h, refuse(ErrPast, "statement %d of the %s, of which %d are known", b.Seq, b.By, h.Count)
	case b.Prev != h.Last:
		return h, &ForkError{By: b.By, Seq: b.Seq, A: h.Last, B: b.Prev}
	}
	return Head{h.Count + 1, s.ID}, nil
}

// Next returns the frame of the statement after h by the given side, for the
// caller to fill in with kind and content.
func (h Head) Next(by identity.Role, person, vendor identity.DID, seen Head, now time.Time) Body {
	return Body{
		Version: BodyVersion, Type: BodyType, Person: person, Vendor: vendor, By: by,
		Seq: h.Count, Prev: h.Last, Seen: seen.Last, Time: identity.At(now),
	}
}

// VerifyLog verifies one side's statements, from the first on and in order,
// and that they make one log between two parties.
func VerifyLog(log []Signed, keys identity.KeySource, now time.Time) ([]Statement, error) {
	var head Head
	out := make([]Statement, 0, len(log))
	for i, s := range log {
		st, err := s.Verify(keys, now)
		if err != nil {
			return nil, refuse(ErrLog, "statement %d: %w", i, err)
		}
		if b := &st.Body; i > 0 && !sameLog(b, &out[0].Body) {
			return nil, refuse(ErrLog, "statement %d is of another log", i)
		}
		if head, err = head.Follow(&st); err != nil {
			return nil, refuse(ErrLog, "statement %d: %w", i, err)
		}
		out = append(out, st)
	}
	return out, nil
}

func sameLog(a, b *Body) bool {
	return a.By == b.By && a.Person == b.Person && a.Vendor == b.Vendor
}
