package policy

import (
	"fmt"
	"strings"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"

	"github.com/parley-network/parley/node/channel"
)

// argument counts of the functions rules may call, the receiver counted. What
// is not here is not needed for a rule and might cost or reach what it should
// not: a time zone by name is read from a file, a regular expression that is
// not a literal would be the vendor's.
var functions = map[string]int{
	operators.LogicalAnd: 2, operators.LogicalOr: 2, operators.LogicalNot: 1, operators.Conditional: 3,
	operators.Equals: 2, operators.NotEquals: 2, operators.In: 2,
	operators.Less: 2, operators.LessEquals: 2, operators.Greater: 2, operators.GreaterEquals: 2,
	operators.Add: 2, operators.Subtract: 2, operators.Multiply: 2, operators.Divide: 2, operators.Modulo: 2,
	operators.Negate: 1,
	"contains":       2, "startsWith": 2, "endsWith": 2, "matches": 2, "size": 1,
	"duration": 1, "timestamp": 1, "int": 1, "double": 1, "string": 1,
	"getFullYear": 1, "getMonth": 1, "getDate": 1, "getDayOfWeek": 1, "getHours": 1, "getMinutes": 1,
}

// audit walks a checked expression.
type audit struct {
	recalls bool // it speaks of recalls
}

// walk returns the first part of e that is not of the rule language, by its
// id, and what is wrong with it.
func (a *audit) walk(e ast.Expr) (int64, error) {
	switch e.Kind() {
	case ast.LiteralKind:
		a.recalls = a.recalls || e.AsLiteral() == types.String(channel.KindRecall)
		return 0, nil
	case ast.IdentKind:
		if name := e.AsIdent(); name != "now" {
			return e.ID(), fmt.Errorf("%.40s is no value: ask for one of its fields", name)
		}
		return 0, nil
	case ast.SelectKind:
		s := e.AsSelect()
		if s.Operand().Kind() != ast.IdentKind {
			return a.walk(s.Operand())
		}
		a.recalls = a.recalls || s.FieldName() == "gtin" || s.FieldName() == "serial"
		return 0, nil
	case ast.ListKind:
		return a.all(e.AsList().Elements())
	case ast.CallKind:
		return a.call(e)
	}
	return e.ID(), fmt.Errorf("maps and messages have no place in a rule")
}

func (a *audit) call(e ast.Expr) (int64, error) {
	c := e.AsCall()
	args := c.Args()
	if c.IsMemberFunction() {
		args = append([]ast.Expr{c.Target()}, args...)
	}
	name := c.FunctionName()
	n, ok := functions[name]
	switch {
	case !ok:
		return e.ID(), fmt.Errorf("%s is no function of rules", display(name))
	case n != len(args):
		return e.ID(), fmt.Errorf("%s with %d arguments is no function of rules", display(name), len(args))
	case name == "matches" && args[1].Kind() != ast.LiteralKind:
		return args[1].ID(), fmt.Errorf("a regular expression is a literal text")
	}
	return a.all(args)
}

func (a *audit) all(list []ast.Expr) (int64, error) {
	for _, e := range list {
		if id, err := a.walk(e); err != nil {
			return id, err
		}
	}
	return 0, nil
}

// display turns CEL's name of an operator, such as _[_], to what was written.
func display(name string) string {
	if s, ok := operators.FindReverse(name); ok && s != "" {
		return s
	}
	return strings.Trim(name, "@")
}
