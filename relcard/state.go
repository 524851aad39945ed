package relcard

import (
	"fmt"
	"slices"
	"time"

	"github.com/parley-network/parley/identity"
)

// State returns where the card stands.
func (c Chain) State() State {
	switch {
	case len(c.versions) == 0:
		return StateNone
	case c.Fork() != nil:
		return StateFrozen
	case c.end() != nil:
		return StateEnded
	case c.agreed() == nil:
		return StateProposed
	case len(c.open()) > 0:
		return StateAmending
	}
	return StateActive
}

// Agreed returns the version that both parties signed last: what binds them.
// It keeps binding, for what was promised before, after the card has ended.
// Do not use it when the card is frozen.
func (c Chain) Agreed() (Version, bool) { return value(c.agreed()) }

// Ended returns the version that ended the card. Where both parties ended it
// at once, it is the one dated earlier.
func (c Chain) Ended() (Version, bool) { return value(c.end()) }

func value(v *Version) (Version, bool) {
	if v == nil {
		return Version{}, false
	}
	return *v, true
}

// agreed returns the last countersigned version.
func (c Chain) agreed() *Version {
	for _, v := range slices.Backward(c.versions) {
		if v.State() == StateActive {
			return v
		}
	}
	return nil
}

func (c Chain) end() *Version {
	var end *Version
	for _, v := range c.versions {
		if v.State() == StateEnded && (end == nil || v.Body.Time.Before(end.Body.Time)) {
			end = v
		}
	}
	return end
}

// Pending returns the proposals that a party may still countersign: those
// after the version in force that nobody has answered with another one. There
// are none once the card has ended or is frozen.
func (c Chain) Pending() []Version {
	if c.Fork() != nil || c.end() != nil {
		return nil
	}
	open := c.open()
	all := make([]Version, len(open))
	for i, v := range open {
		all[i] = *v
	}
	return all
}

func (c Chain) open() []*Version {
	var open []*Version
	tip := c.agreed()
	for _, v := range c.versions {
		if v.State() == StateProposed && (tip == nil || c.descends(v, tip)) && !c.answered(v) {
			open = append(open, v)
		}
	}
	return open
}

// answered reports whether a version was built on v.
func (c Chain) answered(v *Version) bool {
	return slices.ContainsFunc(c.versions, func(w *Version) bool { return w.Body.Prev == v.ID })
}

// head returns the version to build on: the end of the line that prevails over
// all others after what is in force. See [Chain.MayCountersign].
func (c Chain) head() *Version {
	head := c.agreed()
	if head == nil && len(c.versions) > 0 {
		head = c.versions[0]
	}
	for _, v := range c.versions { // by seq, then CID: the first that follows is the lower one
		if head != nil && v.Body.Prev == head.ID && v.Body.Seq > 0 && v.State() != StateEnded {
			head = v
		}
	}
	return head
}

// Next returns the body of the card's next version, the same as the last one
// but for its place and time, for the caller to change and sign. It builds on
// the last proposal where there is one. Of two proposals that crossed it takes
// the one that prevails, [Chain.MayCountersign] says which, so a party whose own
// was not taken answers by proposing again on top: countersigning the other's
// next to its own would fork the card.
func (c Chain) Next(now time.Time) (Body, error) {
	if err := c.closed(); err != nil {
		return Body{}, err
	}
	head := c.head()
	if head == nil {
		return Body{}, refuse(ErrOrphan, "no version to build on")
	}
	b := head.Body
	b.Version, b.Seq, b.Prev, b.Time = BodyVersion, b.Seq+1, head.ID, identity.At(now)
	return b, nil
}

// End returns the body of the version that ends the card for by, to be signed
// by that party. It is the last thing either can do with a card; a frozen card
// can be ended too.
func (c Chain) End(by identity.Role, reason string, now time.Time) (Body, error) {
	if c.end() != nil {
		return Body{}, refuse(ErrEnded, "the card has ended already")
	}
	head := c.head()
	if head == nil {
		return Body{}, refuse(ErrOrphan, "no version to build on")
	}
	return Body{
		Version: BodyVersion, Type: BodyType, Seq: head.Body.Seq + 1, Prev: head.ID, Status: StatusEnded,
		Person: head.Body.Person, Vendor: head.Body.Vendor, Terms: head.Body.Terms,
		Time: identity.At(now), End: &End{By: by, Reason: reason},
	}, nil
}

func (c Chain) closed() error {
	if f := c.Fork(); f != nil {
		return f
	}
	if c.end() != nil {
		return refuse(ErrEnded, "the card has ended")
	}
	return nil
}

// MaySign reports whether the party in role r can sign b without harm: not
// after the end, not on a frozen card, and not next to another version after
// the same one that it has signed before. To end the card, and to acknowledge
// an end, is always allowed but where it would itself be a second word.
func (c Chain) MaySign(b *Body, r identity.Role) error {
	if b.End == nil {
		if err := c.closed(); err != nil {
			return err
		}
	} else if b.End.By != r {
		return nil
	}
	_, id, err := b.Encode()
	if err != nil {
		return err
	}
	for _, v := range c.versions {
		if v.Body.Seq == b.Seq && v.Body.Prev == b.Prev && v.ID != id && v.commits(r) {
			return fmt.Errorf("sign as the %s: %w", r, &ForkError{A: v.ID, B: id, By: []identity.Role{r}})
		}
	}
	return nil
}
