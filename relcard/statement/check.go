package statement

import (
	"strings"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/identity/webvh"
)

// maxSeq bounds a log: a relationship with more to say begins another card.
const maxSeq = 1 << 20

const maxKind = 32

// Check reports whether b is a valid statement by itself, naming the first
// field that is not. Its content is checked only for being a map in the
// canonical encoding.
func (b *Body) Check() error {
	if err := b.checkVersion(); err != nil {
		return err
	}
	if err := b.checkParties(); err != nil {
		return err
	}
	switch y := b.Time.Std().Year(); {
	case b.Seq > maxSeq:
		return refuse(ErrField, "seq: %d is above %d", b.Seq, maxSeq)
	case b.Seq == 0 && !b.Prev.IsZero():
		return refuse(ErrField, "prev: the first statement names one before it")
	case b.Seq > 0 && b.Prev.IsZero():
		return refuse(ErrField, "prev: statement %d names none before it", b.Seq)
	case b.Time.IsZero() || y < 0 || y > 9999:
		return refuse(ErrField, "time: none, or outside the years 0 to 9999")
	case !validKind(b.Kind):
		return refuse(ErrField, "kind: %.40q is no lower-case word", string(b.Kind))
	case !b.Answers.IsZero() && b.Seen.IsZero():
		return refuse(ErrField, "seen: a statement that answers one has seen one")
	case len(b.Content) > MaxContent:
		return refuse(ErrSize, "content: %d bytes, the most is %d", len(b.Content), MaxContent)
	}
	var content map[string]any
	if err := dagcbor.Unmarshal(b.Content, &content); err != nil {
		return refuse(ErrField, "content: %w", err)
	}
	if content == nil {
		return refuse(ErrField, "content: null is no map")
	}
	return nil
}

func (b *Body) checkVersion() error {
	if b.Version != BodyVersion || b.Type != BodyType {
		return refuse(ErrVersion, "body is %.40q version %d, known is %q version %d", b.Type, b.Version, BodyType, BodyVersion)
	}
	return nil
}

func (b *Body) checkParties() error {
	if b.By != identity.RolePerson && b.By != identity.RoleVendor {
		return refuse(ErrField, "by: %.40q is neither %q nor %q", string(b.By), identity.RolePerson, identity.RoleVendor)
	}
	for _, p := range []struct {
		field string
		did   identity.DID
	}{{"person", b.Person}, {"vendor", b.Vendor}} {
		if err := checkDID(p.did); err != nil {
			return refuse(ErrField, "%s: %w", p.field, err)
		}
	}
	if b.Person == b.Vendor {
		return refuse(ErrField, "vendor: is the person's own identifier")
	}
	return nil
}

func checkDID(d identity.DID) error {
	if d.IsKey() {
		_, err := d.PublicKey()
		return err
	}
	_, err := webvh.ParseID(d)
	return err
}

func validKind(k Kind) bool {
	return k != "" && len(k) <= maxKind && k[0] >= 'a' && k[0] <= 'z' &&
		strings.Trim(string(k), "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}
