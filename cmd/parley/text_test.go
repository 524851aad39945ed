package main

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func Example_wrap() {
	for _, line := range wrap("The vendor may not do tracking under SD-BASE: its rule for that is no.", 30) {
		fmt.Println(line)
	}
	// Output:
	// The vendor may not do tracking
	// under SD-BASE: its rule for
	// that is no.
}

// TestColumns shows a table: a column in which nothing stands is left out, an
// id is never cut, and the last words are broken into lines.
func TestColumns(t *testing.T) {
	var out strings.Builder
	columns(&out, "CARD WITH* PRICE WHY+", [][]string{
		{"3mxa5qhe", "Alpine Cars of Park City, Utah, and the valleys around it", "", "it named SD-BASE-ATP, which you never agree to"},
		{"q4tz8vnd", "Valley", "", ""},
	})
	want := `
CARD      WITH                                WHY
3mxa5qhe  Alpine Cars of Park City, Utah, a…  it named SD-BASE-ATP, which you
                                              never agree to
q4tz8vnd  Valley
`
	if d := cmp.Diff(want, "\n"+out.String()); d != "" {
		t.Error(d)
	}
}

func TestColumnsKeepToThePage(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringN(0, 60, 200)
		var rows [][]string
		var ids []string
		for range rapid.IntRange(1, 8).Draw(t, "rows") {
			id := rapid.StringMatching(`[a-z2-7]{8}`).Draw(t, "id")
			ids = append(ids, id)
			rows = append(rows, []string{id, text.Draw(t, "soft"), text.Draw(t, "soft too"), rapid.StringMatching(`([a-z]{1,9} ){0,20}`).Draw(t, "words")})
		}
		var out strings.Builder
		columns(&out, "ID ONE* TWO* WORDS+", rows)
		for line := range strings.Lines(out.String()) {
			if n := utf8.RuneCountInString(strings.TrimRight(line, "\n")); n > pageWidth {
				t.Fatalf("%d wide: %q", n, line)
			}
		}
		for _, id := range ids {
			if !strings.Contains(out.String(), id) {
				t.Fatalf("%s is gone:\n%s", id, &out)
			}
		}
	})
}

func TestWrapLosesNoWord(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		width := rapid.IntRange(1, 100).Draw(t, "width")
		lines := wrap(text, width)
		if d := cmp.Diff(strings.Fields(text), strings.Fields(strings.Join(lines, " "))); d != "" {
			t.Fatal(d)
		}
		for _, line := range lines {
			if utf8.RuneCountInString(line) > width && len(strings.Fields(line)) > 1 {
				t.Fatalf("%q is wider than %d and could be broken", line, width)
			}
		}
	})
}

func TestSheet(t *testing.T) {
	var out strings.Builder
	sheet(&out, "card", "3mxa5qhe", "alarm", "", "because", "it was \x1b[2Jshared for \"delivery\" alone, and the practice asked about is none of the parts of that")
	want := `card     3mxa5qhe
because  it was [2Jshared for "delivery" alone, and the practice asked about is
         none of the parts of that
`
	if d := cmp.Diff(want, out.String()); d != "" {
		t.Error(d)
	}
}

func TestEither(t *testing.T) {
	for want, words := range map[string][]string{
		"": nil, "a": {"a"}, "a or b": {"a", "b"}, "a, b or c": {"a", "b", "c"},
	} {
		if got := either(words, "or"); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
