package policy_test

import (
	"fmt"
	"testing"

	"cel.dev/cel-go/cel"

	"github.com/parley-network/parley/node/channel"
	"github.com/parley-network/parley/node/channel/policy"
)

// twentyRules are of the sort people write; none matches, so that all are
// asked.
func twentyRules() []policy.Rule {
	sorts := []string{
		`event.kind == "receipt" && event.amount > %d00`,
		`event.title.contains("word%d")`,
		`event.third_party == "Globex %d"`,
		`channel.category == "travel" && channel.unread > %d`,
		`event.subject.startsWith("x%d-") && now.getHours() >= 18`,
	}
	var rs []policy.Rule
	for i := range 20 {
		rs = append(rs, rule(fmt.Sprintf("rule %d", i), fmt.Sprintf(sorts[i%len(sorts)], i+10), policy.Drop))
	}
	return rs
}

// BenchmarkDecide is one event through twenty rules of its channel, with the
// explanation.
func BenchmarkDecide(b *testing.B) {
	c := compile(b, forAcme(policy.Global{Zone: "Europe/Berlin"}, policy.Channel{Rules: twentyRules()}))
	e := event(channel.KindReceipt)
	b.ReportAllocs()
	for b.Loop() {
		if d := c.Decide(e, acme, noon); d.Action != policy.Inbox || len(d.Why) != 21 {
			b.Fatal(d.Explain())
		}
	}
}

// BenchmarkBareCEL is what Decide is measured against: one rule over a map, as
// CEL evaluates it with no bound of its cost. BenchmarkDecide asks twenty.
func BenchmarkBareCEL(b *testing.B) {
	env, err := cel.NewEnv(cel.Variable("event", cel.MapType(cel.StringType, cel.DynType)))
	if err != nil {
		b.Fatal(err)
	}
	checked, issues := env.Compile(`event.kind == "receipt" && event.amount > 1000.0`)
	if issues.Err() != nil {
		b.Fatal(issues.Err())
	}
	program, err := env.Program(checked, cel.EvalOptions(cel.OptOptimize))
	if err != nil {
		b.Fatal(err)
	}
	vars := map[string]any{"event": map[string]any{"kind": "receipt", "amount": 120.0}}
	b.ReportAllocs()
	for b.Loop() {
		if v, _, err := program.Eval(vars); err != nil || v.Value() != false {
			b.Fatal(v, err)
		}
	}
}

// BenchmarkCompile is a policy of twenty rules, as after each change of it.
func BenchmarkCompile(b *testing.B) {
	p := forAcme(policy.Global{}, policy.Channel{Rules: twentyRules()})
	for b.Loop() {
		if _, err := policy.Compile(p); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCostliest is the worst that one rule can do to one event.
func BenchmarkCostliest(b *testing.B) {
	for _, r := range costlyRules() {
		if r.outcome != stopped {
			continue
		}
		b.Run(r.name, func(b *testing.B) {
			c := compile(b, forAcme(policy.Global{Rules: []policy.Rule{rule("r", r.when, policy.Drop)}}, policy.Channel{}))
			e := bulky()
			for b.Loop() {
				c.Decide(e, acme, noon)
			}
		})
	}
}
