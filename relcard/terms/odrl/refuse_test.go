package odrl_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/parley-network/parley/relcard/terms"
	"github.com/parley-network/parley/relcard/terms/odrl"
)

const context = `"@context":["http://www.w3.org/ns/odrl.jsonld",{"p7012":"https://w3id.org/dpv/standards/ieee/7012#","dpv":"https://w3id.org/dpv#","spdx":"http://spdx.org/rdf/terms#"}],"@type":"Set"`

const (
	mayTrack  = `"permission":{"action":"dpv:Tracking"}`
	mayNot    = `"prohibition":{"action":"dpv:Tracking"}`
	delivers  = `"obligation":{"action":"dpv:Processing","constraint":{"leftOperand":"dpv:Purpose","operator":"eq","rightOperand":"p7012:ServiceDelivery"}}`
	agreement = `"p7012:hasAgreement":`
)

func doc(parts ...string) string {
	return "{" + strings.Join(append([]string{context}, parts...), ",") + "}"
}

// names lists n names of things.
func names(n int) string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf(`"urn:%d"`, i)
	}
	return strings.Join(all, ",")
}

func TestImportRefusesAndSaysWhere(t *testing.T) {
	for name, c := range map[string]struct{ in, want string }{
		"no JSON":                    {`{`, "breaks off"},
		"an array":                   {`[]`, "is not an object"},
		"twice":                      {doc(mayTrack, mayTrack), `"permission" is there twice`},
		"twice under two names":      {doc(mayTrack, `"odrl:permission":[]`), "there twice under two names"},
		"no rule":                    {doc(), "has no rule"},
		"no type":                    {`{"@context":"http://www.w3.org/ns/odrl.jsonld"}`, "has no @type"},
		"two types":                  {strings.Replace(doc(mayTrack), `"Set"`, `["Set","Offer"]`, 1), "one too many"},
		"type of another vocabulary": {strings.Replace(doc(mayTrack), `"Set"`, `"dpv:Contract"`, 1), "policy.@type"},
		"term without its context":   {`{"@type":"Set","permission":[]}`, `"permission" is not a term`},
		"unknown context":            {strings.Replace(doc(mayTrack), "www.w3.org", "evil.example", 1), `@context[0]: the context "http://evil.example/ns/odrl.jsonld" is not known`},
		"a number as context":        {`{"@context":1}`, "@context[0]"},
		"a vocabulary by default":    {`{"@context":{"@vocab":"http://www.w3.org/ns/odrl/2/"}}`, `"@vocab" is not supported`},
		"a term defined anew":        {`{"@context":{"permission":"http://www.w3.org/ns/odrl/2/prohibition#"}}`, `"permission" can't be a prefix`},
		"a scheme as prefix":         {`{"@context":{"http":"http://www.w3.org/ns/odrl/2/"}}`, `"http" can't be a prefix`},
		"a prefix that is an object": {`{"@context":{"x":{"@id":"http://example.org/"}}}`, "only a prefix with its namespace"},
		"a prefix to no namespace":   {`{"@context":{"x":"http://example.org"}}`, "is not a namespace"},
		"prefix not declared":        {doc(`"permission":{"action":"pd:Tracking"}`), `policy.odrl:permission[0].odrl:action[0]: the prefix "pd" is not declared`},
		"unknown field":              {doc(`"dpv:hasRisk":"x"`), `"dpv:hasRisk" is not known`},
		"inherited rules":            {doc(`"odrl:inheritFrom":"http://example.org/p"`), `"odrl:inheritFrom" is not known`},
		"unknown profile":            {doc(mayTrack, `"profile":"http://example.org/p"`), "policy.odrl:profile"},
		"unknown conflict":           {doc(mayTrack, `"conflict":"dpv:Tracking"`), "policy.odrl:conflict"},
		"two ids":                    {doc(mayTrack, `"uid":"urn:a","@id":"urn:b"`), "differ"},
		"allowed and prohibited":     {doc(mayTrack, mayNot), "tracking is both allowed and prohibited"},
		"also in DPV terms":          {doc(mayTrack, `"dpv:hasProhibition":"p7012:TrackingDisallowed"`), "both allowed and prohibited"},
		"no action":                  {doc(`"permission":{}`), "policy.odrl:permission[0]: has no action"},
		"a rule that is text":        {doc(`"permission":"x"`), "policy.odrl:permission[0]: is not an object"},
		"a rule of another class":    {doc(`"permission":{"@type":"Prohibition","action":"dpv:Tracking"}`), "wants odrl:Permission"},
		"a duty upon a permission":   {doc(`"permission":{"action":"dpv:Tracking","odrl:duty":{}}`), `"odrl:duty" is not known`},
		"an action that is a number": {doc(`"permission":{"action":3}`), "neither a name nor an object"},
		"a part is prohibited":       {doc(`"prohibition":{"action":"dpv:Tracking","target":"dpv:AnonymisedData"}`), "not exactly a practice"},
		"all use is prohibited":      {doc(`"prohibition":{"action":"use"}`), "not exactly a practice"},
		"a condition on prohibiting": {doc(`"prohibition":{"action":"dpv:Tracking","constraint":{"leftOperand":"odrl:spatial","operator":"eq","rightOperand":"urn:x"}}`), "not exactly a practice"},
		"every other purpose":        {doc(`"prohibition":{"action":"use","constraint":{"leftOperand":"purpose","operator":"odrl:neq","rightOperand":"p7012:ServiceDelivery"}}`), "only one purpose"},
		"no purpose":                 {doc(`"permission":{"action":"use","constraint":{"leftOperand":"purpose","operator":"eq"}}`), "names no purpose"},
		"a constraint of text":       {doc(`"permission":{"action":"use","constraint":"x"}`), "odrl:constraint[0]: is not an object"},
		"a term in the wrong place":  {doc(`"dpv:hasPermission":"p7012:TrackingDisallowed"`), "does not belong here"},
		"an unknown prohibition":     {doc(`"dpv:hasProhibition":"p7012:TrackingWithPIIDisallowed"`), "is not known"},
		"two second parties":         {doc(`"permission":{"action":"dpv:Tracking","assignee":["did:x:a","did:x:b"]}`), "a second assignee"},
		"two persons":                {doc(`"assigner":"did:x:a"`, `"permission":{"action":"dpv:Tracking","assigner":"did:x:b"}`), "a second assigner"},
		"the entity as the person":   {doc(`"permission":{"action":"dpv:Tracking","assigner":"p7012:Entity"}`), "can't be the first party"},
		"the person as second party": {doc(`"permission":{"action":"dpv:Tracking","assignee":"p7012:Person"}`), "can't be the second party"},
		"an agreement of nobody":     {strings.Replace(doc(mayTrack), `"Set"`, `"Agreement"`, 1), "names its assigner and assignee"},
		"names what it is not":       {doc(mayTrack, delivers, agreement+`"p7012:SD-BASE"`), "its rule for tracking is yes, and there it is no"},
		"names it and allows more":   {doc(`"dpv:hasPermission":"p7012:SharingDataAllowed"`, delivers, agreement+`"p7012:SD-BASE"`), "does not allow sharing"},
		"names another roster's":     {doc(delivers, agreement+`"p7012:SD-BY"`), terms.ErrID.Error()},
		"names no agreement":         {doc(delivers, agreement+`"dpv:Contract"`), "is no agreement of the extension"},
		"names two":                  {strings.Replace(doc(delivers, agreement+`"p7012:SD-BASE"`), `"Set"`, `["Set","p7012:TPR"]`, 1), "names two agreements"},
		"a reference without hash":   {doc(delivers, agreement+`{"@id":"p7012:SD-BASE","dct:identifier":"SD-BASE"}`), "spdx:checksum"},
		"another digest":             {doc(delivers, agreement+`{"dct:identifier":"SD-BASE","spdx:checksum":{"spdx:algorithm":"spdx:checksumAlgorithm_sha1"}}`), "is not sha256"},
		"a reference without id":     {doc(delivers, agreement+`{"spdx:checksum":{"spdx:algorithm":"spdx:checksumAlgorithm_sha256"}}`), "dct:identifier: text is missing"},
		"a product of names":         {doc(`"permission":{"action":[` + names(17) + `],"target":[` + names(17) + `]}`), "names 17 actions"},
		"a flood of permissions":     {doc(`"permission":[` + strings.TrimSuffix(strings.Repeat(`{"action":[`+names(16)+`],"target":[`+names(16)+`]},`, 20), ",") + `]`), "more than 64 permissions"},
		"a flood of terms":           {doc(`"dpv:hasPermission":[` + names(65) + `]`), "more than 64 permissions"},
		"too long":                   {doc(`"dct:title":"` + strings.Repeat("x", odrl.MaxBytes) + `"`), "the most is"},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := odrl.Import([]byte(c.in))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("got %v, want %q", err, c.want)
			}
			if !reflect.DeepEqual(p, odrl.Policy{}) || len(err.Error()) > 500 {
				t.Errorf("with %+v, an error of %d bytes", p, len(err.Error()))
			}
		})
	}
}

func TestWhatRulesCantSayIsNotGranted(t *testing.T) {
	for _, c := range []struct {
		part    string
		unknown []string
	}{
		{`"permission":{"action":"use","constraint":{"leftOperand":"purpose","operator":"eq","rightOperand":"dpv:Marketing"}}`, []string{"odrl:use for dpv:Marketing"}},
		{`"permission":{"action":"dpv:Tracking","target":"urn:x"}`, []string{"dpv:Tracking of urn:x"}},
		{`"permission":{"action":"dpv:Tracking","assignee":"p7012:ThirdParty"}`, []string{"third-party-tracking"}},
		{`"permission":{"action":"dpv:Share","target":"dpv:PersonalData","assignee":"p7012:ThirdParty"}`, []string{"sharing"}},
		{`"permission":{"action":"dpv:Share"}`, []string{"dpv:Share"}},
		{`"permission":{"action":"dpv:Tracking","constraint":{"leftOperand":"odrl:dateTime","operator":"odrl:lt","rightOperand":{"@id":"urn:x"}}}`, []string{"dpv:Tracking under conditions"}},
		{`"permission":{"action":"dpv:Profiling","constraint":{"leftOperand":"purpose","operator":"isA","rightOperand":{"@id":"dpv:Marketing"}}}`, []string{"dpv:Profiling for dpv:Marketing"}},
		{`"obligation":{"action":"dpv:Erase"}`, []string{"dpv:Erase"}},
		{`"obligation":{"action":"dpv:Processing","constraint":{"leftOperand":"purpose","operator":"eq","rightOperand":"dpv:PublicBenefit"}}`, []string{"public-good"}},
		{`"dpv:hasPermission":["p7012:TrackingWithoutPIIAllowed","https://w3id.org/dpv/standards/p7012#AnalyticsAllowed"]`, []string{"p7012:TrackingWithoutPIIAllowed", "third-party-analytics"}},
		{`"prohibition":{"action":"dpv:Erase"}`, nil},
	} {
		p, err := odrl.Import([]byte(doc(c.part)))
		if err != nil {
			t.Fatalf("%s: %v", c.part, err)
		}
		p.Rules.Analytics = terms.No // the last but one
		if want := (terms.Rules{ServiceDelivery: "no", Analytics: "no", Tracking: "no", Profiling: "no", AnonymisedSharing: "no", Portability: "optional"}); p.Rules != want {
			t.Errorf("%s: %+v", c.part, p.Rules)
		}
		if !slices.Equal(p.Unknown, c.unknown) {
			t.Errorf("%s: unknown %q", c.part, p.Unknown)
		}
	}
}

// Whatever is read, a reference is whole and its rules are the roster's.
func FuzzImport(f *testing.F) {
	for _, id := range []string{"SD-BASE", "SD-BASE-ATP-S3P-DP", "PDC-GOOD"} {
		b, err := deal(f, id).Encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte(doc(mayTrack, delivers, agreement+`"p7012:SD-BASE"`)))
	f.Add([]byte(doc(mayTrack, mayNot)))
	f.Add([]byte(doc(`"dpv:hasPermission":["p7012:AnalyticsAllowed"]`)))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := odrl.Import(b)
		if err != nil {
			return
		}
		if p.Terms != nil && p.Terms.Check() != nil {
			t.Fatalf("a reference off the roster: %+v", p.Terms)
		}
		if a, ok := terms.Lookup(p.Named); ok && (terms.Compare(a.Rules, p.Rules).Order != terms.Equal || len(p.Unknown) > 0) {
			t.Fatalf("named %s with rules %+v and %q", p.Named, p.Rules, p.Unknown)
		}
	})
}
