package market

import (
	"math/bits"
	"slices"

	"github.com/parley-network/parley/gossip/intentcast"
)

// column holds the numbers, or the times, that the items of a catalogue state
// for one property in one unit, ascending once the catalogue is built.
type column []reading

type columnKey struct {
	property string
	typ      intentcast.ValueType
	unit     string
}

type reading struct {
	num scalar
	i   int32
}

// between returns the readings that can meet op against num.
func (c column) between(op intentcast.Op, num scalar) column {
	low, _ := slices.BinarySearchFunc(c, num, func(r reading, n scalar) int { return r.num.cmp(n) })
	high, _ := slices.BinarySearchFunc(c, num, func(r reading, n scalar) int {
		if r.num.cmp(n) <= 0 {
			return -1
		}
		return 1
	})
	switch op {
	case intentcast.OpEq, intentcast.OpIn:
		return c[low:high]
	case intentcast.OpLt:
		return c[:low]
	case intentcast.OpLe:
		return c[:high]
	case intentcast.OpGt:
		return c[high:]
	case intentcast.OpGe:
		return c[low:]
	}
	return c
}

// set is a set of positions in a catalogue, a bit each.
type set []uint64

func (c *Catalogue) newSet() set { return make(set, (len(c.entries)+63)/64) }

func (s set) add(list []int32) {
	for _, i := range list {
		s[i/64] |= 1 << (i % 64)
	}
}

func (s set) remove(list []int32) {
	for _, i := range list {
		s[i/64] &^= 1 << (i % 64)
	}
}

// intersect keeps what is in t and reports whether anything is left.
func (s set) intersect(t set) bool {
	var left uint64
	for i := range s {
		s[i] &= t[i]
		left |= s[i]
	}
	return left != 0
}

func (s set) empty() bool {
	return !slices.ContainsFunc(s, func(w uint64) bool { return w != 0 })
}

// list returns the positions, ascending.
func (s set) list() []int32 {
	var out []int32
	for k, w := range s {
		for ; w != 0; w &= w - 1 {
			out = append(out, int32(k*64+bits.TrailingZeros64(w)))
		}
	}
	return out
}

// addHolding adds every item with an attribute, or a charge, that holds for t
// by itself. Some items in it may still not meet t, through a second
// statement of theirs; no item outside meets it.
func (c *Catalogue) addHolding(s set, t *test) {
	byValue := t.typ == intentcast.TypeText || t.typ == intentcast.TypeBool
	if t.op == intentcast.OpExists || (t.op == intentcast.OpNe && byValue) {
		s.add(c.byProperty[t.property])
		return
	}
	for i := range t.values {
		v := &t.values[i]
		if byValue {
			s.add(c.byFact[valueKey{t.property, t.typ, v.text}])
			continue
		}
		col := c.columns[columnKey{t.property, t.typ, v.unit}]
		if col == nil {
			continue
		}
		for _, r := range col.between(t.op, v.num) {
			s[r.i/64] |= 1 << (r.i % 64)
		}
	}
}

// kind returns the items in cat that can meet the tests and contain nothing
// excluded, ascending; when there are none, also which condition left none.
func (c *Catalogue) kind(a *ask, w *want) ([]int32, miss) {
	left := c.newSet()
	left.add(c.byCategory[a.category])
	if left.empty() {
		return nil, miss{code: CodeItem}
	}
	for i := range w.wishes.require {
		holding := c.newSet()
		c.addHolding(holding, &w.wishes.require[i])
		if !left.intersect(holding) {
			return nil, miss{CodeAttribute, i}
		}
	}
	for i := range a.exclude {
		left.remove(c.containing[a.exclude[i].property])
		if left.empty() {
			return nil, miss{CodeExcluded, i}
		}
	}
	return left.list(), miss{}
}
