package profile_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/parley-network/parley/node/profile"
	"pgregory.net/rapid"
)

type obj = map[string]any

// nasty is text with everything that a content line, a structured value, a
// parameter and JSON must escape.
func nasty(lines bool) *rapid.Generator[string] {
	runes := []rune(`ab \,;:"^'n~/=é山😀<>&` + "\u2028\u00a0")
	if lines {
		runes = append(runes, '\n')
	}
	return rapid.Custom(func(t *rapid.T) string {
		return "x" + rapid.StringOfN(rapid.SampledFrom(runes), 0, 40, 90).Draw(t, "text") + rapid.SampledFrom([]string{"", "y"}).Draw(t, "end")
	})
}

func set(t *rapid.T, names ...string) obj {
	o := obj{}
	for _, n := range names {
		if rapid.Bool().Draw(t, n) {
			o[n] = true
		}
	}
	return o
}

// maybe gives o a property half of the time.
func maybe[T any](t *rapid.T, o obj, name string, g *rapid.Generator[T]) {
	if rapid.Bool().Draw(t, "has "+name) {
		o[name] = g.Draw(t, name)
	}
}

func common(t *rapid.T, o obj, labelled bool) obj {
	if c := set(t, "private", "work"); len(c) > 0 {
		o["contexts"] = c
	}
	maybe(t, o, "pref", rapid.IntRange(1, 100))
	if labelled {
		maybe(t, o, "label", nasty(false))
	}
	return o
}

// parts draws the components of a name or address, ordered or not.
func parts(t *rapid.T, o obj, kinds []string) {
	ordered := rapid.Bool().Draw(t, "ordered")
	var out []any
	last := "separator"
	for range rapid.IntRange(1, 6).Draw(t, "parts") {
		kind := rapid.SampledFrom(kinds).Draw(t, "kind")
		if ordered && last != "separator" && rapid.IntRange(0, 3).Draw(t, "apart") == 0 {
			out = append(out, obj{"kind": "separator", "value": rapid.SampledFrom([]string{"", ",", ", ", ";", "\\", "\n", `"`, "^"}).Draw(t, "separator")})
		}
		v := rapid.OneOf(nasty(true), rapid.SampledFrom([]string{"Doe", "Garcia", "Jr.", "4"})).Draw(t, "value")
		out = append(out, obj{"kind": kind, "value": v})
		last = kind
	}
	o["components"] = out
	if ordered {
		o["isOrdered"] = true
		maybe(t, o, "defaultSeparator", rapid.SampledFrom([]string{"", " ", ", ", ";", "\\"}))
	}
}

var (
	nameKinds    = []string{"surname", "surname2", "given", "given2", "title", "credential", "generation"}
	addressKinds = []string{"number", "name", "apartment", "room", "floor", "building", "block", "landmark", "direction",
		"district", "subdistrict", "locality", "region", "postcode", "country", "postOfficeBox"}
)

func drawAddress(t *rapid.T) obj {
	o := obj{}
	if c := set(t, "private", "work", "billing", "delivery"); len(c) > 0 {
		o["contexts"] = c
	}
	maybe(t, o, "pref", rapid.IntRange(1, 100))
	maybe(t, o, "countryCode", rapid.SampledFrom([]string{"US", "NL", "JP"}))
	maybe(t, o, "coordinates", rapid.SampledFrom([]string{"geo:42.96,-85.67", "geo:1,2;u=9"}))
	maybe(t, o, "timeZone", rapid.SampledFrom([]string{"America/Detroit", "Etc/GMT+5"}))
	maybe(t, o, "full", nasty(true))
	if rapid.Bool().Draw(t, "components") || len(o) == 0 || o["full"] == nil {
		parts(t, o, addressKinds)
	}
	return o
}

func drawName(t *rapid.T) obj {
	o := obj{}
	maybe(t, o, "full", nasty(true))
	if rapid.Bool().Draw(t, "components") || len(o) == 0 {
		parts(t, o, nameKinds)
		first := o["components"].([]any)[0].(obj)
		if rapid.IntRange(0, 4).Draw(t, "sorted") == 0 {
			o["sortAs"] = obj{first["kind"].(string): nasty(false).Draw(t, "sort")}
		}
		if rapid.IntRange(0, 4).Draw(t, "spoken") == 0 {
			o["phoneticSystem"] = "ipa"
			first["phonetic"] = nasty(false).Draw(t, "phonetic")
		}
	}
	return o
}

func drawDate(t *rapid.T) obj {
	d := obj{}
	switch rapid.IntRange(0, 4).Draw(t, "date") {
	case 0:
		return obj{"@type": "Timestamp", "utc": rapid.SampledFrom([]string{"1990-04-01T01:02:03Z", "1990-04-01T01:02:03.5Z"}).Draw(t, "utc")}
	case 1:
		d["year"] = rapid.IntRange(1, 9999).Draw(t, "year")
	case 2:
		d["year"], d["month"] = rapid.IntRange(1, 9999).Draw(t, "year"), rapid.IntRange(1, 12).Draw(t, "month")
	case 3:
		d["month"], d["day"] = rapid.IntRange(1, 12).Draw(t, "month"), rapid.IntRange(1, 29).Draw(t, "day")
	default:
		d["year"], d["month"], d["day"] = rapid.IntRange(1, 9999).Draw(t, "year"), rapid.IntRange(1, 12).Draw(t, "month"), rapid.IntRange(1, 28).Draw(t, "day")
	}
	return d
}

// draw is one value of each kind.
var draw = map[string]func(*rapid.T) obj{
	"name":      drawName,
	"nicknames": func(t *rapid.T) obj { return common(t, obj{"name": nasty(false).Draw(t, "name")}, false) },
	"addresses": drawAddress,
	"organizations": func(t *rapid.T) obj {
		o := obj{"name": nasty(false).Draw(t, "name")}
		maybe(t, o, "sortAs", nasty(false))
		for range rapid.IntRange(0, 3).Draw(t, "units") {
			u, _ := o["units"].([]any)
			o["units"] = append(u, obj{"name": nasty(false).Draw(t, "unit")})
		}
		if o["units"] != nil && rapid.Bool().Draw(t, "nameless") {
			delete(o, "name")
		}
		if c := set(t, "private", "work"); len(c) > 0 {
			o["contexts"] = c
		}
		return o
	},
	"titles": func(t *rapid.T) obj {
		o := obj{"name": nasty(false).Draw(t, "name")}
		maybe(t, o, "kind", rapid.Just("role"))
		maybe(t, o, "organizationId", rapid.Just("work"))
		return o
	},
	"speakToAs": func(t *rapid.T) obj {
		o := obj{"pronouns": obj{"a": common(t, obj{"pronouns": nasty(false).Draw(t, "pronouns")}, false)}}
		maybe(t, o, "grammaticalGender", rapid.Just("common"))
		return o
	},
	"emails": func(t *rapid.T) obj {
		return common(t, obj{"address": rapid.SampledFrom([]string{"jo@example.org", `"jo,\";: doe"@example.org`, "jo+a=b@example.org", "jö@exämple.org"}).Draw(t, "address")}, true)
	},
	"phones": func(t *rapid.T) obj {
		o := common(t, obj{"number": rapid.SampledFrom([]string{"+1 616 555 0100", "tel:+1-616-555-0100;ext=5", "1,2;3", "sip:jo@example.org"}).Draw(t, "number")}, true)
		if f := set(t, "fax", "mobile", "voice", "text", "main-number"); len(f) > 0 {
			o["features"] = f
		}
		return o
	},
	"onlineServices": func(t *rapid.T) obj {
		o := common(t, obj{"uri": "xmpp:jo@example.org;a,b"}, true)
		maybe(t, o, "user", nasty(false))
		maybe(t, o, "service", nasty(false))
		if o["user"] != nil && rapid.Bool().Draw(t, "no uri") {
			delete(o, "uri")
		}
		return o
	},
	"preferredLanguages": func(t *rapid.T) obj { return common(t, obj{"language": "nl-BE"}, false) },
	"links": func(t *rapid.T) obj {
		o := common(t, obj{"uri": "https://example.org/?a=b;c,d#e"}, true)
		maybe(t, o, "kind", rapid.Just("contact"))
		maybe(t, o, "mediaType", nasty(false))
		return o
	},
	"birthday": func(t *rapid.T) obj {
		o := obj{"kind": "birth", "date": drawDate(t)}
		if rapid.Bool().Draw(t, "placed") {
			o["place"] = drawAddress(t)
		}
		return o
	},
	"notes": func(t *rapid.T) obj { return obj{"note": nasty(true).Draw(t, "note")} },
	"payments": func(t *rapid.T) obj {
		o := obj{"label": nasty(false).Draw(t, "label")}
		maybe(t, o, "ref", nasty(false))
		return o
	},
}

func drawProfile(t *rapid.T) profile.Profile {
	var p profile.Profile
	for _, kind := range rapid.SliceOfN(rapid.SampledFrom([]string{"name", "nicknames", "addresses", "organizations", "titles", "speakToAs",
		"emails", "phones", "onlineServices", "preferredLanguages", "links", "birthday", "notes", "payments"}), 0, 12).Draw(t, "kinds") {
		path := kind
		if kind != "name" && kind != "speakToAs" && kind != "birthday" {
			path += "/" + rapid.SampledFrom([]string{"home", "work", "1", "2", "EMAIL-1", "mobile", "-_"}).Draw(t, "id")
		}
		b, err := json.Marshal(draw[kind](t))
		if err != nil {
			t.Fatal(err)
		}
		if p, err = p.Set(profile.Path(path), b); err != nil {
			t.Fatalf("set %s %s: %v", path, b, err)
		}
	}
	return p
}

func same(p, q profile.Profile) error {
	a, _ := p.Encode()
	b, _ := q.Encode()
	if string(a) != string(b) {
		return fmt.Errorf("came back as\n%s\nnot\n%s", b, a)
	}
	return nil
}

func TestEveryPieceSurvivesEveryForm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawProfile(t)
		b, err := p.Encode()
		if err != nil {
			t.Fatal(err)
		}
		q, err := profile.Decode(b)
		if err != nil {
			t.Fatalf("%v\n%s", err, b)
		}
		if err := same(p, q); err != nil {
			t.Fatal("stored:", err)
		}

		card, err := p.ExportVCard()
		if err != nil {
			t.Fatal(err)
		}
		q, report, err := profile.Profile{}.ImportVCard(card)
		if err != nil {
			t.Fatalf("%v\n%s", err, card)
		}
		if err := same(p, q); err != nil || len(report.Dropped) > 0 {
			t.Fatalf("vCard: %v, dropped %q\n%s", err, report.Dropped, card)
		}

		js, err := p.ExportJSContact("urn:uuid:0c1c2a2e-7a3c-4a0e-8d4e-4f1d3f4c5b6a")
		if err != nil {
			t.Fatal(err)
		}
		q, report, err = profile.Profile{}.ImportJSContact(js)
		if err != nil {
			t.Fatalf("%v\n%s", err, js)
		}
		if err := same(p, q); err != nil || len(report.Dropped) != 1 || report.Dropped[0] != "uid" {
			t.Fatalf("JSContact: %v, dropped %q", err, report.Dropped)
		}
		for _, piece := range p.List() {
			if profile.Text(piece) == "" {
				t.Errorf("%s shows as nothing: %s", piece.Path, piece.Value)
			}
		}
	})
}
