package archive

import (
	"fmt"
	"slices"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
)

// mostShown is how many pieces of data a summary shows; a file may open more.
const mostShown = 5

// Summary tells the report in a few lines: whether the copies contradict each
// other and who is proven to have told two stories, where they part, what binds,
// and how much else [DisputeReport.String] tells. Every line stands by itself.
func (r *DisputeReport) Summary() string {
	l := new(lines)
	r.verdict(l)
	l.line("card:      %s", r.Mine.Card)
	l.line("between:   %s, the person, and %s, the vendor; the %s hands it in", called(r.Mine.Person.Name, r.Mine.Person.DID),
		called(r.Mine.Vendor.Name, r.Mine.Vendor.DID), r.By)
	l.line("state:     %s, by the copy of the %s, as of %s", r.Mine.stateWords(), r.By, r.AsOf)
	for _, v := range r.Agreed {
		if v.ID == r.Mine.InForce {
			l.line("agreed:    version %d, %s, written %s, signed by both", v.Seq, v.Terms.ID, v.Time)
		}
	}
	for _, d := range r.Divergences {
		d.brief(l, r)
	}
	for _, d := range r.Deadlines {
		if d.Passed {
			l.line("passed:    %s, due %s", d.What, d.Due)
		}
	}
	r.briefShown(l)
	if n := len(r.Claims); n > 0 {
		l.line("one side:  %s that one side alone has signed", many(n, "version or statement", "versions and statements"))
	}
	if n := len(r.Missing); n > 0 {
		l.line("missing:   %s in neither copy", many(n, "statement or version is", "statements and versions are"))
	}
	return l.String()
}

// verdict is the one line that a judge looks for.
func (r *DisputeReport) verdict(l *lines) {
	if !r.Diverges() {
		l.line("no divergence: nothing in the file contradicts anything else in it")
		return
	}
	var proven []identity.Role
	for _, role := range []identity.Role{identity.RolePerson, identity.RoleVendor} {
		for _, d := range r.Divergences {
			if slices.Contains(d.Proven, role) {
				proven = append(proven, role)
				break
			}
		}
	}
	places := many(len(r.Divergences), "place", "places")
	if len(proven) == 0 {
		l.line("DIVERGENCE in %s, and nobody is proven to have told two stories", places)
		return
	}
	l.line("DIVERGENCE in %s: it is proven that the %s told two stories", places, roles(proven, " and the "))
}

// brief tells where two stories part and by what each begins.
func (d Divergence) brief(l *lines, r *DisputeReport) {
	if d.What == whatKeyLog {
		l.line("differs:   %s", d.Log.words(d))
		for _, e := range d.Log.entries(r) {
			l.line("entry:     %s, the %s's copy", e.ID, e.copy)
		}
		return
	}
	unit := "statement"
	if d.What == "card" {
		unit = "version"
	}
	l.line("differs:   the %s, from %s %d on: %s is %s, %s is %s", d.What, unit, d.Seq, tail(d.A.ID), d.A.held(), tail(d.B.ID), d.B.held())
}

// tail is the end of an id, by which a reader tells two apart.
func tail(id dagcbor.CID) string {
	s := id.String()
	return "…" + s[len(s)-8:]
}

func (b Branch) held() string {
	if len(b.Copies) == 0 {
		return "in no copy"
	}
	return "in the copy of the " + roles(b.Copies, " and of the ")
}

func (r *DisputeReport) briefShown(l *lines) {
	var all []Shown
	for _, copied := range []*Report{r.Mine, r.Theirs} {
		if copied != nil {
			all = append(all, copied.Shown...)
		}
	}
	for i, s := range all {
		if i == mostShown {
			l.line("shown:     %d more", len(all)-i)
			return
		}
		l.line("shown:     %s: %s", s.Path, visible(string(s.Value)))
	}
}

// called is a party by its name or, without one, its identifier.
func called(name string, did identity.DID) string {
	if name == "" {
		return string(did)
	}
	return fmt.Sprintf("%q", name)
}

func many(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, more)
}
