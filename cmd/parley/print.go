package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"github.com/parley-network/parley/cmd/internal/program"
	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/relcard"
)

// show prints v as JSON, or calls plain where people read it.
func (e *env) show(v any, plain func(w io.Writer)) error {
	if e.asJSON {
		return program.PrintJSON(e.out, v)
	}
	plain(e.out)
	return nil
}

// line prints v as JSON on one line.
func (e *env) line(v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("print the answer: %w", err)
	}
	_, err = fmt.Fprintf(e.out, "%s\n", b)
	return err
}

// none returns an empty list for a missing one, which JSON writes as [].
func none[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// table prints rows under a header in aligned columns.
func table(w io.Writer, header string, rows [][]string) {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, strings.ReplaceAll(header, " ", "\t"))
	for _, row := range rows {
		for i := range row {
			row[i] = clean(row[i])
		}
		fmt.Fprintln(tw, strings.Join(row, "\t"))
	}
	tw.Flush()
}

// facts prints named values, a line each; empty ones are left out.
func facts(w io.Writer, pairs ...string) {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for i := 0; i+1 < len(pairs); i += 2 {
		if value := clean(pairs[i+1]); value != "" {
			fmt.Fprintf(tw, "%s\t%s\n", pairs[i], value)
		}
	}
	tw.Flush()
}

// clean keeps foreign text from steering the terminal: control characters,
// line breaks and characters that change the direction of writing become
// spaces.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}

// count says how many of a thing there are.
func count(n int, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return fmt.Sprintf("%d %s", n, thing)
}

// yes picks one of two words.
func yes(b bool, then, otherwise string) string {
	if b {
		return then
	}
	return otherwise
}

// cut shortens s to n characters.
func cut(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}

// shortLen is how many of a CID's last characters people see.
const shortLen = 8

// short is how a CID is shown to people; commands take it back.
func short(id dagcbor.CID) string {
	s := id.String()
	return s[max(0, len(s)-shortLen):]
}

// local is how a time is shown to people.
func local(t identity.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Std().Local().Format("2006-01-02 15:04")
}

// day is how a date is shown to people.
func day(t identity.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Std().Local().Format(time.DateOnly)
}

// lastDay is how the end of a time is shown: the last day within it.
func lastDay(t identity.Time) string {
	if t.IsZero() {
		return ""
	}
	return day(identity.At(t.Std().Add(-time.Second)))
}

// window is how a span of time is shown to people.
func window(w *relcard.Window) string {
	switch {
	case w == nil:
		return ""
	case w.From.IsZero():
		return "until " + local(w.Until)
	case w.Until.IsZero():
		return "from " + local(w.From)
	default:
		return local(w.From) + " to " + local(w.Until)
	}
}

// asked says in one line what an intent is about.
func asked(in intentcast.Intent) string {
	if in.Text != "" {
		return in.Text
	}
	var names []string
	for _, w := range in.Items {
		if w.Name != "" {
			names = append(names, w.Quantity+" × "+w.Name)
		}
	}
	if len(names) > 0 {
		return strings.Join(names, ", ")
	}
	return in.Category.Value
}

// left says how long it is until t.
func left(t identity.Time, now time.Time) string {
	d := t.Std().Sub(now)
	switch {
	case d <= 0:
		return "over"
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes())+1)
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", int(d.Round(time.Hour).Hours()))
	default:
		return fmt.Sprintf("%d days", int(d.Hours()/24))
	}
}
