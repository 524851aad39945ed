package demo

import (
	"fmt"
	"io"
	"strings"
)

// teller prints the story, a line a fact, wrapped to the width of a page.
type teller struct{ out io.Writer }

const width = 92

func (t *teller) title(s string) {
	fmt.Fprintf(t.out, "\n%s\n%s\n", s, strings.Repeat("─", len([]rune(s))))
}

func (t *teller) quote(s string) { t.wrap("  “", "   ", s+"”") }

// tell says what somebody did.
func (t *teller) tell(who, what string) {
	t.wrap(fmt.Sprintf("  %-17s", who), strings.Repeat(" ", 19), what)
}

func (t *teller) detail(format string, args ...any) {
	t.wrap("    ", "       ", fmt.Sprintf(format, args...))
}

func (t *teller) check(format string, args ...any) {
	t.wrap("  ✓ ", "    ", fmt.Sprintf(format, args...))
}

// wrap breaks text at spaces; first and rest are what lines begin with.
func (t *teller) wrap(first, rest, text string) {
	line := first
	empty := true
	for word := range strings.FieldsSeq(text) {
		if !empty && len([]rune(line))+1+len([]rune(word)) > width {
			fmt.Fprintln(t.out, line)
			line, empty = rest, true
		}
		if !empty {
			line += " "
		}
		line += word
		empty = false
	}
	fmt.Fprintln(t.out, line)
}

// curtain sums up what held.
func (s *stage) curtain(res *Result) {
	s.say.title("What held")
	for _, d := range res.Deals {
		s.say.check("card …%s with %s: %d %s, signed by both, identical on both sides, verified offline",
			short(d.Card), d.Vendor, d.Offers, plural(d.Offers, "offer"))
	}
	s.say.check("%d processes, no server, %.1f seconds", res.Nodes, res.Seconds)
}
