package memory

import (
	"cmp"

	"github.com/parley-network/parley/node/store"
)

// root is one state of the store: an index by key of all records, and one by
// each attribute of those that have it. It is a value; changing a copy leaves
// the original as it was.
type root struct {
	byID, byRef, byState, byDue *node
}

func idOrder(a, b *store.Record) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.ID, b.ID))
}

func refOrder(a, b *store.Record) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Ref, b.Ref), cmp.Compare(a.ID, b.ID))
}

func stateOrder(a, b *store.Record) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.State, b.State), cmp.Compare(a.ID, b.ID))
}

func dueOrder(a, b *store.Record) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), a.Due.Compare(b.Due), cmp.Compare(a.ID, b.ID))
}

func (r *root) get(kind store.Kind, id string) *store.Record {
	return find(r.byID, idOrder, &store.Record{Kind: kind, ID: id})
}

func (r *root) put(rec *store.Record) {
	r.unindex(r.get(rec.Kind, rec.ID))
	r.byID = put(r.byID, idOrder, rec)
	if rec.Ref != "" {
		r.byRef = put(r.byRef, refOrder, rec)
	}
	if rec.State != "" {
		r.byState = put(r.byState, stateOrder, rec)
	}
	if !rec.Due.IsZero() {
		r.byDue = put(r.byDue, dueOrder, rec)
	}
}

func (r *root) remove(kind store.Kind, id string) {
	if old := r.get(kind, id); old != nil {
		r.unindex(old)
		r.byID = drop(r.byID, idOrder, old)
	}
}

// unindex takes old out of the indexes by attribute.
func (r *root) unindex(old *store.Record) {
	if old == nil {
		return
	}
	if old.Ref != "" {
		r.byRef = drop(r.byRef, refOrder, old)
	}
	if old.State != "" {
		r.byState = drop(r.byState, stateOrder, old)
	}
	if !old.Due.IsZero() {
		r.byDue = drop(r.byDue, dueOrder, old)
	}
}

// scan visits, in q's order and from q's position on, the records that q
// selects, until visit returns false. It walks the narrowest index that is in
// q's order.
func (r *root) scan(q store.Query, visit func(*store.Record) bool) {
	tree, by, within := r.pick(q)
	from := &store.Record{Kind: q.Kind, ID: q.After, Ref: q.Ref, State: q.State, Due: q.AfterDue}
	if n := len(q.Prefix); n > 0 {
		from.ID = max(q.After, q.Prefix[:n-1]) // what is short of the prefix does not match
	}
	ascend(tree, by, from, func(rec *store.Record) bool {
		if rec.Kind != q.Kind || !within(rec) {
			return false
		}
		return !q.Match(*rec) || visit(rec)
	})
}

// pick returns the index to walk for q and what holds for its records until
// the walk has left q's range.
func (r *root) pick(q store.Query) (*node, order, func(*store.Record) bool) {
	switch {
	case !q.DueBefore.IsZero():
		return r.byDue, dueOrder, func(rec *store.Record) bool { return rec.Due.Before(q.DueBefore) }
	case q.Prefix != "":
		end := q.PrefixEnd()
		return r.byID, idOrder, func(rec *store.Record) bool { return rec.ID < end }
	case q.Ref != "":
		return r.byRef, refOrder, func(rec *store.Record) bool { return rec.Ref == q.Ref }
	case q.State != "":
		return r.byState, stateOrder, func(rec *store.Record) bool { return rec.State == q.State }
	}
	return r.byID, idOrder, func(*store.Record) bool { return true }
}
