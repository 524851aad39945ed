package disclosure

import (
	"fmt"
	"slices"
	"strings"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/relcard/statement"
)

// maxProblem bounds, in characters, what is told of one statement: part of it
// may be a stranger's words.
const maxProblem = 300

// speaker returns the side whose statements of kind k are; false for a kind of
// another package.
func speaker(k statement.Kind) (identity.Role, bool) {
	switch k {
	case KindDisclose, KindRetract, KindDemand:
		return identity.RolePerson, true
	case KindReceipt, KindComply:
		return identity.RoleVendor, true
	}
	return "", false
}

// builder is a ledger that is being changed, with what is looked up in it. It
// shares nothing that is written to with the ledger it began from.
type builder struct {
	l        Ledger
	shares   map[dagcbor.CID][]int // entries by the statement that disclosed them
	retracts map[dagcbor.CID][]int // and by the one that took them back
	demands  map[dagcbor.CID]int
}

func build(l Ledger) *builder {
	l.Entries, l.Demands, l.Problems = slices.Clone(l.Entries), slices.Clone(l.Demands), slices.Clone(l.Problems)
	b := &builder{l: l, shares: map[dagcbor.CID][]int{}, retracts: map[dagcbor.CID][]int{}, demands: map[dagcbor.CID]int{}}
	for i, e := range l.Entries {
		b.shares[e.Statement] = append(b.shares[e.Statement], i)
		if !e.Retract.IsZero() {
			b.retracts[e.Retract] = append(b.retracts[e.Retract], i)
		}
	}
	for i, d := range l.Demands {
		b.demands[d.Statement] = i
	}
	return b
}

// apply adds s, or notes why it has no effect.
func (b *builder) apply(s *statement.Statement) error {
	if err := b.frame(s); err != nil {
		return err
	}
	if b.past(s) {
		return nil
	}
	b.l.person, b.l.vendor = s.Body.Person, s.Body.Vendor
	*b.count(s) = s.Body.Seq + 1
	if err := b.rule(s); err != nil {
		b.note(s, err)
	}
	return nil
}

// note keeps the person's problems before the vendor's, so that their order is
// that of the logs and not of arrival.
func (b *builder) note(s *statement.Statement, err error) {
	text := fmt.Sprintf("%s: %.*s", name(s), maxProblem, strings.ToValidUTF8(err.Error(), "?"))
	at := len(b.l.Problems)
	if s.Body.By == identity.RolePerson {
		at = b.l.personProblems
		b.l.personProblems++
	}
	b.l.Problems = slices.Insert(b.l.Problems, at, text)
}

// frame checks that s is of this relationship.
func (b *builder) frame(s *statement.Statement) error {
	body := &s.Body
	if body.By != identity.RolePerson && body.By != identity.RoleVendor {
		return refuse(ErrLog, "%s is of neither side", name(s))
	}
	if b.l.person != "" && (body.Person != b.l.person || body.Vendor != b.l.vendor) {
		return refuse(ErrLog, "%s is of another relationship", name(s))
	}
	return nil
}

func (b *builder) count(s *statement.Statement) *uint64 {
	if s.Body.By == identity.RolePerson {
		return &b.l.personCount
	}
	return &b.l.vendorCount
}

func (b *builder) past(s *statement.Statement) bool { return s.Body.Seq < *b.count(s) }

// rule applies s, all of it or, on error, nothing.
func (b *builder) rule(s *statement.Statement) error {
	by, ours := speaker(s.Body.Kind)
	if !ours {
		return nil
	}
	if by != s.Body.By {
		return refuse(ErrRole, "it is for the %s to say", by)
	}
	switch s.Body.Kind {
	case KindDisclose:
		return with(s, DecodeDisclose, b.disclose)
	case KindRetract:
		return with(s, DecodeRetract, b.retract)
	case KindDemand:
		return with(s, DecodeDemand, b.demand)
	case KindReceipt:
		return with(s, DecodeReceipt, b.receipt)
	}
	return with(s, DecodeComply, b.comply)
}

func with[T any](s *statement.Statement, decode func([]byte) (T, error), apply func(*statement.Statement, T) error) error {
	c, err := decode(s.Body.Content)
	if err != nil {
		return err
	}
	return apply(s, c)
}

func (b *builder) disclose(s *statement.Statement, d Disclose) error {
	var last uint64
	if n := len(b.l.Entries); n > 0 {
		last = b.l.Entries[n-1].Item.ID
	}
	if first := d.Items[0].ID; first <= last {
		return refuse(ErrItem, "item %d: the last one was %d", first, last)
	}
	places := make([]uint64, len(d.Items))
	for i, it := range d.Items {
		places[i] = it.ID
		if it.Replaces == 0 {
			continue
		}
		old, ok := b.l.Entry(it.Replaces)
		if !ok || !old.Retract.IsZero() {
			return refuse(ErrItem, "item %d replaces item %d, which is unknown or was taken back", it.ID, it.Replaces)
		}
		places[i] = old.place
	}
	for i, it := range d.Items {
		b.shares[s.ID] = append(b.shares[s.ID], len(b.l.Entries))
		b.l.Entries = append(b.l.Entries, Entry{Item: it, Shared: s.Body.Time, Statement: s.ID, place: places[i]})
	}
	return nil
}

// retract refuses a statement that takes back nothing, so that a receipt has
// something to be for; what was taken back before is passed over.
func (b *builder) retract(s *statement.Statement, r Retract) error {
	all, err := b.entries(r.Items)
	if err != nil {
		return err
	}
	if !b.takeBack(s, all) {
		return refuse(ErrItem, "every item was taken back before")
	}
	return nil
}

func (b *builder) takeBack(s *statement.Statement, all []int) (any bool) {
	for _, i := range all {
		e := &b.l.Entries[i]
		if e.Retract.IsZero() {
			e.Retract, e.RetractedAt = s.ID, s.Body.Time
			b.retracts[s.ID] = append(b.retracts[s.ID], i)
			any = true
		}
	}
	return any
}

// entries finds the entries of ids; none: all there are.
func (b *builder) entries(ids []uint64) ([]int, error) {
	var all []int
	if len(ids) == 0 {
		for i := range b.l.Entries {
			all = append(all, i)
		}
		return all, nil
	}
	for _, id := range ids {
		i, ok := b.l.find(id)
		if !ok {
			return nil, refuse(ErrItem, "item %d is unknown", id)
		}
		all = append(all, i)
	}
	return all, nil
}

func (b *builder) demand(s *statement.Statement, d Demand) error {
	all, err := b.entries(d.Items)
	if err != nil {
		return err
	}
	if !s.Body.Time.Before(d.Deadline) {
		return refuse(ErrField, "demand: deadline: %s is over when it is made, at %s", d.Deadline, s.Body.Time)
	}
	if d.What == WantDelete {
		b.takeBack(s, all)
	}
	e := DemandEntry{Demand: d, Made: s.Body.Time, Statement: s.ID}
	for _, i := range all {
		e.Items = append(e.Items, b.l.Entries[i].Item.ID)
	}
	b.demands[s.ID] = len(b.l.Demands)
	b.l.Demands = append(b.l.Demands, e)
	return nil
}

func (b *builder) receipt(s *statement.Statement, r Receipt) error {
	a := s.Body.Answers
	if _, ok := b.demands[a]; ok {
		return refuse(ErrAnswer, "it answers a demand, which is for comply to do")
	}
	if shared := b.shares[a]; len(shared) > 0 {
		if !b.l.Entries[shared[0]].Receipt.IsZero() {
			return refuse(ErrAnswer, "the disclose statement was answered before")
		}
		for _, i := range shared {
			e := &b.l.Entries[i]
			e.Verdict, e.Receipt, e.ReceiptAt, e.Reason = r.Verdict, s.ID, s.Body.Time, r.Reason
		}
		return nil
	}
	retracted := b.retracts[a]
	if len(retracted) == 0 {
		return refuse(ErrAnswer, "it answers no disclose or retract statement")
	}
	if !b.l.Entries[retracted[0]].RetractReceipt.IsZero() {
		return refuse(ErrAnswer, "the retract statement was answered before")
	}
	for _, i := range retracted {
		e := &b.l.Entries[i]
		e.RetractVerdict, e.RetractReceipt, e.RetractReason = r.Verdict, s.ID, r.Reason
	}
	return nil
}

func (b *builder) comply(s *statement.Statement, c Comply) error {
	at, ok := b.demands[s.Body.Answers]
	if !ok {
		return refuse(ErrAnswer, "it answers no demand")
	}
	d := b.l.Demands[at]
	if err := d.takes(c); err != nil {
		return err
	}
	done := c.Items
	if c.Did == DidDelete || c.Did == DidCopy {
		done = d.Items
	}
	d.Did, d.Answer, d.AnsweredAt, d.Reason = c.Did, s.ID, s.Body.Time, c.Reason
	d.Done = slices.Compact(slices.Sorted(slices.Values(slices.Concat(d.Done, done))))
	if len(c.Digest) > 0 {
		d.Digest = c.Digest
	}
	b.l.Demands[at] = d
	if d.Demand.What == WantDelete {
		b.delete(s, done)
	}
	return nil
}

// takes checks that c can be an answer to d.
func (d *DemandEntry) takes(c Comply) error {
	switch {
	case d.complied():
		return refuse(ErrAnswer, "the demand was complied with before")
	case c.Did == DidDelete && d.Demand.What != WantDelete, c.Did == DidCopy && d.Demand.What != WantCopy:
		return refuse(ErrAnswer, "%q answers a demand to %s", c.Did, d.Demand.What)
	case c.Did == DidPartly && (len(c.Digest) > 0) != (d.Demand.What == WantCopy):
		return refuse(ErrAnswer, "a copy's digest belongs to a demand for a copy, and to no other")
	}
	for _, id := range c.Items {
		if _, ok := slices.BinarySearch(d.Items, id); !ok {
			return refuse(ErrAnswer, "item %d was not demanded", id)
		}
	}
	return nil
}

func (b *builder) delete(s *statement.Statement, ids []uint64) {
	for _, id := range ids {
		if i, ok := b.l.find(id); ok && b.l.Entries[i].Deleted.IsZero() {
			b.l.Entries[i].Deleted, b.l.Entries[i].DeletedAt = s.ID, s.Body.Time
		}
	}
}
