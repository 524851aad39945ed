package policy_test

import (
	"strings"
	"testing"
	"time"

	"github.com/parley-network/parley/node/channel"
	"github.com/parley-network/parley/node/channel/policy"
)

// bulky is the largest event to be had, of text that is a burden to search.
func bulky() channel.Event {
	e := event(channel.KindMessage)
	e.Data.Title = strings.Repeat("a", 200)
	e.Data.Text = strings.Repeat("a", 4095) + "b"
	return e
}

// What becomes of a rule made to burn time, memory or the parser's stack.
const (
	refused = "refused" // when it is compiled
	stopped = "stopped" // when it runs, by its cost
	failing = "failing" // when it runs
	cheap   = "cheap"   // it only looks costly
)

type costly struct{ name, when, outcome string }

func costlyRules() []costly {
	many := func(n int, part, sep string) string {
		return strings.TrimSuffix(strings.Repeat(part+sep, n), sep)
	}
	deep := func(n int, open, core, shut string) string {
		return strings.Repeat(open, n) + core + strings.Repeat(shut, n)
	}
	return []costly{
		{"long", strings.Repeat(" ", 990) + "true && true", refused},
		{"deep parentheses", deep(490, "(", "true", ")"), refused},
		{"deep negation", strings.Repeat("!", 990) + "true", cheap},
		{"deep negation apart", deep(300, "!(", "true", ")"), refused},
		{"deep conditional", many(150, "true?true", ":"), refused},
		{"deep list", deep(490, "[", "1", "]") + " == []", refused},
		{"wide list", "1 in [" + many(400, "1", ",") + "]", refused},
		{"nested loops", "[1,2,3].all(a, [1,2,3].all(b, [1,2,3].all(c, true)))", refused},
		{"map", "[1,2].map(x, x * x) == [1, 4]", refused},
		{"text doubled", many(25, "event.text", "+") + " == ''", stopped},
		{"text doubled deep", many(80, "event.text", "+") + " == ''", refused},
		{"text searched", many(30, `event.text.contains("c")`, "||"), cheap},
		{"text by itself", many(30, `event.text.contains(event.text)`, "&&"), stopped},
		{"grown text searched", "(" + many(20, "event.text", "+") + `).contains("` + strings.Repeat("a", 200) + `b")`, stopped},
		{"text by its title", many(20, `event.text.contains(event.title + "c")`, "||"), stopped},
		{"regexp bomb", `event.text.matches("((a{1,30}){1,30}){1,30}")`, refused},
		{"regexp backtracking", `event.text.matches("^(a|a|aa|a?)*(a|a)*c$")`, cheap},
		{"regexp long", `event.text.matches("` + strings.Repeat("a?", 400) + `c")`, refused},
		{"regexp nearly too long", `event.text.matches("(a?){120}c")`, cheap},
		{"regexps", many(32, `event.text.matches("(a*)*c")`, "||"), stopped},
		{"regexp of the event", "event.text.matches(event.title)", refused},
		{"regexp broken", `event.text.matches("(")`, refused},
		{"integer overflow", "9223372036854775807 + 1 > 0", failing},
		{"size again", many(60, "event.size > 9", "&&"), cheap},
		{"division", "1 / 0 > 0 || 1 % 0 > 0", failing},
		{"time zone file", `now.getHours("../../../../etc/passwd") == 1`, refused},
		{"far time", `now + duration("9223372036s") + duration("9223372036s") > now`, cheap},
		{"past the end of time", `timestamp("9999-12-31T23:59:59Z") + duration("1h") > now`, failing},
		{"syntax errors", strings.Repeat("((((", 200), refused},
		{"quotes", strings.Repeat(`"`, 999), refused},
		{"control characters", "true\x00 && \x1b[31mtrue", refused},
		{"not UTF-8", "true && '\xff' == ''", refused},
	}
}

// No rule, whatever it says, takes long or brings the node down. A second is
// much more than any takes: it is for busy machines and the race detector.
func TestCostlyRules(t *testing.T) {
	e := bulky()
	if err := e.Check(); err != nil {
		t.Fatal(err)
	}
	for _, c := range costlyRules() {
		t.Run(c.name, func(t *testing.T) {
			start := time.Now()
			p, err := policy.Compile(forAcme(policy.Global{Rules: []policy.Rule{rule("r", c.when, policy.Drop)}}, policy.Channel{}))
			got, text := refused, ""
			if err != nil {
				wantField(t, err, "global.rules[0].when")
				text = err.Error()
			} else {
				d := p.Decide(e, acme, noon)
				got, text = outcome(d), d.Explain()
			}
			if took := time.Since(start); took > time.Second {
				t.Errorf("took %s", took)
			}
			if got != c.outcome {
				t.Errorf("%s, want %s: %s", got, c.outcome, text)
			}
			if strings.ContainsAny(text, "\x00\x1b") {
				t.Errorf("control characters pass into the explanation %q", text)
			}
		})
	}
}

func outcome(d policy.Decision) string {
	switch text := d.Why[0].Text; {
	case strings.Contains(text, "cost limit exceeded"):
		return stopped
	case strings.Contains(text, "fails, so does not match"):
		return failing
	}
	return cheap
}
