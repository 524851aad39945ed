package negotiation

import (
	"slices"
	"strings"

	"github.com/parley-network/parley/relcard/terms"
)

// Reply decides how a vendor that accepts the given agreements answers p: it
// accepts the first of the person's order that is among them; else, when
// counter is set, it names the one of them nearest to what was proffered; else
// it refuses and says why. The card of an accept or a counter is for the
// caller to make, sign and name.
//
// Nearest is what makes the fewest rules wider than any one agreement
// proffered, then the fewest stricter, then what stands earlier in the
// person's order, then in the vendor's. Agreements of different purpose are
// not compared and never a counter: they differ in what data is for, not in
// how far its use goes.
func Reply(p *Proffer, accepts []terms.Ref, counter bool) Answer {
	for _, r := range p.Agreements {
		if slices.Contains(accepts, r) {
			return Answer{Version: Version, Verdict: Accept, Terms: &r}
		}
	}
	if counter {
		if r, ok := nearest(p.Agreements, accepts); ok {
			return Answer{Version: Version, Verdict: Counter, Terms: &r}
		}
	}
	ids := make([]string, len(p.Agreements))
	for i, r := range p.Agreements {
		ids[i] = r.ID
	}
	return Answer{Version: Version, Verdict: Refuse, Reason: displayable("not accepted here: " + strings.Join(ids, ", "))}
}

func nearest(proffered, accepts []terms.Ref) (best terms.Ref, found bool) {
	var least distance
	for _, from := range proffered {
		for _, to := range accepts {
			d, ok := between(from, to)
			if ok && (!found || d.less(least)) {
				best, least, found = to, d, true
			}
		}
	}
	return best, found
}

// distance is how many rules are wider and stricter under another agreement.
type distance struct{ wider, stricter int }

func (d distance) less(e distance) bool {
	return d.wider < e.wider || d.wider == e.wider && d.stricter < e.stricter
}

// between measures the way from one agreement to another; false where their
// purposes differ or one is not in the roster.
func between(from, to terms.Ref) (d distance, ok bool) {
	if from.Check() != nil || to.Check() != nil {
		return d, false
	}
	a, _ := terms.Lookup(from.ID)
	b, _ := terms.Lookup(to.ID)
	c := b.Compare(a)
	for _, rule := range c.Differences {
		if o := rule.Order(); o != terms.Stricter {
			d.wider++
		} else {
			d.stricter++
		}
	}
	return d, c.SamePurpose
}
