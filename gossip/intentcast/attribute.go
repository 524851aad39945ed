package intentcast

import (
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/relcard/money"
)

// operators of each type; whether one value, several or none go with them.
func (t ValueType) allows(op Op) bool {
	switch op {
	case OpEq, OpNe, OpExists:
		return t == TypeText || t == TypeNumber || t == TypeBool || t == TypeTime
	case OpIn:
		return t == TypeText || t == TypeNumber || t == TypeTime
	case OpLt, OpLe, OpGt, OpGe:
		return t == TypeNumber || t == TypeTime
	}
	return false
}

// checkValue reports whether s is a value of type t.
func (t ValueType) checkValue(field, s string) *InvalidError {
	switch t {
	case TypeText:
		return checkName(field, s)
	case TypeNumber:
		if err := money.CheckDecimal(s); err != nil {
			return invalid(field, "%s", err)
		}
	case TypeBool:
		if s != "true" && s != "false" {
			return invalid(field, "%.20q is neither true nor false", s)
		}
	case TypeTime:
		if _, err := identity.ParseTime(s); err != nil {
			return invalid(field, "%s", err)
		}
	default:
		return invalid("type", "unknown type %.20q", string(t))
	}
	return nil
}

func (c *Constraint) check() *InvalidError {
	if e := checkProperty("property", c.Property); e != nil {
		return e
	}
	if !c.Type.allows(c.Op) {
		return invalid("op", "%.20q does not go with type %.20q", string(c.Op), string(c.Type))
	}
	if n := len(c.Values); (c.Op == OpExists && n != 0) ||
		(c.Op == OpIn && (n < 1 || n > maxList)) ||
		(c.Op != OpExists && c.Op != OpIn && n != 1) {
		return invalid("values", "%d values do not go with %q", n, string(c.Op))
	}
	for i, v := range c.Values {
		if e := c.Type.checkValue("", v); e != nil {
			return e.at("values", i)
		}
	}
	return checkValueUnit(c.Unit, c.Type == TypeNumber && c.Op != OpExists)
}

func (a *Attribute) check() *InvalidError {
	return first(
		checkProperty("property", a.Property),
		a.Type.checkValue("value", a.Value),
		checkValueUnit(a.Unit, a.Type == TypeNumber),
	)
}

func checkValueUnit(unit string, allowed bool) *InvalidError {
	if unit != "" && !allowed {
		return invalid("unit", "only a number has a unit")
	}
	return checkUnit("unit", unit)
}

func (w *Wishes) check() *InvalidError {
	if e := checkConstraints("require", w.Require); e != nil {
		return e
	}
	return checkConstraints("prefer", w.Prefer)
}

func checkConstraints(list string, cs []Constraint) *InvalidError {
	if len(cs) > maxWishes {
		return invalid(list, "%d entries, at most %d are allowed", len(cs), maxWishes)
	}
	for i := range cs {
		if e := cs[i].check(); e != nil {
			return e.at(list, i)
		}
	}
	return nil
}

func checkAttributes(list string, as []Attribute) *InvalidError {
	if len(as) > 2*maxWishes {
		return invalid(list, "%d entries, at most %d are allowed", len(as), 2*maxWishes)
	}
	for i := range as {
		if e := as[i].check(); e != nil {
			return e.at(list, i)
		}
	}
	return nil
}
