package profile_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/parley-network/parley/node/profile"
)

func TestImportJSContactTakesAndNames(t *testing.T) {
	var p profile.Profile
	p = must(t)(p.SetText("phones/p", "+1 616 555 0199"))
	p = must(t)(p.SetText("notes/keep", "stays"))
	q, report, err := p.ImportJSContact([]byte(`{
		"@type": "Card", "version": "1.0", "kind": "individual", "uid": "urn:uuid:1", "prodId": "Works 7",
		"name": {"@type": "Name", "isOrdered": true, "components": [
			{"kind": "given", "value": "Jo"}, {"kind": "surname", "value": "Doe", "example.com:seen": 1}]},
		"emails": {"EMAIL-1": {"contexts": {"work": true, "example.com:shop": true}, "address": "jo@works.example"}},
		"phones": {"p": {"number": "tel:+1-616-555-0100", "features": {"mobile": true}}},
		"anniversaries": {
			"w": {"kind": "wedding", "date": {"year": 2015, "month": 6, "day": 6}},
			"b": {"kind": "birth", "date": {"year": 1990, "month": 4}}},
		"media": {"m": {"kind": "photo", "uri": "https://jo.example/me.jpg"}},
		"vCardProps": [["x-foo", {}, "text", "bar"]],
		"example.com:\u001b[31m": true
	}`))
	if err != nil {
		t.Fatal(err)
	}
	if want := []profile.Path{"birthday", "emails/EMAIL-1", "name", "phones/p"}; !slices.Equal(report.Taken, want) {
		t.Errorf("took %s", report.Taken)
	}
	if want := []profile.Path{"phones/p"}; !slices.Equal(report.Replaced, want) {
		t.Errorf("replaced %s", report.Replaced)
	}
	if want := []string{`"example.com:\x1b[31m"`, "anniversaries/w", "emails/EMAIL-1/contexts.example.com:shop", "media",
		"name/components[1].example.com:seen", "prodId", "uid", "vCardProps"}; !slices.Equal(report.Dropped, want) {
		t.Errorf("dropped %q", report.Dropped)
	}
	for path, want := range map[profile.Path]string{
		"emails/EMAIL-1": `{"address":"jo@works.example","contexts":{"work":true}}`,
		"birthday":       `{"date":{"month":4,"year":1990},"kind":"birth"}`,
		"notes/keep":     `{"note":"stays"}`,
	} {
		if got, _ := q.Get(path); string(got.Value) != want {
			t.Errorf("%s is %s", path, got.Value)
		}
	}
}

func TestImportJSContactRefusesGarbage(t *testing.T) {
	card := func(s string) string { return `{"@type":"Card","version":"1.0","uid":"u",` + s + `}` }
	for name, c := range map[string][2]string{
		"no JSON":        {`BEGIN:VCARD`, "JSON"},
		"no card":        {`[]`, "@type"},
		"other type":     {`{"@type":"Group","version":"1.0"}`, "@type"},
		"version":        {`{"@type":"Card","version":"9.0"}`, "version"},
		"group":          {card(`"kind":"group"`), "not of a person"},
		"bad piece":      {card(`"emails":{"a":{"address":"jo"}}`), "emails/a: address"},
		"bad id":         {card(`"emails":{"a/b":{"address":"jo@example.org"}}`), "id"},
		"list for map":   {card(`"emails":[]`), "emails"},
		"text for piece": {card(`"emails":{"a":"jo@example.org"}`), "emails/a"},
		"case":           {card(`"Emails":{}`), "spelled"},
		"duplicate":      {card(`"name":{"full":"a"},"name":{"full":"b"}`), "Duplicate"},
		"card number":    {card(`"parley-network.github.io:payments":{"v":{"label":"4111111111111111"}}`), "last four"},
		"too big":        {card(`"x":"` + strings.Repeat("x", 1<<20) + `"`), "at most"},
		"too deep":       {card(`"x":` + strings.Repeat("[", 100000)), ""},
	} {
		p, _, err := jo(t).ImportJSContact([]byte(c[0]))
		if err == nil || !strings.Contains(err.Error(), c[1]) {
			t.Errorf("%s: %v", name, err)
		}
		if err := same(p, jo(t)); err != nil {
			t.Errorf("%s: changed the profile: %v", name, err)
		}
	}
}

func TestExportJSContactNeedsAFreshUID(t *testing.T) {
	if _, err := jo(t).ExportJSContact(""); err == nil {
		t.Error("a Card without a uid")
	}
	b, err := jo(t).ExportJSContact("urn:uuid:2")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"@type":"Card"`, `"uid":"urn:uuid:2"`, `"version":"1.0"`, `"anniversaries":{"birthday":{`,
		`"parley-network.github.io:payments":{"visa":{"label":"Visa ending 1234"}}`} {
		if !strings.Contains(string(b), want) {
			t.Errorf("no %s in %s", want, b)
		}
	}
}
