package policy

import (
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"
	"unicode"

	"cel.dev/cel-go/cel"

	"github.com/parley-network/parley/identity/dagcbor"
)

// Compiled is a policy ready to decide by. It is safe for use by several
// goroutines at once.
type Compiled struct {
	global   Global
	zone     *time.Location
	quiet    *window // nil: never
	rules    []rule
	channels map[dagcbor.CID]*compiledChannel
}

type compiledChannel struct {
	Channel
	rules []rule
}

// rule is a [Rule] ready to ask.
type rule struct {
	Rule
	program cel.Program
	recalls bool   // it speaks of recalls
	label   string // "“big bills”: event.amount > 100", for explanations
}

// Compile checks p and makes its rules ready. The error is a
// [*channel.FieldError] that names the rule and, where there is one, the column
// at which its expression goes wrong.
func Compile(p Policy) (*Compiled, error) {
	if err := p.Check(); err != nil {
		return nil, err
	}
	env, err := newLanguage()
	if err != nil {
		return nil, err
	}
	c := &Compiled{global: p.Global, channels: make(map[dagcbor.CID]*compiledChannel, len(p.Channels))}
	c.global.Kinds = maps.Clone(p.Global.Kinds)
	if c.zone, err = p.Global.location(); err != nil {
		return nil, invalid("global.zone", "%s", err)
	}
	if q := p.Global.Quiet; q != nil {
		w, err := q.window()
		if err != nil {
			return nil, invalid("global.quiet", "%s", err)
		}
		c.global.Quiet, c.quiet = &Quiet{q.From, q.To}, &w
	}
	// Many channels have the same rules from one template; each expression is
	// compiled once.
	k := compiler{env, map[string]rule{}}
	if c.rules, err = k.list("global.rules", p.Global.Rules); err != nil {
		return nil, err
	}
	for _, card := range p.cards() {
		ch := &compiledChannel{Channel: p.Channels[card]}
		ch.Kinds = maps.Clone(ch.Kinds)
		if ch.rules, err = k.list(field(card)+".rules", ch.Channel.Rules); err != nil {
			return nil, err
		}
		ch.Channel.Rules = nil
		c.channels[card] = ch
	}
	c.global.Rules = nil
	return c, nil
}

// compiler keeps what it has compiled, by expression.
type compiler struct {
	env  *cel.Env
	done map[string]rule
}

func (k compiler) list(at string, rules []Rule) ([]rule, error) {
	out := make([]rule, 0, len(rules))
	for i, r := range rules {
		c, ok := k.done[r.When]
		if !ok {
			var err error
			if c, err = k.compile(r.When); err != nil {
				return nil, invalid(fmt.Sprintf("%s[%d].when", at, i), "rule %q, %s", r.Name, err)
			}
			k.done[r.When] = c
		}
		c.Rule = r
		c.label = fmt.Sprintf("%q: %s", r.Name, oneLine(r.When))
		out = append(out, c)
	}
	return out, nil
}

func (k compiler) compile(when string) (rule, error) {
	checked, issues := k.env.Compile(when)
	if issues.Err() != nil {
		if first := issues.Errors(); len(first) > 0 {
			return rule{}, position(first[0].Location.Line(), first[0].Location.Column(), first[0].Message)
		}
		return rule{}, issues.Err()
	}
	if t := checked.OutputType(); !t.IsExactType(cel.BoolType) {
		return rule{}, fmt.Errorf("column 1: the expression is of type %s, a rule is true or false", t)
	}
	native := checked.NativeRep()
	var a audit
	if id, err := a.walk(native.Expr()); err != nil {
		at := native.SourceInfo().GetStartLocation(id)
		return rule{}, position(at.Line(), at.Column(), err.Error())
	}
	program, err := k.env.Program(checked, cel.CostLimit(maxCost), cel.EvalOptions(cel.OptOptimize))
	if err != nil {
		return rule{}, position(0, 0, err.Error())
	}
	return rule{program: program, recalls: a.recalls}, nil
}

// position says where in an expression something is wrong. CEL counts lines
// from one and columns from zero; a line below one is none.
func position(line, column int, problem string) error {
	problem = cut(oneLine(problem))
	switch {
	case line < 1:
		return errors.New(problem)
	case line == 1:
		return fmt.Errorf("column %d: %s", column+1, problem)
	}
	return fmt.Errorf("line %d, column %d: %s", line, column+1, problem)
}

// matches asks r about f. A rule that fails does not match.
func (r *rule) matches(f *facts) (bool, error) {
	v, _, err := r.program.Eval(f)
	if err != nil {
		return false, errors.New(cut(oneLine(err.Error())))
	}
	return v.Value() == true, nil
}

// oneLine makes an expression or a message fit to be shown within a line.
func oneLine(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return unicode.ReplacementChar
	}, s)
}

func cut(s string) string {
	if len(s) > maxMessage {
		return strings.ToValidUTF8(s[:maxMessage], "") + "…"
	}
	return s
}
