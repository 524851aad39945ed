package profile_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/parley-network/parley/node/profile"
)

// must fails the test on an error and returns the profile.
func must(t testing.TB) func(profile.Profile, error) profile.Profile {
	return func(p profile.Profile, err error) profile.Profile {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
}

// jo is a profile of one person, as they would type it.
func jo(t testing.TB) profile.Profile {
	var p profile.Profile
	for _, in := range [][2]string{
		{"name", "Jo Doe"}, {"nicknames/home", "Joey"}, {"speakToAs", "they/them"}, {"birthday", "1990-04-01"},
		{"emails/home", "jo@example.org"}, {"emails/work", "doe@works.example"}, {"phones/mobile", "+1 616 555 0100"},
		{"addresses/home", "12 Elm St, Grand Rapids, MI 49503, US"}, {"addresses/work", "1 Rue de la Paix, 75002 Paris, FR"},
		{"organizations/work", "Works, Ltd"}, {"titles/work", "Fitter"}, {"preferredLanguages/1", "en-US"},
		{"links/blog", "https://jo.example/"}, {"onlineServices/mastodon", "@jo@social.example"},
		{"payments/visa", "Visa ending 1234"}, {"notes/door", "Ring twice\nthen wait"},
	} {
		p = must(t)(p.SetText(profile.Path(in[0]), in[1]))
	}
	return p
}

func TestPiecesAreSetReadAndRemoved(t *testing.T) {
	var empty profile.Profile
	p := must(t)(empty.Set("emails/work", json.RawMessage(`{ "address" : "jo@works.example", "pref": 1 }`)))
	p = must(t)(p.SetText("emails/home", "jo@example.org"))
	p = must(t)(p.SetText("name", "Jo Doe"))

	got, ok := p.Get("emails/work")
	if !ok || string(got.Value) != `{"address":"jo@works.example","pref":1}` {
		t.Errorf("got %v %s", ok, got.Value)
	}
	var paths []string
	for _, piece := range p.List() {
		paths = append(paths, string(piece.Path))
	}
	if s := strings.Join(paths, " "); s != "emails/home emails/work name" {
		t.Errorf("listed %s", s)
	}
	q := must(t)(p.Remove("emails/home"))
	if _, ok := q.Get("emails/home"); ok || len(p.List()) != 3 || len(empty.List()) != 0 {
		t.Error("a change touched the profile it was made from")
	}
	if _, err := q.Remove("emails/home"); !errors.Is(err, profile.ErrNoPiece) {
		t.Errorf("removed twice: %v", err)
	}
}

func TestWhatIsReadIsACopy(t *testing.T) {
	p := jo(t)
	got, _ := p.Get("name")
	got.Value[0] = 'X'
	p.List()[0].Value[0] = 'X'
	if again, err := p.Encode(); err != nil {
		t.Fatal(err)
	} else if _, err := profile.Decode(again); err != nil {
		t.Errorf("a caller reached into the profile: %v", err)
	}
}

func TestOneValueHasOneEncoding(t *testing.T) {
	for path, same := range map[profile.Path][]string{
		"phones/mobile": {
			`{"number":"+1 616 555 0100"}`,
			`{"@type":"Phone","number":"+1 616 555 0100"}`,
			`{"number":"\u002b1 616 555 0100","contexts":{},"features":{}}`,
		},
		"name": {
			`{"components":[{"kind":"given","value":"Jo"}],"full":"Jo"}`,
			`{"@type":"Name","full":"Jo","isOrdered":false,"components":[{"@type":"NameComponent","value":"Jo","kind":"given"}]}`,
		},
		"addresses/x": {
			`{"components":[{"kind":"locality","value":"Wells"},{"kind":"number","value":"12"}]}`,
			`{"components":[{"kind":"number","value":"12"},{"kind":"locality","value":"Wells"}]}`,
		},
		"titles/1": {`{"name":"Fitter"}`, `{"kind":"title","name":"Fitter"}`},
		"birthday": {`{"date":{"year":1990},"kind":"birth"}`, `{"kind":"birth","date":{"@type":"PartialDate","year":1990.0}}`},
	} {
		for _, in := range same {
			piece, err := profile.NewPiece(path, json.RawMessage(in))
			if err != nil {
				t.Errorf("%s %s: %v", path, in, err)
			} else if string(piece.Value) != same[0] {
				t.Errorf("%s %s is kept as %s", path, in, piece.Value)
			}
		}
	}
}

func TestStoredFormIsStrict(t *testing.T) {
	p := jo(t)
	b, err := p.Encode()
	if err != nil {
		t.Fatal(err)
	}
	q, err := profile.Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := q.Encode(); string(again) != string(b) {
		t.Errorf("stored again as\n%s\nnot\n%s", again, b)
	}
	for name, bad := range map[string]string{
		"nothing":           ``,
		"no pieces":         `{"v":1}`,
		"version":           `{"pieces":{},"v":2}`,
		"unknown member":    `{"pieces":{},"v":1,"x":1}`,
		"spaces":            `{"pieces": {},"v":1}`,
		"trailing":          `{"pieces":{},"v":1}1`,
		"unknown path":      `{"pieces":{"shoe":{}},"v":1}`,
		"bad piece":         `{"pieces":{"emails/home":{"address":"jo"}},"v":1}`,
		"not canonical":     `{"pieces":{"emails/home":{"pref":1,"address":"jo@example.org"}},"v":1}`,
		"not normal":        `{"pieces":{"emails/home":{"@type":"EmailAddress","address":"jo@example.org"}},"v":1}`,
		"duplicate":         `{"pieces":{"emails/home":{"address":"a@example.org"},"emails/home":{"address":"a@example.org"}},"v":1}`,
		"too big":           `{"pieces":{},"v":1}` + strings.Repeat(" ", profile.MaxProfile),
		"differs in case":   `{"Pieces":{},"v":1}`,
		"a list of pieces":  `{"pieces":[],"v":1}`,
		"a null for pieces": `{"pieces":null,"v":1}`,
	} {
		if _, err := profile.Decode([]byte(bad)); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func TestStandsWithinALargerDocument(t *testing.T) {
	type document struct{ Profile profile.Profile }
	b, err := json.MarshalIndent(document{jo(t)}, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	var got document
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Profile.List()) != len(jo(t).List()) {
		t.Error("pieces were lost")
	}
}

func TestBounds(t *testing.T) {
	var p profile.Profile
	for i := range profile.MaxPieces {
		p = must(t)(p.SetText(profile.Path(fmt.Sprintf("notes/%d", i)), "a note"))
	}
	if q, err := p.SetText("notes/more", "a note"); !errors.Is(err, profile.ErrTooBig) || len(q.List()) != profile.MaxPieces {
		t.Errorf("a piece too many: %v", err)
	}
	must(t)(p.SetText("notes/0", "another note"))

	p = profile.Profile{}
	var err error
	n := 0
	for ; err == nil; n++ {
		p, err = p.SetText(profile.Path(fmt.Sprintf("notes/%d", n)), strings.Repeat("long ", 200))
	}
	b, encodeErr := p.Encode()
	if !errors.Is(err, profile.ErrTooBig) || encodeErr != nil || len(b) > profile.MaxProfile || len(b) < profile.MaxProfile-2000 {
		t.Errorf("%d pieces, %d bytes: %v", n, len(b), err)
	}
	big := `{"name":"` + strings.Repeat("a", 1000) + `","units":[` + strings.TrimSuffix(strings.Repeat(`{"name":"`+strings.Repeat("u", 900)+`"},`, 4), ",") + `]}`
	var invalid *profile.InvalidError
	if _, err := p.Set("organizations/1", json.RawMessage(big)); !errors.As(err, &invalid) {
		t.Errorf("a piece of %d bytes: %v", len(big), err)
	}
}

func TestPaths(t *testing.T) {
	for _, good := range []string{"name", "birthday", "speakToAs", "emails/home", "addresses/EMAIL-1_x", "payments/visa"} {
		p, err := profile.ParsePath(good)
		if err != nil || string(p) != good {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range []string{"", "/", "name/", "name/x", "Name", "emails", "emails/", "emails/a/b", "emails/a b", "emails/é",
		" name", "emails/" + strings.Repeat("x", 65), "shoes/left", "emails/../name"} {
		if _, err := profile.ParsePath(bad); err == nil {
			t.Errorf("%q: taken", bad)
		}
	}
	if p := profile.Path("emails/work"); p.Kind() != "emails" || p.ID() != "work" || profile.Path("name").ID() != "" {
		t.Error("a path is taken apart wrongly")
	}
}
