package canary_test

import (
	"crypto/rand"
	"fmt"
	mrand "math/rand/v2"
	"strings"
	"testing"

	"github.com/parley-network/parley/node/canary"
	"github.com/parley-network/parley/node/profile"
	"pgregory.net/rapid"
)

// A person gives two shops an alias each, and finds one of them on a list.
func ExampleMatch() {
	p, _ := profile.Profile{}.SetText("emails/home", "jo@example.org")
	plain, _ := p.Get("emails/home")
	var all []canary.Given
	for _, shop := range []string{"Elm Books", "Oak Shoes"} {
		// Fixed for the example: a node hands in crypto/rand.Reader.
		made, tag, err := canary.Fresh(canary.Subaddress, plain, mrand.NewChaCha8([32]byte{byte(len(all))}), all)
		if err != nil {
			fmt.Println(err)
		}
		all = append(all, canary.Given{Card: fmt.Sprint(len(all)), Vendor: shop, Path: made.Path, Value: made.Value, Kind: canary.Subaddress, Tag: tag})
	}
	leaked := strings.ToUpper(profile.Text(profile.Piece{Path: all[1].Path, Value: all[1].Value}))
	for _, hit := range canary.Match("Jo Doe <"+leaked+">", all) {
		fmt.Println(hit.Given.Vendor+":", hit.Reason)
	}
	// The alias without its tag is no proof against either.
	for _, hit := range canary.Match("jo@example.org", all) {
		fmt.Println(hit.Given.Vendor+":", hit.Certainty, "of", hit.Of)
	}
	// Output:
	// Oak Shoes: the canary that was given to this one alone
	// Elm Books: several of 2
	// Oak Shoes: several of 2
}

// No tag says anything of another: whatever is known of one, each bit of the
// next is even, and two agree in a letter no more often than by chance.
func TestTagsArePairwiseUnlinkable(t *testing.T) {
	const n = 600
	var tags []canary.Tag
	for range n {
		tag, err := canary.NewTag(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		tags = append(tags, tag)
	}
	agree := 0
	for i := range tags {
		for j := range i {
			for at := 0; at < len(tags[i]); at += 2 {
				if tags[i][at:at+2] == tags[j][at:at+2] {
					agree++
				}
			}
		}
	}
	// 179,700 pairs of seven syllables, each of 64: 19,655 are expected, with
	// a deviation of 139.
	if agree < 18900 || agree > 20400 {
		t.Errorf("%d syllables agree", agree)
	}
}

// What a spelling shows of its tag leads to no other spelling of it: the code
// of an address and the initials of a name are drawn apart.
func TestSpellingsOfOneTagAreUnlike(t *testing.T) {
	home, name := raw(t, "addresses/x", `{"full":"12 Elm St, Wells"}`), raw(t, "name", `{"full":"Jo Doe"}`)
	byCode := map[byte]map[byte]bool{} // the code's first letter to the first initial
	for range 4000 {
		tag, err := canary.NewTag(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		at, err := canary.Make(canary.Unit, home, tag)
		if err != nil {
			t.Fatal(err)
		}
		called, err := canary.Make(canary.Initials, name, tag)
		if err != nil {
			t.Fatal(err)
		}
		code := strings.SplitN(profile.Text(at), "Unit ", 2)[1][0]
		initial := profile.Text(called)[len("Jo ")]
		if byCode[code] == nil {
			byCode[code] = map[byte]bool{}
		}
		byCode[code][initial] = true
	}
	for code, initials := range byCode {
		if len(initials) < 20 { // chance leaves one or two of the 26 out; one drawn from the other would leave most
			t.Errorf("code %c goes with %d initials", code, len(initials))
		}
	}
}

// A canary is the piece in all but its mark.
func TestMakeChangesNothingElse(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		number, street := rapid.IntRange(1, 999).Draw(r, "number"), rapid.SampledFrom([]string{"Elm St", "Oak Ave", "3rd Street"}).Draw(r, "street")
		unit := rapid.SampledFrom([]string{"", ", Apt 4", ", Suite 12", ", #7"}).Draw(r, "unit")
		plain := piece(t, "addresses/home", fmt.Sprintf("%d %s%s, Wells, MI 49503, US", number, street, unit))
		tag, err := canary.NewTag(rand.Reader)
		if err != nil {
			r.Fatal(err)
		}
		made, err := canary.Make(canary.Unit, plain, tag)
		if err != nil {
			r.Fatal(err)
		}
		was, is := profile.Text(plain), profile.Text(made)
		if extra := len(is) - len(was); extra != len("-A2B3") && extra != len(", Unit A2B3") {
			r.Fatalf("%q became %q", was, is)
		}
		for _, word := range strings.FieldsFunc(was, func(r rune) bool { return r == ',' || r == ' ' }) {
			if !strings.Contains(is, word) {
				r.Fatalf("%q lost %q: %q", was, word, is)
			}
		}
		// Twice the same: what a tag makes can be made again for evidence.
		if again, err := canary.Make(canary.Unit, plain, tag); err != nil || string(again.Value) != string(made.Value) {
			r.Fatalf("made %s, then %s", made.Value, again.Value)
		}
		g := canary.Given{Card: "a", Path: made.Path, Value: made.Value, Kind: canary.Unit, Tag: tag}
		if hits := canary.Match(is, []canary.Given{g, given("b", plain)}); hits[0].Given.Card != "a" || hits[0].Certainty != canary.Certain {
			r.Fatalf("%q: %s", is, show(hits))
		}
	})
}
