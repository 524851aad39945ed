package button_test

import (
	"fmt"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/parley-network/parley/node/button"
)

var all = []button.State{button.None, button.Theirs, button.Mine, button.Both}

func ExampleSymbol() {
	for _, s := range all {
		fmt.Printf("%s %-6s %s\n", button.Symbol(s), s, button.Words(s))
	}
	// Output:
	// ⊂ ⊃ none   No relationship; neither side has said anything
	// ⊂ ◗ theirs The vendor stands ready; you have said nothing
	// ◖ ⊃ mine   You stand ready; the vendor has not agreed
	// ◖━◗ both   You and the vendor have agreed
}

func TestOf(t *testing.T) {
	for _, c := range []struct {
		name string
		f    button.Facts
		want button.State
	}{
		{"strangers", button.Facts{}, button.None},
		{"the vendor publishes its terms", button.Facts{TheirTerms: true}, button.Theirs},
		{"I proffered", button.Facts{MyTerms: true}, button.Mine},
		{"I proffered to a vendor that publishes terms", button.Facts{MyTerms: true, TheirTerms: true}, button.Mine},
		{"a card", button.Facts{CardInForce: true}, button.Both},
		{"a card, and an amendment proffered", button.Facts{CardInForce: true, MyTerms: true, TheirTerms: true}, button.Both},
		{"a card that ended", button.Facts{CardInForce: true, Ended: true}, button.None},
		{"a card that ended, the vendor still open", button.Facts{Ended: true, TheirTerms: true}, button.Theirs},
		{"a card that ended, and I proffered anew", button.Facts{Ended: true, TheirTerms: true, MyTerms: true}, button.Mine},
		{"two copies that differ", button.Facts{CardInForce: true, Frozen: true, TheirTerms: true}, button.Theirs},
	} {
		if got := button.Of(c.f); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestOnlyACardInForceJoins(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := rapid.Bool()
		f := button.Facts{TheirTerms: b.Draw(t, "theirs"), MyTerms: b.Draw(t, "mine"), CardInForce: b.Draw(t, "card"), Ended: b.Draw(t, "ended"), Frozen: b.Draw(t, "frozen")}
		if got := button.Of(f); (got == button.Both) != (f.CardInForce && !f.Ended && !f.Frozen) {
			t.Fatalf("%+v is %s", f, got)
		}
	})
}

func TestSymbolsAreThreeCharactersAndDiffer(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range all {
		if seen[button.Symbol(s)] || seen[button.Words(s)] || utf8.RuneCountInString(button.Symbol(s)) != 3 {
			t.Errorf("%s: %q %q", s, button.Symbol(s), button.Words(s))
		}
		seen[button.Symbol(s)], seen[button.Words(s)] = true, true
	}
	if button.Symbol("friends") != button.Symbol(button.None) || button.Words("") != button.Words(button.None) {
		t.Error("what is no state is not shown as none")
	}
}
