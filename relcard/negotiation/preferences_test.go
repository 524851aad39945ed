package negotiation_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/relcard/negotiation"
	"github.com/parley-network/parley/relcard/terms"
)

const preferencesFile = `{
	"default": {"always": ["SD-BASE-A-DP"], "never": ["SD-BASE-ATP-S3P"], "else": "accept-stricter"},
	"vendors": {"VENDOR": {"always": ["SD-BASE-ATP-S3P"]}},
	"categories": {
		"vehicles": {"never": ["SD-BASE-A"], "else": "ask"},
		"vehicles/cars": {"always": ["SD-BASE-A", "SD-BASE-AT"], "else": "refuse"},
		"food": {"never": ["SD-BASE"]}
	}
}`

func TestDecide(t *testing.T) {
	p, err := negotiation.ParsePreferences([]byte(strings.ReplaceAll(preferencesFile, "VENDOR", string(shop.DID))))
	if err != nil {
		t.Fatal(err)
	}
	const other identity.DID = "did:key:other"
	for name, c := range map[string]struct {
		vendor   identity.DID
		category string
		id       string
		want     negotiation.Decision
		why      string
	}{
		"named by default":                  {other, "", "SD-BASE-A-DP", negotiation.Always, "by default"},
		"stricter than that":                {other, "", "SD-BASE-DP", negotiation.Always, "no wider than SD-BASE-A-DP"},
		"wider in portability":              {other, "", "SD-BASE-A", negotiation.Ask, "wider"},
		"wider":                             {other, "", "SD-BASE-AT-DP", negotiation.Ask, "wider"},
		"for another purpose":               {other, "", "PDC-AI", negotiation.Ask, "wider"},
		"never by default":                  {other, "", "SD-BASE-ATP-S3P", negotiation.Never, "never"},
		"always for the vendor":             {shop.DID, "", "SD-BASE-ATP-S3P", negotiation.Always, "for this vendor"},
		"what the vendor's does not name":   {shop.DID, "", "SD-BASE-A-DP", negotiation.Always, "by default"},
		"the vendor's before the category":  {shop.DID, "vehicles/cars", "SD-BASE-ATP-S3P", negotiation.Always, "for this vendor"},
		"never in the category":             {other, "vehicles", "SD-BASE-A", negotiation.Never, "for vehicles"},
		"beneath the category":              {other, "vehicles/bikes/road", "SD-BASE-A", negotiation.Never, "for vehicles"},
		"asked in the category":             {other, "vehicles", "SD-BASE-A-DP", negotiation.Ask, "for vehicles"},
		"the longest path":                  {other, "vehicles/cars/vans", "SD-BASE-A", negotiation.Always, "for vehicles/cars"},
		"refuse the rest":                   {other, "vehicles/cars", "SD-BASE-DP", negotiation.Never, "not among"},
		"a path is not a prefix of letters": {other, "vehicles/carsharing", "SD-BASE-A", negotiation.Never, "for vehicles"},
		"a category that leaves it open":    {other, "food/bread", "SD-BASE-DP", negotiation.Always, "no wider"},
		"and what it names":                 {other, "food/bread", "SD-BASE", negotiation.Never, "for food"},
	} {
		got, why := p.Decide(c.vendor, c.category, ref(c.id))
		if got != c.want || !strings.Contains(why, c.why) {
			t.Errorf("%s: %s (%s), want %s (%s)", name, got, why, c.want, c.why)
		}
	}
	off := ref("SD-BASE-A-DP")
	off.SHA256 = strings.Repeat("f", 64)
	if got, why := p.Decide(other, "", off); got != negotiation.Ask || !strings.Contains(why, "hash") {
		t.Errorf("another text under an id that is always agreed to: %s (%s)", got, why)
	}
	if got, _ := (negotiation.Preferences{}).Decide(shop.DID, "a/b", ref("SD-BASE")); got != negotiation.Ask {
		t.Errorf("without preferences: %s", got)
	}
}

// Whoever automates nothing is asked; whoever lets stricter terms pass never
// agrees to a rule wider than what it has named.
func TestStricterNeverWidens(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		always := rapid.SampledFrom(terms.All()).Draw(t, "always")
		asked := rapid.SampledFrom(terms.All()).Draw(t, "asked")
		p := negotiation.Preferences{Default: negotiation.Choice{Always: []string{always.Ref.ID}, Else: negotiation.ElseStricter}}
		got, why := p.Decide(shop.DID, "", asked.Ref)
		w := widening([]terms.Ref{always.Ref}, asked.Ref)
		if (got == negotiation.Always) != (w == 0) || (w != 0 && got != negotiation.Ask) {
			t.Fatalf("with %s agreed to, %s is decided %s (%s)", always.Ref.ID, asked.Ref.ID, got, why)
		}
	})
}

func TestPreferencesRoundTrip(t *testing.T) {
	p, err := negotiation.ParsePreferences([]byte(strings.ReplaceAll(preferencesFile, "VENDOR", string(shop.DID))))
	if err != nil {
		t.Fatal(err)
	}
	again, err := negotiation.ParsePreferences(must(json.Marshal(p)))
	if err != nil || cmp.Diff(p, again) != "" {
		t.Errorf("%v\n%s", err, cmp.Diff(p, again))
	}
	if empty, err := negotiation.ParsePreferences([]byte("{}")); err != nil || string(must(json.Marshal(empty))) != "{}" {
		t.Errorf("empty: %v", err)
	}
}

func TestPreferencesAreRefused(t *testing.T) {
	many := make([]string, 10_001)
	for i := range many {
		many[i] = fmt.Sprintf(`"c%d":{}`, i)
	}
	for name, c := range map[string]struct{ text, where string }{
		"nothing":                     {``, "JSON"},
		"an array":                    {`[]`, "no object"},
		"more after it":               {`{} {}`, "after top-level"},
		"cut off":                     {`{"default":`, "JSON"},
		"an unknown name":             {`{"defaults":{}}`, `"defaults"`},
		"a name in another case":      {`{"Default":{}}`, `"Default"`},
		"a name twice":                {`{"default":{},"default":{}}`, `"default" is there twice`},
		"a vendor twice":              {`{"vendors":{"did:key:a":{},"did:key:a":{}}}`, `"did:key:a" is there twice`},
		"null":                        {`{"default":null}`, "default: is no object"},
		"an unknown name in a choice": {`{"default":{"alway":[]}}`, `default: "alway"`},
		"a list that is none":         {`{"default":{"always":"SD-BASE"}}`, "default.always: "},
		"a list that is null":         {`{"default":{"never":null}}`, "default.never: "},
		"an id not in the roster":     {`{"default":{"always":["SD-BASE","SD-MINE"]}}`, "default.always[1]: "},
		"an id twice":                 {`{"default":{"never":["TPR","TPR"]}}`, "default.never[1]: "},
		"an id in both":               {`{"default":{"always":["TPR"],"never":["TPR"]}}`, "default.always[0]: "},
		"an unknown else":             {`{"default":{"else":"accept"}}`, "default.else: "},
		"a vendor that is no DID":     {`{"vendors":{"shop":{}}}`, `vendors["shop"]: `},
		"a vendor's choice":           {`{"vendors":{"` + string(shop.DID) + `":{"else":"no"}}}`, `.else: `},
		"a category of nothing":       {`{"categories":{"":{}}}`, `categories[""]: `},
		"a category with an edge":     {`{"categories":{"cars/":{}}}`, `categories["cars/"]: `},
		"a category's choice":         {`{"categories":{"cars":{"never":[""]}}}`, `categories["cars"].never[0]: `},
		"too many":                    {`{"categories":{` + strings.Join(many, ",") + `}}`, "10001 choices"},
		"too long":                    {`{"default":{` + strings.Repeat(" ", 1<<20) + `}}`, "bytes"},
	} {
		got, err := negotiation.ParsePreferences([]byte(c.text))
		if err == nil || !strings.Contains(err.Error(), c.where) {
			t.Errorf("%s: %v, want %q", name, err, c.where)
		}
		if cmp.Diff(got, negotiation.Preferences{}) != "" {
			t.Errorf("%s: half of it is taken", name)
		}
	}
}

func FuzzParsePreferences(f *testing.F) {
	f.Add([]byte(strings.ReplaceAll(preferencesFile, "VENDOR", string(shop.DID))))
	for _, s := range []string{`{}`, `{"default":{}}`, `{"default":{"else":"ask"},"default":{}}`, `[]`, `{"vendors":{"\ud800":{}}}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := negotiation.ParsePreferences(b)
		if err != nil {
			return
		}
		if err := p.Check(); err != nil {
			t.Fatal(err)
		}
		again, err := negotiation.ParsePreferences(must(json.Marshal(p)))
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range terms.All() {
			if x, _ := p.Decide(shop.DID, "vehicles/cars", a.Ref); x != first(again.Decide(shop.DID, "vehicles/cars", a.Ref)) {
				t.Fatal("written and read it decides otherwise")
			}
		}
	})
}

func first[A, B any](a A, _ B) A { return a }
