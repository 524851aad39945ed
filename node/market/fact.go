package market

import (
	"fmt"
	"slices"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/relcard/money"
)

// fact is an attribute made ready to compare: its property and text folded,
// its number or time parsed.
type fact struct {
	property string
	typ      intentcast.ValueType
	text     string // folded text, or "true" and "false"
	unit     string // folded, of a number
	num      scalar // of a number or a time
}

// scalar is a signed number: a decimal's magnitude, or a time's seconds.
type scalar struct {
	neg bool
	abs fixed
}

func (a scalar) cmp(b scalar) int {
	switch {
	case a.neg && b.neg:
		return b.abs.cmp(a.abs)
	case a.neg:
		return -1
	case b.neg:
		return 1
	}
	return a.abs.cmp(b.abs)
}

// newFact reads an attribute, naming what is wrong with it.
func newFact(a intentcast.Attribute) (fact, error) {
	f := fact{property: property(a.Property), typ: a.Type, unit: fold(a.Unit)}
	if f.property == "" {
		return f, fmt.Errorf("attribute has no property")
	}
	if err := f.read(a.Value, fold); err != nil {
		return f, fmt.Errorf("attribute %s: %w", quote(a.Property), err)
	}
	return f, nil
}

// read sets the value of f from its text form, folded with fold.
func (f *fact) read(value string, fold func(string) string) error {
	switch f.typ {
	case intentcast.TypeText:
		f.text = fold(value)
	case intentcast.TypeBool:
		if value != "true" && value != "false" {
			return fmt.Errorf("%s is not true or false", quote(value))
		}
		f.text = value
	case intentcast.TypeNumber:
		n, ok := parseScalar(value)
		if !ok {
			return fmt.Errorf("%s is not a plain decimal", quote(value))
		}
		f.num = n
	case intentcast.TypeTime:
		t, err := identity.ParseTime(value)
		if err != nil {
			return err
		}
		s := t.Std().Unix()
		f.num = scalar{neg: s < 0, abs: fixed{lo: uint64(max(s, -s))}}
	default:
		return fmt.Errorf("%s is not a type of value", quote(string(f.typ)))
	}
	return nil
}

func parseScalar(s string) (scalar, bool) {
	neg := len(s) > 0 && s[0] == '-'
	if neg {
		if money.CheckDecimal(s) != nil {
			return scalar{}, false
		}
		s = s[1:]
	}
	f, ok := parseFixed(s)
	return scalar{neg, f}, ok
}

// test is a constraint made ready: facts are held against it.
type test struct {
	property string
	typ      intentcast.ValueType
	op       intentcast.Op
	values   []fact
	said     string // the property in the asker's own wording
}

// newTest reads a constraint, naming what is wrong with it.
func newTest(c intentcast.Constraint) (test, error) {
	t := test{property: property(c.Property), typ: c.Type, op: c.Op, said: c.Property}
	if t.property == "" {
		return t, fmt.Errorf("constraint has no property")
	}
	for _, v := range c.Values {
		f := fact{property: t.property, typ: c.Type, unit: fold(c.Unit)}
		if err := f.read(v, fold); err != nil {
			return t, fmt.Errorf("constraint on %s: %w", quote(c.Property), err)
		}
		t.values = append(t.values, f)
	}
	if err := t.checkOp(); err != nil {
		return t, fmt.Errorf("constraint on %s: %w", quote(c.Property), err)
	}
	return t, nil
}

// checkOp refuses an operator that has no meaning for the type, or the wrong
// number of values.
func (t *test) checkOp() error {
	n := len(t.values)
	ordered := t.typ == intentcast.TypeNumber || t.typ == intentcast.TypeTime
	ok := false
	switch t.op {
	case intentcast.OpExists:
		return nil
	case intentcast.OpIn:
		ok = n > 0
	case intentcast.OpEq, intentcast.OpNe:
		ok = n == 1
	case intentcast.OpLt, intentcast.OpLe, intentcast.OpGt, intentcast.OpGe:
		ok = n == 1 && ordered
	}
	if !ok {
		return fmt.Errorf("%s with %d values has no meaning for type %s", quote(string(t.op)), n, quote(string(t.typ)))
	}
	return nil
}

// wantsTrue reports whether including something called t.property meets t.
func (t *test) wantsTrue() bool {
	return t.op == intentcast.OpExists ||
		(t.op == intentcast.OpEq && t.typ == intentcast.TypeBool && t.values[0].text == "true")
}

// met holds the facts of one item, line or seller against t. An attribute
// that is absent, of another type or in another unit does not meet it, nor
// does a false one where existence is asked. A property stated several times
// meets t when one statement does (colours: red, blue); but truth values must
// all meet it, and so must all statements under ne, for there a second
// statement contradicts. That a thing is there says nothing of what it is: a
// true beside "insurance: basic" is passed over by a test of the latter.
func (t *test) met(facts []fact) bool {
	found := false
	for i := range facts {
		f := &facts[i]
		if f.property != t.property || (f.typ == intentcast.TypeBool && f.text == "true" && t.typ != intentcast.TypeBool && t.op != intentcast.OpExists) {
			continue
		}
		switch one := t.holds(f); {
		case !one && (t.op == intentcast.OpNe || f.typ == intentcast.TypeBool):
			return false
		case one:
			found = true
		}
	}
	return found
}

// holds compares one fact.
func (t *test) holds(f *fact) bool {
	if t.op == intentcast.OpExists {
		return f.typ != intentcast.TypeBool || f.text == "true"
	}
	if f.typ != t.typ {
		return false
	}
	if t.op == intentcast.OpIn {
		return slices.ContainsFunc(t.values, func(v fact) bool { return f.equal(&v) })
	}
	v := &t.values[0]
	if f.unit != v.unit {
		return false
	}
	switch t.op {
	case intentcast.OpEq:
		return f.equal(v)
	case intentcast.OpNe:
		return !f.equal(v)
	}
	c := f.num.cmp(v.num)
	return (t.op == intentcast.OpLt && c < 0) || (t.op == intentcast.OpLe && c <= 0) ||
		(t.op == intentcast.OpGt && c > 0) || (t.op == intentcast.OpGe && c >= 0)
}

// equal reports that two facts state one value in one unit.
func (f *fact) equal(g *fact) bool {
	return f.text == g.text && f.unit == g.unit && f.num == g.num
}

// contains reports whether a fact says that something named property is
// there: anything but a false.
func (f *fact) contains(property string) bool {
	return f.property == property && (f.typ != intentcast.TypeBool || f.text != "false")
}
