package canary_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/parley-network/parley/node/canary"
	"github.com/parley-network/parley/node/profile"
	"pgregory.net/rapid"
)

// show is hits in short: "canary a/1, several b/2 stripped".
func show(hits []canary.Hit) string {
	var out []string
	for _, h := range hits {
		s := fmt.Sprintf("%s %s/%d", h.Certainty, h.Given.Card, h.Of)
		if h.Stripped {
			s += " stripped"
		}
		out = append(out, s)
	}
	return strings.Join(out, ", ")
}

func tagged(t *testing.T, card string, kind canary.Kind, p profile.Piece, tag canary.Tag) canary.Given {
	t.Helper()
	made, err := canary.Make(kind, p, tag)
	if err != nil {
		t.Fatal(err)
	}
	g := given(card, made)
	g.Kind, g.Tag = kind, tag
	return g
}

func TestMatchRanksAndNeverOverstates(t *testing.T) {
	mail, name := piece(t, "emails/home", "jo@example.org"), piece(t, "name", "Jo Doe")
	home := piece(t, "addresses/home", "12 Elm St, Grand Rapids, MI 49503, US")
	phone := piece(t, "phones/mobile", "+1 (616) 555-0100")
	const other canary.Tag = "gugugugugugugu"
	alias := tagged(t, "alias", canary.Subaddress, mail, tag)
	unit := tagged(t, "unit", canary.Unit, home, tag)
	initial := tagged(t, "initial", canary.Initials, name, tag)
	for _, c := range []struct {
		name, leak string
		given      []canary.Given
		want       string
	}{
		{"nothing of it", "bo@example.com", []canary.Given{alias, given("a", mail)}, ""},
		{"a longer address", "bojo@example.org, jo@example.org.uk", []canary.Given{given("a", mail)}, ""},
		{"given to one", "JO@Example.ORG", []canary.Given{given("a", mail)}, "sole a/1"},
		{"given to two", "jo@example.org", []canary.Given{given("a", mail), given("b", mail)}, "several a/2, several b/2"},
		{"given to one twice", "jo@example.org", []canary.Given{given("a", mail), given("a", mail)}, "sole a/1"},
		{"alias", "Jo <jo+KADOBIRUTOMANA@example.org>", []canary.Given{alias, given("a", mail)}, "canary alias/1"},
		{"alias, its tag taken off", "jo@example.org", []canary.Given{alias, given("a", mail)}, "several a/2, several alias/2 stripped"},
		{"alias alone, its tag taken off", "jo@example.org", []canary.Given{alias}, "several alias/1 stripped"},
		{"two aliases in one leak", "jo+kadobirutomana@example.org jo+gugugugugugugu@example.org",
			[]canary.Given{alias, tagged(t, "second", canary.Subaddress, mail, other)}, "canary alias/1, canary second/1"},
		{"one alias given to two", "jo+kadobirutomana@example.org", []canary.Given{alias, tagged(t, "second", canary.Subaddress, mail, tag)},
			"several alias/2, several second/2"},
		{"an alias given to another as plain", "jo+kadobirutomana@example.org", []canary.Given{alias, given("b", piece(t, "emails/x", "jo+kadobirutomana@example.org"))},
			"several alias/2, several b/2"},
		{"unit", "12 Elm St Unit H9Y3, Grand Rapids", []canary.Given{unit, given("a", home)}, "canary unit/1"},
		{"unit taken off", "12 elm st, grand rapids mi 49503", []canary.Given{unit, given("a", home)}, "several a/2, several unit/2 stripped"},
		{"unit given to two", "12 Elm St Unit H9Y3, Grand Rapids", []canary.Given{unit, tagged(t, "second", canary.Unit, home, tag)}, "several second/2, several unit/2"},
		{"unit given to another as plain", "12 Elm St, Unit H9Y3, Grand Rapids, MI 49503, US",
			[]canary.Given{unit, given("b", raw(t, "addresses/home", `{"full":"12 Elm St, Unit H9Y3, Grand Rapids, MI 49503, US"}`))}, "several b/2, several unit/2"},
		{"a plain part of a canary", "12 Elm St, Unit H9Y3, Grand Rapids", []canary.Given{unit, given("b", raw(t, "addresses/x", `{"full":"12 Elm St"}`))},
			"canary unit/1, several b/2"},
		{"one address in two wordings", "12 Elm St, Grand Rapids, MI 49503, US",
			[]canary.Given{given("a", home), given("b", raw(t, "addresses/x", `{"full":"12 Elm St, Grand Rapids"}`))}, "several a/2, several b/2"},
		{"initials", "DOE, JO F L", []canary.Given{initial, given("a", name)}, "canary initial/1"},
		{"initials taken off", "Mr. Jo Doe", []canary.Given{initial, given("a", name)}, "several a/2, several initial/2 stripped"},
		{"a name within a name", "Joanna Doerr", []canary.Given{given("a", name)}, ""},
		{"accents", "jose nunez", []canary.Given{given("a", piece(t, "name", "José Núñez"))}, "sole a/1"},
		{"no spaces in the script", "山田太郎様", []canary.Given{given("a", piece(t, "name", "山田太郎"))}, "sole a/1"},
		{"phone", "call 616.555.0100 now", []canary.Given{given("a", phone), given("b", piece(t, "phones/x", "tel:+1-616-555-0100;ext=5"))}, "several a/2, several b/2"},
		{"phone from abroad", "0016165550100", []canary.Given{given("a", phone)}, "sole a/1"},
		{"another phone", "616 555 0101", []canary.Given{given("a", phone)}, ""},
		{"phone without its area", "555-0100", []canary.Given{given("a", phone), given("b", piece(t, "phones/x", "+1 212 555 0100"))}, "several a/2, several b/2"},
		{"phone with its area", "(212) 555-0100", []canary.Given{given("a", phone), given("b", piece(t, "phones/x", "+1 212 555 0100"))}, "sole b/1"},
		{"a record", "Jo Doe;jo+kadobirutomana@example.org;6165550100", []canary.Given{alias, given("alias", name), given("a", name), given("a", phone)},
			"canary alias/1, sole a/1, several a/2, several alias/2"},
		{"a payment's label", "paid by visa ending 1234", []canary.Given{given("a", piece(t, "payments/visa", "Visa ending 1234"))}, "sole a/1"},
		{"nothing at all", "", []canary.Given{alias, unit, initial, given("a", phone)}, ""},
		{"a given that is not a piece", "x", []canary.Given{{Card: "a", Path: "emails/x", Value: []byte("{")}, {Card: "b", Path: "shoe", Value: []byte(`{}`)}}, ""},
	} {
		if got := show(canary.Match(c.leak, c.given)); got != c.want {
			t.Errorf("%s: %q\n got %s\nwant %s", c.name, c.leak, got, c.want)
		}
	}
}

func TestHitTellsTheEarliestAndWhy(t *testing.T) {
	late, early := given("a", piece(t, "emails/x", "jo@example.org")), given("a", piece(t, "emails/x", "jo@example.org"))
	early.Since = late.Since.Add(-time.Hour)
	hits := canary.Match("jo@example.org", []canary.Given{late, early, given("b", piece(t, "emails/x", "jo@example.org"))})
	if len(hits) != 2 || !hits[0].Given.Since.Equal(early.Since) || !strings.Contains(hits[0].Reason, "any of these 2") {
		t.Errorf("%+v", hits)
	}
}

// Whatever leaks, a relationship is named alone only if no other was given
// what is in it.
func TestNoFalseCertainty(t *testing.T) {
	values := []profile.Piece{piece(t, "emails/a", "jo@example.org"), piece(t, "emails/b", "doe@example.org"), piece(t, "name", "Jo Doe"),
		piece(t, "addresses/a", "12 Elm St, Grand Rapids, MI 49503, US"), piece(t, "phones/a", "+1 616 555 0100")}
	kinds := map[string]canary.Kind{"emails": canary.Subaddress, "name": canary.Initials, "addresses": canary.Unit}
	tags := []canary.Tag{tag, "gugugugugugugu", "bababababababa"}
	rapid.Check(t, func(r *rapid.T) {
		var all []canary.Given
		for i := range rapid.IntRange(1, 12).Draw(r, "given") {
			p := values[rapid.IntRange(0, len(values)-1).Draw(r, "value")]
			card := fmt.Sprint("card", rapid.IntRange(0, 4).Draw(r, "card"))
			if kind := kinds[p.Path.Kind()]; kind != "" && rapid.Bool().Draw(r, "canary") {
				all = append(all, tagged(t, card, kind, p, rapid.SampledFrom(tags).Draw(r, "tag")))
			} else {
				all = append(all, given(card, p))
			}
			all[i].Since = time.Unix(int64(i), 0)
		}
		g := all[rapid.IntRange(0, len(all)-1).Draw(r, "leaked")]
		hits := canary.Match(profile.Text(profile.Piece{Path: g.Path, Value: g.Value}), all)
		holders := map[string]bool{} // of the very value
		for _, h := range all {
			if h.Path.Kind() == g.Path.Kind() && string(h.Value) == string(g.Value) {
				holders[h.Card] = true
			}
		}
		named := map[string]bool{}
		for _, h := range hits {
			named[h.Given.Card] = true
			if h.Certainty != canary.Several && (len(holders) != 1 || h.Of != 1) {
				r.Fatalf("%s is named alone; the holders are %v", h.Given.Card, holders)
			}
			if h.Certainty == canary.Several && !h.Stripped && holders[h.Given.Card] && h.Of < len(holders) {
				r.Fatalf("of %d, but the holders are %v", h.Of, holders)
			}
		}
		for card := range holders {
			if !named[card] {
				r.Fatalf("%s is not named: %s", card, show(hits))
			}
		}
	})
}

func FuzzMatch(f *testing.F) {
	mail := piece(f, "emails/home", "jo@example.org")
	all := []canary.Given{given("a", mail), given("b", piece(f, "name", "Jo Doe")), given("c", piece(f, "phones/x", "+1 616 555 0100")),
		given("d", piece(f, "addresses/home", "12 Elm St, Grand Rapids, MI 49503, US"))}
	made, _ := canary.Make(canary.Subaddress, mail, tag)
	all = append(all, canary.Given{Card: "e", Path: made.Path, Value: made.Value, Kind: canary.Subaddress, Tag: tag})
	f.Add("Jo <jo+kadobirutomana@example.org>")
	f.Add("+1 616 555 0100 \xff 山 12 elm st")
	f.Fuzz(func(t *testing.T, leak string) {
		for _, h := range canary.Match(leak, all) {
			if h.Reason == "" || h.Of < 1 || h.Certainty == canary.Certain && h.Given.Tag == "" {
				t.Fatalf("%q: %+v", leak, h)
			}
		}
	})
}

func FuzzMake(f *testing.F) {
	f.Add("jo@example.org")
	f.Add("12 Elm St\nApt 4, Wells")
	f.Fuzz(func(t *testing.T, typed string) {
		for path, kind := range map[profile.Path]canary.Kind{"emails/x": canary.Subaddress, "emails/y": canary.Catchall, "addresses/x": canary.Unit, "name": canary.Initials} {
			p, err := profile.Profile{}.SetText(path, typed)
			if err != nil {
				continue
			}
			plain, _ := p.Get(path)
			made, err := canary.Make(kind, plain, tag)
			if err != nil {
				continue
			}
			if string(made.Value) == string(plain.Value) {
				t.Fatalf("%s of %q is the same", kind, typed)
			}
			g := canary.Given{Card: "a", Path: path, Value: made.Value, Kind: kind, Tag: tag}
			if hits := canary.Match(profile.Text(made), []canary.Given{g}); len(hits) == 0 {
				t.Fatalf("%s of %q, %q, is not found", kind, typed, profile.Text(made))
			}
		}
	})
}

func BenchmarkMatch(b *testing.B) {
	for _, n := range []int{1000, 10000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			p := piece(b, "addresses/home", "12 Elm St, Grand Rapids, MI 49503, US")
			var all []canary.Given
			for i := range n {
				all = append(all, given(fmt.Sprint(i), p))
			}
			for b.Loop() {
				canary.Match("Jo Doe, 13 Elm St, Grand Rapids, MI 49503", all)
			}
		})
	}
}
