package odrl_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/parley-network/parley/relcard/terms"
	"github.com/parley-network/parley/relcard/terms/odrl"
)

// One policy in each of the published ways to write names.
func TestNamesMayBeTermsPrefixedOrFull(t *testing.T) {
	const p7012, dpv, o = string(odrl.IEEE7012), "https://w3id.org/dpv#", "http://www.w3.org/ns/odrl/2/"
	short := `{"@context":["http://www.w3.org/ns/odrl.jsonld",{"p7012":"` + p7012 + `","dpv":"` + dpv + `"}],
		"@type":"Offer","uid":"urn:uuid:1","assigner":"did:x:person",
		"permission":[{"@type":"Permission","action":"dpv:Tracking","assignee":"p7012:Entity"}],
		"obligation":{"action":"use","constraint":{"@type":"Constraint","leftOperand":"purpose","operator":"eq","rightOperand":{"@id":"p7012:ServiceDelivery"}}}}`
	prefixed := `{"@context":{"a":"` + o + `","b":"` + p7012 + `","c":"` + dpv + `"},
		"@type":["a:Offer"],"@id":"urn:uuid:1","a:assigner":{"@id":"did:x:person"},
		"a:permission":{"a:action":{"@id":"c:Tracking"},"a:assignee":[{"@id":"b:Entity"}]},
		"a:obligation":[{"a:action":"a:use","a:constraint":[{"a:leftOperand":"a:purpose","a:operator":"a:eq","a:rightOperand":"b:ServiceDelivery"}]}]}`
	full := strings.NewReplacer(`"a:`, `"`+o, `"b:`, `"`+p7012, `"c:`, `"`+dpv).Replace(prefixed[strings.Index(prefixed, `"@type"`):])
	full = "{" + full
	want := odrl.Policy{Kind: odrl.Offer, UID: "urn:uuid:1", Assigner: "did:x:person",
		Rules: terms.Rules{ServiceDelivery: "must", Analytics: "no", Tracking: "yes", Profiling: "no", AnonymisedSharing: "no", Portability: "optional"}}
	for name, doc := range map[string]string{"terms": short, "prefixed": prefixed, "full": full} {
		got, err := odrl.Import([]byte(doc))
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v\n%s", name, got, err, doc)
		}
	}
	// In the older namespace it says the same.
	got, err := odrl.Import([]byte(strings.ReplaceAll(full, p7012, string(odrl.P7012))))
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("older namespace: %+v, %v", got, err)
	}
}

// saying is a way to say that the second party may, must or must not.
type saying struct {
	rule  map[string]any // of ODRL, without its party
	terms [3]string      // of DPV: may, must, must not; "" where there is none
}

func purpose(p string) map[string]any {
	return map[string]any{"leftOperand": "dpv-odrl:Purpose", "operator": "eq", "rightOperand": map[string]any{"@id": p}}
}

// sayings are by the order of the rules.
var sayings = []saying{
	{map[string]any{"action": "dpv:Processing", "constraint": purpose("p7012:ServiceDelivery")}, [3]string{"", "ServiceDeliveryRequired", ""}},
	{map[string]any{"action": "dpv-odrl:Processing", "constraint": purpose("p7012:ServiceAnalytics")}, [3]string{"Analytics2PAllowed", "", "AnalyticsDisallowed"}},
	{map[string]any{"action": "dpv-odrl:Tracking", "target": "dpv-odrl:PersonalData"}, [3]string{"Tracking2PAllowed", "", "Tracking2PDisallowed"}},
	{map[string]any{"action": "dpv:Profiling"}, [3]string{"Profiling2PAllowed", "", "ProfilingDisallowed"}},
	{map[string]any{"action": "dpv:Share", "target": "dpv:AnonymisedData"}, [3]string{"DataSharingAnonymised3PAllowed", "", "SharingDataDisallowed"}},
	{map[string]any{"action": "dpv-odrl:Share", "target": "p7012:ServiceData"}, [3]string{"PortabilityNotRequired", "PortabilityRequired", ""}},
}

// Any rules that a policy can state, in any mixture of ways, are read as they
// are, and named agreements are told apart.
func TestRulesAreReadHoweverTheyAreSaid(t *testing.T) {
	keys := []string{"permission", "obligation", "prohibition"}
	dpvKeys := []string{"dpv:hasPermission", "dpv:hasObligation", "dpv:hasProhibition"}
	rapid.Check(t, func(t *rapid.T) {
		doc := map[string]any{"@type": "Set", "@context": []any{"http://www.w3.org/ns/odrl.jsonld", map[string]string{
			"dpv": "https://w3id.org/dpv#", "dpv-odrl": "https://w3id.org/dpv/mappings/odrl#",
			"p7012": string(rapid.SampledFrom([]odrl.Namespace{odrl.IEEE7012, odrl.P7012}).Draw(t, "namespace")),
		}}}
		add := func(key string, v any) {
			l, _ := doc[key].([]any)
			doc[key] = append(l, v)
		}
		want := make([]terms.Rule, len(sayings))
		for i, s := range sayings {
			l := rapid.IntRange(0, 3).Draw(t, fmt.Sprint("level ", i))
			want[i] = []terms.Rule{terms.Yes, terms.Must, terms.No, terms.No}[l]
			if i == 5 {
				want[i] = []terms.Rule{terms.Optional, terms.Must, terms.No, terms.Optional}[l]
			}
			if l == 3 {
				continue // not said
			}
			how := rapid.IntRange(0, 2).Draw(t, "how")
			if how != 1 || s.terms[l] == "" {
				add(keys[l], s.rule)
			}
			if how != 0 && s.terms[l] != "" {
				add(dpvKeys[l], "p7012:"+s.terms[l])
			}
		}
		if len(doc) == 2 {
			t.Skip("says nothing")
		}
		b, err := json.Marshal(doc)
		if err != nil {
			t.Fatal(err)
		}
		p, err := odrl.Import(b)
		if err != nil {
			t.Fatalf("%v\n%s", err, b)
		}
		got := []terms.Rule{p.Rules.ServiceDelivery, p.Rules.Analytics, p.Rules.Tracking, p.Rules.Profiling, p.Rules.AnonymisedSharing, p.Rules.Portability}
		if !slices.Equal(got, want) || len(p.Unknown) > 0 {
			t.Fatalf("got %v and %q, want %v\n%s", got, p.Unknown, want, b)
		}
		// Named as an agreement, it is accepted exactly when it is that one.
		a := rapid.SampledFrom(terms.All()).Draw(t, "agreement")
		doc["p7012:hasAgreement"] = "p7012:" + a.Ref.ID
		if b, err = json.Marshal(doc); err != nil {
			t.Fatal(err)
		}
		_, err = odrl.Import(b)
		if same := terms.Compare(p.Rules, a.Rules).Order == terms.Equal; (err == nil) != same {
			t.Fatalf("named %s: %v, same rules: %v\n%s", a.Ref.ID, err, same, b)
		}
	})
}
