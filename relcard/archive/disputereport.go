package archive

import (
	"fmt"
	"slices"
	"strings"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/disclosure"
	"github.com/parley-network/parley/relcard/statement"
	"github.com/parley-network/parley/relcard/terms"
)

// DisputeReport is what two verified copies of one card say.
type DisputeReport struct {
	By          identity.Role   `json:"by"`                  // whose copy Mine is said to be
	AsOf        identity.Time   `json:"asOf"`                // when it was verified: deadlines are judged by it
	Agreed      []VersionReport `json:"agreed"`              // what both signed, whichever copy shows it
	Divergences []Divergence    `json:"divergences"`         // where the copies contradict each other; none: they don't
	Claims      []Claim         `json:"claims,omitempty"`    // what one side alone has signed, and nothing the other signed refers to
	Missing     []string        `json:"missing,omitempty"`   // what is named and in neither copy
	Deadlines   []Deadline      `json:"deadlines,omitempty"` // of demands and agreements
	Mine        *Report         `json:"mine"`
	Theirs      *Report         `json:"theirs,omitempty"` // none where nothing of it is known
}

// Claim is a version or statement that has one side's name under it and no
// more: it was said, and whether the other side had it is not shown.
type Claim struct {
	By   identity.Role  `json:"by"`
	ID   dagcbor.CID    `json:"id"`
	Seq  uint64         `json:"seq"`
	Kind statement.Kind `json:"kind,omitempty"` // of a statement; none: a version of the card
	End  bool           `json:"end,omitempty"`  // a version that ends the card: valid by one signature
	Time identity.Time  `json:"time"`
}

// Deadline is something that is due.
type Deadline struct {
	What   string        `json:"what"`
	ID     dagcbor.CID   `json:"id"` // of the demand or version
	Due    identity.Time `json:"due"`
	Passed bool          `json:"passed"` // with nothing to show that it was kept
	// Of a demand: what was done about it, the vendor says.
	State disclosure.DemandState `json:"state,omitempty"`
	Known string                 `json:"known,omitempty"` // of a demand: by what the vendor is proven to have had it
}

func (c *comparison) report() (*DisputeReport, error) {
	all, err := c.union()
	if err != nil {
		return nil, err
	}
	versions := all.Versions()
	if c.theirs != nil && c.theirs.chain.Root() != all.Root() {
		versions = append(versions, c.theirs.chain.Versions()...)
	}
	c.keyLogs()
	c.card(all)
	c.log(identity.RolePerson)
	c.log(identity.RoleVendor)
	r := &DisputeReport{By: c.by, AsOf: identity.At(c.now), Divergences: slices.Clip(append([]Divergence{}, c.parts...))}
	if r.Mine, err = c.mine.report(c.now); err != nil {
		return nil, err
	}
	if c.theirs != nil {
		if r.Theirs, err = c.theirs.report(c.now); err != nil {
			return nil, err
		}
	}
	said := c.statements()
	proof := known(said, versions)
	r.Missing = missing(versions, said)
	for _, v := range versions {
		if v.Countersigned() {
			r.Agreed = append(r.Agreed, versionReport(v, c.keys()))
		}
	}
	r.Claims = claims(versions, said, proof)
	r.Deadlines = slices.Concat(c.agreedDeadlines(all), c.demandDeadlines(r, proof))
	return r, nil
}

func claims(versions []relcard.Version, said []statement.Statement, proof map[dagcbor.CID]string) (all []Claim) {
	for _, v := range versions {
		if v.Countersigned() {
			continue
		}
		c := Claim{By: identity.RolePerson, ID: v.ID, Seq: v.Body.Seq, End: v.Body.End != nil, Time: v.Body.Time}
		if v.Signed.Person == nil {
			c.By = identity.RoleVendor
		}
		all = append(all, c)
	}
	for _, s := range said {
		if proof[s.ID] == "" {
			all = append(all, Claim{By: s.Body.By, ID: s.ID, Seq: s.Body.Seq, Kind: s.Body.Kind, Time: s.Body.Time})
		}
	}
	return all
}

// agreedDeadlines are those of the version in force, if there is one.
func (c *comparison) agreedDeadlines(all relcard.Chain) (due []Deadline) {
	v, ok := all.Agreed()
	if !ok || all.Fork() != nil {
		return nil
	}
	add := func(what string, t identity.Time) {
		if !t.IsZero() {
			due = append(due, Deadline{What: what, ID: v.ID, Due: t, Passed: c.now.After(t.Std())})
		}
	}
	if v.Body.Fulfil != nil {
		add("fulfilment of what was agreed; whether it came is not recorded here", v.Body.Fulfil.Until)
	}
	if v.Body.Term != nil {
		what := "end of the agreed term"
		if v.Body.Term.Renews {
			what = "renewal of the agreed term"
		}
		add(what, v.Body.Term.Until)
	}
	return due
}

// demandDeadlines are those of the demands in either copy. One that a copy
// shows to be met is met: the vendor signed that.
func (c *comparison) demandDeadlines(r *DisputeReport, proof map[dagcbor.CID]string) (due []Deadline) {
	at := make(map[dagcbor.CID]int)
	for _, rep := range []*Report{r.Mine, r.Theirs} {
		if rep == nil || rep.Data == nil {
			continue
		}
		for _, d := range rep.Data.Demands {
			passed := !d.Overdue.IsZero()
			if i, ok := at[d.Statement]; ok {
				if due[i].State == disclosure.DemandWaiting || due[i].State == disclosure.DemandOverdue {
					due[i].Passed, due[i].State = passed, d.State
				}
				continue
			}
			at[d.Statement] = len(due)
			due = append(due, Deadline{
				What: fmt.Sprintf("demand of %s to %s %s", d.Made, d.Demand.What, items(d.Items)),
				ID:   d.Statement, Due: d.Demand.Deadline, Passed: passed, State: d.State, Known: proof[d.Statement],
			})
		}
	}
	return due
}

// Diverges reports whether the copies contradict each other anywhere.
func (r *DisputeReport) Diverges() bool { return len(r.Divergences) > 0 }

// String tells the report in plain words, a fact a line: first what a judge
// needs, then both copies in full.
func (r *DisputeReport) String() string {
	l := new(lines)
	l.line("dispute over relationship card %s, as the %s hands it in, judged as of %s", r.Mine.Card, r.By, r.AsOf)
	l.line("  person:  %s", party(r.Mine.Person))
	l.line("  vendor:  %s", party(r.Mine.Vendor))
	if !r.Diverges() {
		l.line("no divergence: nothing in the file contradicts anything else in it")
	}
	for _, d := range r.Divergences {
		d.tell(l, r)
	}
	for _, v := range r.Agreed {
		l.line("signed by both: version %d, %s", v.Seq, v.ID)
		v.tell(l, terms.Ref{})
	}
	for _, c := range r.Claims {
		l.line("%s", c.words())
	}
	for _, m := range r.Missing {
		l.line("missing: %s", m)
	}
	for _, d := range r.Deadlines {
		l.line("%s", d.words())
	}
	l.indent = "  "
	fmt.Fprintf(l, "the %s's copy:\n", r.By)
	r.Mine.tell(l)
	if r.Theirs != nil {
		fmt.Fprintf(l, "what is known of the %s's copy, with the past that both share:\n", otherSide(r.By))
		r.Theirs.tell(l)
	}
	return l.String()
}

func (d Divergence) tell(l *lines, r *DisputeReport) {
	switch d.What {
	case whatKeyLog:
		l.line("DIVERGENCE in %s", d.Log.words(d))
		d.Log.tell(l, r)
		l.line("  proof:   both are signed with the keys of the %s, by it or by who had a copy of them", d.Of)
		return
	case "card":
		l.line("DIVERGENCE in the card, from version %d on", d.Seq)
	default:
		l.line("DIVERGENCE in the %s, from statement %d on", d.What, d.Seq)
	}
	d.A.tell(l, "one")
	d.B.tell(l, "other")
	if len(d.Proven) == 0 {
		l.line("  proof:   none: nobody is bound to both")
		return
	}
	l.line("  proof:   the %s signed both", roles(d.Proven, " and the "))
}

func (b Branch) tell(l *lines, which string) {
	where := ", in no copy"
	if len(b.Copies) > 0 {
		where = fmt.Sprintf(", in the copy of the %s", roles(b.Copies, " and of the "))
	}
	l.line("  %-8s %s%s", which+":", b.ID, where)
	if len(b.Signed) == 0 {
		l.line("  signed:  not at hand; what its writer signed next names it")
	}
	for _, s := range b.Signed {
		l.line("  signed:  by the %s at %s, %s", s.Role, s.Time, keyWords(s))
	}
}

func roles(rs []identity.Role, and string) string {
	words := make([]string, len(rs))
	for i, r := range rs {
		words[i] = string(r)
	}
	return strings.Join(words, and)
}

func (c Claim) words() string {
	switch {
	case c.End:
		return fmt.Sprintf("the %s's word alone: version %d of %s, which ends the card, as either may; %s", c.By, c.Seq, c.Time, c.ID)
	case c.Kind == "":
		return fmt.Sprintf("the %s's word alone: version %d of %s, never countersigned; %s", c.By, c.Seq, c.Time, c.ID)
	}
	return fmt.Sprintf("the %s's word alone: statement %d of %s, %s; nothing the %s signed shows that it came; %s",
		c.By, c.Seq, c.Time, c.Kind, otherSide(c.By), c.ID)
}

func (d Deadline) words() string {
	words := fmt.Sprintf("due %s: %s", d.Due, d.What)
	if d.Passed {
		words = fmt.Sprintf("DEADLINE PASSED %s: %s", d.Due, d.What)
	}
	if d.State != "" {
		words += "; " + string(d.State)
	}
	if d.Known != "" {
		words += "; the vendor had it, by " + d.Known
	}
	return words
}
