package canary_test

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	mrand "math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/parley-network/parley/node/canary"
	"github.com/parley-network/parley/node/profile"
	"pgregory.net/rapid"
)

func piece(t testing.TB, path, typed string) profile.Piece {
	t.Helper()
	p, err := profile.Profile{}.SetText(profile.Path(path), typed)
	if err != nil {
		t.Fatal(err)
	}
	got, _ := p.Get(profile.Path(path))
	return got
}

func raw(t testing.TB, path, value string) profile.Piece {
	t.Helper()
	p, err := profile.NewPiece(profile.Path(path), json.RawMessage(value))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func given(card string, p profile.Piece) canary.Given {
	return canary.Given{Card: card, Vendor: "Vendor " + card, Path: p.Path, Value: p.Value, Since: time.Unix(1e9, 0)}
}

const tag canary.Tag = "kadobirutomana"

func TestMake(t *testing.T) {
	for _, c := range []struct {
		kind canary.Kind
		from profile.Piece
		want string
	}{
		{canary.Subaddress, piece(t, "emails/home", "jo@example.org"), `{"address":"jo+kadobirutomana@example.org","contexts":{"private":true}}`},
		{canary.Catchall, piece(t, "emails/x", "jo@example.org"), `{"address":"kadobirutomana@example.org"}`},
		{canary.Unit, raw(t, "addresses/x", `{"full":"12 Elm St, Apt 4, Wells","components":[{"kind":"apartment","value":"Apt 4"},{"kind":"name","value":"Elm St"}]}`),
			`{"components":[{"kind":"apartment","value":"Apt 4-CODE"},{"kind":"name","value":"Elm St"}],"full":"12 Elm St, Apt 4-CODE, Wells"}`},
		{canary.Unit, piece(t, "addresses/x", "Rose Cottage\nNear Wells"), `{"full":"Rose Cottage\nUnit CODE\nNear Wells"}`},
		{canary.Unit, piece(t, "addresses/x", "1 Rue de la Paix, 75002 Paris, FR"), `{"countryCode":"FR","full":"1 Rue de la Paix, Unit CODE, 75002 Paris, FR"}`},
		{canary.Initials, piece(t, "name", "Jo Doe"), `{"components":[{"kind":"given","value":"Jo"},{"kind":"given2","value":"I1"},{"kind":"given2","value":"I2"},{"kind":"surname","value":"Doe"}],"full":"Jo I1 I2 Doe","isOrdered":true}`},
		{canary.Initials, raw(t, "name", `{"full":"Jo Doe"}`), `{"full":"Jo I1 I2 Doe"}`},
	} {
		got, err := canary.Make(c.kind, c.from, tag)
		if err != nil {
			t.Errorf("%s %s: %v", c.kind, c.from.Value, err)
			continue
		}
		if want := strings.NewReplacer("CODE", "H9Y3", "I1", "F.", "I2", "L.").Replace(c.want); string(got.Value) != want || got.Path != c.from.Path {
			t.Errorf("%s of %s:\n got %s\nwant %s", c.kind, c.from.Value, got.Value, want)
		}
	}
	house := piece(t, "addresses/home", "12 Elm St, Grand Rapids, MI 49503, US")
	got, err := canary.Make(canary.Unit, house, tag)
	if err != nil || profile.Text(got) != "12 Elm St, Unit H9Y3, Grand Rapids, MI 49503, US" {
		t.Errorf("%s %v", got.Value, err)
	}
}

func TestMakeRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		kind canary.Kind
		from profile.Piece
	}{
		"initials on mail":  {canary.Initials, piece(t, "emails/x", "jo@example.org")},
		"alias of a phone":  {canary.Subaddress, piece(t, "phones/x", "+1 616 555 0100")},
		"quoted local part": {canary.Subaddress, raw(t, "emails/x", `{"address":"\"jo doe\"@example.org"}`)},
		"long local part":   {canary.Subaddress, piece(t, "emails/x", strings.Repeat("j", 55)+"@example.org")},
		"no street":         {canary.Unit, raw(t, "addresses/x", `{"countryCode":"US"}`)},
		"one word":          {canary.Initials, piece(t, "name", "Madonna")},
		"other script":      {canary.Initials, piece(t, "name", "山田 太郎")},
		"unknown":           {"shoe", piece(t, "name", "Jo Doe")},
	} {
		if _, err := canary.Make(c.kind, c.from, tag); !errors.Is(err, canary.ErrCannot) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := canary.Make(canary.Subaddress, piece(t, "emails/x", "jo@example.org"), "short"); err == nil {
		t.Error("a made-up tag is taken")
	}
	if _, err := canary.Make(canary.Subaddress, profile.Piece{Path: "emails/x", Value: json.RawMessage(`{"address":"jo"}`)}, tag); err == nil {
		t.Error("a bad piece is taken")
	}
}

func TestTags(t *testing.T) {
	seen := map[canary.Tag]bool{}
	letters := map[string]int{}
	for range 20000 {
		tag, err := canary.NewTag(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := canary.ParseTag(string(tag)); err != nil || again != tag || seen[tag] {
			t.Fatalf("%s: %v, seen %v", tag, err, seen[tag])
		}
		seen[tag] = true
		for i := range len(tag) {
			letters[fmt.Sprint(i, string(tag[i]))]++
		}
	}
	// Seven syllables, each letter as likely as the others of its place: 42 bits.
	if len(letters) != 7*(16+4) {
		t.Errorf("%d letters in their places", len(letters))
	}
	for at, n := range letters {
		if n < 1000 || n > 1500 && n < 4700 || n > 5300 {
			t.Errorf("letter %s drawn %d times of 20000", at, n)
		}
	}
	if _, err := canary.NewTag(strings.NewReader("short")); err == nil {
		t.Error("a tag without its randomness")
	}
	for _, bad := range []string{"", "kadobirutoman", "KADOBIRUTOMANA", "kadobirutomane", "kadobirutomanaa", "akodibarotumin"} {
		if _, err := canary.ParseTag(bad); err == nil {
			t.Errorf("%q is taken for a tag", bad)
		}
	}
}

// manglings are what happens to a value on its way to whoever finds it.
var manglings = map[string]func(string) string{
	"as it was":   func(s string) string { return s },
	"shouted":     strings.ToUpper,
	"spaced":      func(s string) string { return "  " + strings.ReplaceAll(s, " ", "   ") + "\r\n" },
	"one line":    func(s string) string { return strings.ReplaceAll(s, "\n", " ") },
	"no commas":   func(s string) string { return strings.NewReplacer(",", "", ".", " ").Replace(s) },
	"in a record": func(s string) string { return `{"id":7,"v":"` + s + `","x":"` + "other\"}" },
	"in a list":   func(s string) string { return "1;bo@example.com;" + s + ";2024-01-02\n" },
}

var mailManglings = map[string]func(string) string{
	"header":  func(s string) string { return "To: Jo Doe <" + s + ">, Bo <bo@example.com>" },
	"link":    func(s string) string { return "mailto:" + strings.ReplaceAll(s, "+", "%2B") + "?subject=hi" },
	"quoted":  func(s string) string { return "'" + s + "'." },
	"spelled": func(s string) string { return strings.NewReplacer("@", " at ", ".", " dot ").Replace(s) },
}

func TestACanaryNamesItsHolderAndNoOther(t *testing.T) {
	home := raw(t, "addresses/home", `{"full":"12 Elm St, Apt 4, Grand Rapids, MI 49503, US"}`)
	from := map[canary.Kind]profile.Piece{
		canary.Subaddress: piece(t, "emails/home", "jo@example.org"),
		canary.Catchall:   piece(t, "emails/home", "jo@jo.example"),
		canary.Unit:       home,
	}
	for kind, plain := range from {
		var all []canary.Given
		for i := range 1000 {
			p, tag, err := canary.Fresh(kind, plain, rand.Reader, all)
			if err != nil {
				t.Fatal(err)
			}
			g := given(fmt.Sprint("card", i), p)
			g.Kind, g.Tag = kind, tag
			all = append(all, g)
		}
		rapid.Check(t, func(t *rapid.T) {
			i := rapid.IntRange(0, len(all)-1).Draw(t, "leaked")
			leak := profile.Text(profile.Piece{Path: all[i].Path, Value: all[i].Value})
			by := manglings
			if kind != canary.Unit && rapid.Bool().Draw(t, "mail") {
				by = mailManglings
			}
			name := rapid.SampledFrom(sorted(by)).Draw(t, "mangling")
			leak = by[name](leak)
			hits := canary.Match(leak, all)
			if len(hits) != 1 || hits[0].Certainty != canary.Certain || hits[0].Given.Card != all[i].Card || hits[0].Of != 1 {
				t.Fatalf("%s %s %q: %.300s", kind, name, leak, show(hits))
			}
		})
	}
}

func sorted(m map[string]func(string) string) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	// rapid wants the same order each time
	for i := range out {
		for j := i; j > 0 && out[j] < out[j-1]; j-- {
			out[j], out[j-1] = out[j-1], out[j]
		}
	}
	return out
}

func TestInitialsNameTheirHolderUntilTheyAreUsedUp(t *testing.T) {
	plain := piece(t, "name", "Jo Doe")
	var all []canary.Given
	for {
		p, tag, err := canary.Fresh(canary.Initials, plain, rand.Reader, all)
		if errors.Is(err, canary.ErrUsedUp) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		g := given(fmt.Sprint("card", len(all)), p)
		g.Kind, g.Tag = canary.Initials, tag
		all = append(all, g)
	}
	if len(all) < 600 {
		t.Errorf("used up after %d", len(all))
	}
	for i := 0; i < len(all); i += 31 {
		g := all[i]
		text := profile.Text(profile.Piece{Path: g.Path, Value: g.Value})
		words := strings.Fields(text)
		turned := fmt.Sprintf("DOE, Jo %s%s", words[1], words[2])
		for _, leak := range []string{text, strings.ToUpper(text), strings.ReplaceAll(text, ".", ""), turned, "To: " + text + " <jo@example.org>"} {
			hits := canary.Match(leak, all)
			if len(hits) != 1 || hits[0].Given.Card != all[i].Card || hits[0].Certainty != canary.Certain {
				t.Fatalf("%q: %.300s", leak, show(hits))
			}
		}
	}
}

// An address tidied by a mail house keeps its unit.
func TestTidiedAddressKeepsItsCode(t *testing.T) {
	for _, typed := range []string{"12 Elm Street, Apt 4, Grand Rapids, MI 49503, US", "12 Elm Street, Grand Rapids, MI 49503, US"} {
		plain := piece(t, "addresses/home", typed)
		made, err := canary.Make(canary.Unit, plain, tag)
		if err != nil {
			t.Fatal(err)
		}
		g := given("a", made)
		g.Kind, g.Tag = canary.Unit, tag
		other, _ := canary.Make(canary.Unit, plain, "bababababababa")
		h := given("b", other)
		h.Kind, h.Tag = canary.Unit, "bababababababa"
		for _, leak := range []string{"JO DOE\n12 ELM ST APT 4-H9Y3\nGRAND RAPIDS MI 49503-1234", "12 Elm St #H9Y3, Grand Rapids", "12 elm st unit h9y3 gr mi 49503"} {
			hits := canary.Match(leak, []canary.Given{h, g})
			if len(hits) != 1 || hits[0].Given.Card != "a" || hits[0].Certainty != canary.Certain {
				t.Errorf("%q: %.300s", leak, show(hits))
			}
		}
		// Alone, or within another word, the code is no evidence.
		for _, leak := range []string{"H9Y3", "order H9Y3 for Bo", "12 Elm Street, Ottawa KH9Y3"} {
			if hits := canary.Match(leak, []canary.Given{h, g}); len(hits) > 0 && hits[0].Certainty == canary.Certain {
				t.Errorf("%q: %.300s", leak, show(hits))
			}
		}
	}
}

func TestFreshAvoidsWhatThePlainPieceShows(t *testing.T) {
	// Drawn from a fixed source twice: the second time the first code is in
	// the address already.
	source := func() *mrand.ChaCha8 { return mrand.NewChaCha8([32]byte{1}) }
	plain := piece(t, "addresses/x", "12 Elm St, Wells")
	_, first, err := canary.Fresh(canary.Unit, plain, source(), nil)
	if err != nil {
		t.Fatal(err)
	}
	made, _ := canary.Make(canary.Unit, plain, first)
	_, second, err := canary.Fresh(canary.Unit, made, source(), nil)
	if err != nil || second == first {
		t.Errorf("drew %s again: %v", second, err)
	}
}
