package terms

// Order is how the first of two agreements stands to the second.
type Order string

// The orders. They are a partial order of what is allowed to the second party.
const (
	Equal    Order = "equal"    // both say the same
	Stricter Order = "stricter" // the first allows less or obliges to more, and nothing the other way
	Wider    Order = "wider"    // the second is stricter
	Neither  Order = "neither"  // each is stricter in something, or they can't be compared
)

// Comparison is the outcome of comparing two agreements or their rules. Order
// is Equal exactly when the purpose is the same and there are no differences.
type Comparison struct {
	Order       Order        `json:"order"`
	SamePurpose bool         `json:"samePurpose"` // false: for different work, so Order is Neither
	Differences []Difference `json:"differences,omitempty"`
}

// Difference is a practice for which two agreements have different rules.
type Difference struct {
	Practice string `json:"practice"` // one of Practices
	A        Rule   `json:"a"`        // of the first agreement
	B        Rule   `json:"b"`        // of the second
}

// Order returns which of the two is stricter in this practice alone.
//
// A rule is read as two answers: may the second party do it, and must it. To
// allow less is stricter, and so is to oblige; "no" against "must" is neither.
// "yes" and "optional" both mean may and need not, and are no difference; nor
// is a rule that is none of the four, which means "no". A copy for the person
// takes nothing from them, so for portability to allow less is not stricter
// but wider: must, then optional, then no.
func (d Difference) Order() Order {
	a, b := meaning(d.A), meaning(d.B)
	switch {
	case a == b:
		return Equal
	case d.Practice == portability:
		return firstIf(a > b)
	case min(a, b) == meaning(No) && max(a, b) == meaning(Must):
		return Neither
	default: // one may and need not, so the other is the stricter
		return firstIf(b == meaning(Optional))
	}
}

// firstIf returns Stricter when the first of two is.
func firstIf(stricter bool) Order {
	if stricter {
		return Stricter
	}
	return Wider
}

// meaning tells the rules apart that differ in more than their word, by how
// much is owed: prohibited, allowed, owed.
func meaning(r Rule) int {
	switch r {
	case Must:
		return 2
	case Yes, Optional:
		return 1
	default:
		return 0
	}
}

// Compare compares what two sets of rules allow to the second party, practice
// by practice, and names the rules in which they differ. Analytics, tracking,
// profiling, anonymised sharing and service delivery count as permissions,
// portability as a duty, and an agreement with more duties is stricter.
func Compare(a, b Rules) Comparison {
	c := Comparison{Order: Equal, SamePurpose: true}
	for _, p := range ruled {
		c.add(Difference{p, a.Of(p), b.Of(p)})
	}
	return c
}

// Compare compares two agreements as [Compare] does their rules. Where their
// purposes differ (any PDC agreement or TPR against any other) the rules are
// about different work, so the order is Neither even when the rules are the
// same; what a PDC agreement is for is then among the differences, as the
// practice "intent", "ai-training" or "public-good".
func (a Agreement) Compare(b Agreement) Comparison {
	c := Compare(a.Rules, b.Rules)
	for _, p := range works {
		c.add(Difference{p, a.Of(p), b.Of(p)})
	}
	if a.purpose() != b.purpose() {
		c.SamePurpose, c.Order = false, Neither
	}
	return c
}

// add takes one more practice into account.
func (c *Comparison) add(d Difference) {
	o := d.Order()
	if o == Equal {
		return
	}
	c.Differences = append(c.Differences, d)
	switch c.Order {
	case Equal:
		c.Order = o
	case o:
	default:
		c.Order = Neither
	}
}
