package odrl_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/relcard/terms"
	"github.com/parley-network/parley/relcard/terms/odrl"
)

const (
	person = identity.DID("did:webvh:QmPerson:relay.example:r1")
	vendor = identity.DID("did:webvh:QmVendor:vendor.example")
)

func ref(t testing.TB, id string) terms.Ref {
	t.Helper()
	a, ok := terms.Lookup(id)
	if !ok {
		t.Fatalf("no agreement %s", id)
	}
	return a.Ref
}

func deal(t testing.TB, id string) odrl.Deal {
	return odrl.Deal{Kind: odrl.Agreement, Terms: ref(t, id), UID: dagcbor.Sum([]byte("a card")),
		Person: person, Vendor: vendor, Time: identity.At(time.Date(2026, 3, 20, 9, 0, 0, 0, time.UTC))}
}

func TestWhatIsWrittenIsReadBack(t *testing.T) {
	for _, a := range terms.All() {
		for _, ns := range []odrl.Namespace{"", odrl.IEEE7012, odrl.P7012} {
			for _, kind := range []odrl.Kind{odrl.Offer, odrl.Agreement} {
				d := deal(t, a.Ref.ID)
				d.Kind, d.Namespace = kind, ns
				b, err := d.Encode()
				if err != nil {
					t.Fatal(err)
				}
				p, err := odrl.Import(b)
				if err != nil {
					t.Fatalf("%s: %v\n%s", a.Ref.ID, err, b)
				}
				want := odrl.Policy{Kind: kind, UID: odrl.UIDOf(d.UID), Assigner: string(person), Assignee: string(vendor),
					Terms: &a.Ref, Named: a.Ref.ID, Rules: a.Rules}
				if !reflect.DeepEqual(p, want) {
					t.Errorf("%s: got %+v", a.Ref.ID, p)
				}
			}
		}
	}
}

func TestAProfferToNobodyYet(t *testing.T) {
	d := deal(t, "SD-BASE")
	d.Kind, d.Vendor, d.Time = odrl.Offer, "", identity.Time{}
	b, err := d.Encode()
	if err != nil {
		t.Fatal(err)
	}
	p, err := odrl.Import(b)
	if err != nil || p.Kind != odrl.Offer || p.Assignee != "" || p.Assigner != string(person) {
		t.Errorf("%+v, %v", p, err)
	}
}

func TestDealIsChecked(t *testing.T) {
	for name, change := range map[string]func(*odrl.Deal){
		"terms off the roster":        func(d *odrl.Deal) { d.Terms.SHA256 = strings.Repeat("0", 64) },
		"no such kind":                func(d *odrl.Deal) { d.Kind = odrl.Set },
		"no CID":                      func(d *odrl.Deal) { d.UID = dagcbor.CID{} },
		"no person":                   func(d *odrl.Deal) { d.Person = "" },
		"an agreement without vendor": func(d *odrl.Deal) { d.Vendor = "" },
		"a vendor that is no DID":     func(d *odrl.Deal) { d.Vendor = "https://vendor.example" },
		"another namespace":           func(d *odrl.Deal) { d.Namespace = "https://example.org/#" },
	} {
		d := deal(t, "SD-BASE")
		change(&d)
		if b, err := d.Encode(); err == nil {
			t.Errorf("%s: wrote %s", name, b)
		}
	}
}

// The shape that readers of ODRL expect: every rule has both parties and an
// action, an Agreement a uid, and nothing is both allowed and prohibited.
func TestWrittenPolicyIsODRL(t *testing.T) {
	b, err := deal(t, "SD-BASE-AT-DP").Encode()
	if err != nil {
		t.Fatal(err)
	}
	var doc map[string]any
	if err := json.Unmarshal(b, &doc); err != nil {
		t.Fatal(err)
	}
	if c := doc["@context"].([]any); c[0] != "http://www.w3.org/ns/odrl.jsonld" {
		t.Errorf("context %v", c)
	}
	count := map[string]int{}
	for _, key := range []string{"permission", "prohibition", "obligation"} {
		for _, r := range doc[key].([]any) {
			rule := r.(map[string]any)
			count[key]++
			if rule["assigner"] != string(person) || rule["action"] == nil || rule["target"] == nil || len(rule["assignee"].([]any)) != 1 {
				t.Errorf("%s: %v", key, rule)
			}
		}
	}
	// Owed: delivery, portability. Allowed: analytics, tracking. Prohibited:
	// profiling, three by third parties, sharing of two kinds.
	if want := map[string]int{"obligation": 2, "permission": 2, "prohibition": 6}; !reflect.DeepEqual(count, want) {
		t.Errorf("got %v, want %v", count, want)
	}
	if strings.Contains(string(b), "p7012:Person\"") {
		t.Error("the person is named by role although known")
	}
}

// rulesLike writes the rules of a draft ODRL contract of the extension's
// authors, in its shape, as JSON-LD.
func rulesLike(a terms.Agreement) string {
	both, second, third := `["p7012:Entity","p7012:ThirdParty"]`, `"p7012:Entity"`, `"p7012:ThirdParty"`
	var parts = map[string][]string{}
	add := func(key, action, target, who, purpose string) {
		r := fmt.Sprintf(`{"action":"dpv-odrl:%s","target":%q,"assigner":"p7012:Person","assignee":%s`, action, target, who)
		if purpose != "" {
			r += fmt.Sprintf(`,"constraint":{"leftOperand":"dpv-odrl:Purpose","operator":"eq","rightOperand":{"@id":%q}}`, purpose)
		}
		parts[key] = append(parts[key], r+"}")
	}
	add("obligation", "Processing", "dpv-odrl:PersonalData", second, "p7012:ServiceDelivery")
	if a.Rules.Portability == terms.Must {
		add("obligation", "Share", "p7012:ServiceData", second, "")
	} else {
		add("permission", "Share", "p7012:ServiceData", second, "")
	}
	for _, r := range []struct {
		rule            terms.Rule
		action, purpose string
	}{{a.Rules.Analytics, "Processing", "p7012:ServiceAnalytics"}, {a.Rules.Tracking, "Tracking", ""}, {a.Rules.Profiling, "Profiling", ""}} {
		if r.rule == terms.Yes {
			add("permission", r.action, "dpv-odrl:PersonalData", second, r.purpose)
			add("prohibition", r.action, "dpv-odrl:PersonalData", third, r.purpose)
		} else {
			add("prohibition", r.action, "dpv-odrl:PersonalData", both, r.purpose)
		}
	}
	if a.Rules.AnonymisedSharing == terms.Yes {
		add("permission", "Share", "dpv-odrl:AnonymisedData", third, "")
	}
	add("prohibition", "Share", "dpv-odrl:PersonalData", third, "")
	out := ""
	for _, key := range []string{"obligation", "permission", "prohibition"} {
		if len(parts[key]) > 0 {
			out += fmt.Sprintf(",%q:[%s]", key, strings.Join(parts[key], ","))
		}
	}
	return out
}

func TestDraftContractsAreRead(t *testing.T) {
	for _, ns := range []odrl.Namespace{odrl.IEEE7012, odrl.P7012} {
		for _, a := range terms.All() {
			doc := `{"@context":["http://www.w3.org/ns/odrl.jsonld",{"dpv-odrl":"https://w3id.org/dpv/mappings/odrl#","p7012":"` + string(ns) + `","ex":"http://example.org/"}],
				"@type":"Set","uid":"ex:` + a.Ref.ID + `","profile":"https://w3id.org/dpv/mappings/odrl","conflict":"perm","dct:title":"x"` + rulesLike(a) + `}`
			p, err := odrl.Import([]byte(doc))
			if err != nil {
				t.Fatalf("%s: %v\n%s", a.Ref.ID, err, doc)
			}
			if p.Rules != a.Rules || p.Terms != nil || p.Named != "" || len(p.Unknown) > 0 || p.UID != "http://example.org/"+a.Ref.ID {
				t.Errorf("%s: %+v", a.Ref.ID, p)
			}
		}
	}
}

// The extension's definitions, as DPV 2.2 and 2.3 publish them.
var definitions = map[string][3]string{ // obligations, permissions, prohibitions
	"SD-BASE":            {"ServiceDeliveryRequired", "", "AnalyticsDisallowed TrackingDisallowed ProfilingDisallowed DataSharingDisallowed"},
	"SD-BASE-DP":         {"ServiceDeliveryRequired PortabilityRequired", "", "AnalyticsDisallowed TrackingDisallowed ProfilingDisallowed DataSharingDisallowed"},
	"SD-BASE-A":          {"ServiceDeliveryRequired", "Analytics2PAllowed", "Analytics3PDisallowed TrackingDisallowed ProfilingDisallowed DataSharingDisallowed"},
	"SD-BASE-AT":         {"ServiceDeliveryRequired", "Analytics2PAllowed Tracking2PAllowed", "Analytics3PDisallowed Tracking3PDisallowed ProfilingDisallowed DataSharingDisallowed"},
	"SD-BASE-ATP":        {"ServiceDeliveryRequired", "Analytics2PAllowed Tracking2PAllowed\n Profiling2PAllowed", "Analytics3PDisallowed Tracking3PDisallowed Profiling3PDisallowed DataSharingDisallowed"},
	"SD-BASE-ATP-S3P":    {"ServiceDeliveryRequired", "Analytics2PAllowed Tracking2PAllowed\n Profiling2PAllowed DataSharingAnonymised3PAllowed", "Analytics3PDisallowed Tracking3PDisallowed Profiling3PDisallowed SharingDataNonAnonymised3PDisallowed"},
	"SD-BASE-ATP-S3P-DP": {"ServiceDeliveryRequired PortabilityRequired", "Analytics2PAllowed Tracking2PAllowed\n Profiling2PAllowed DataSharingAnonymised3PAllowed", "Analytics3PDisallowed Tracking3PDisallowed Profiling3PDisallowed SharingDataNonAnonymised3PDisallowed"},
	"TPR":                {"ServiceDeliveryRequired", "", "DataSharingDisallowed"},
}

func TestDefinitionsOfTheExtensionAreRead(t *testing.T) {
	for _, ns := range []odrl.Namespace{odrl.IEEE7012, odrl.P7012} {
		for id, def := range definitions {
			doc := map[string]any{"@id": "https://example.org/" + id, "@type": []string{string(ns) + id, "http://www.w3.org/ns/odrl/2/Offer"}}
			for i, key := range []string{"hasObligation", "hasPermission", "hasProhibition"} {
				var nodes []map[string]string
				for _, term := range strings.Split(def[i], " ") {
					if term != "" {
						nodes = append(nodes, map[string]string{"@id": string(ns) + term})
					}
				}
				if nodes != nil {
					doc["https://w3id.org/dpv#"+key] = nodes
				}
			}
			b, err := json.Marshal(doc)
			if err != nil {
				t.Fatal(err)
			}
			p, err := odrl.Import(b)
			if err != nil {
				t.Fatalf("%s: %v\n%s", id, err, b)
			}
			if p.Named != id || p.Terms != nil || p.Kind != odrl.Offer {
				t.Errorf("%s: %+v", id, p)
			}
		}
	}
}

func TestAHashThatIsNotTheTexts(t *testing.T) {
	b, err := deal(t, "SD-BASE").Encode()
	if err != nil {
		t.Fatal(err)
	}
	wrong := strings.ReplaceAll(string(b), ref(t, "SD-BASE").SHA256, strings.Repeat("ab", 32))
	if _, err := odrl.Import([]byte(wrong)); !errors.Is(err, terms.ErrHash) {
		t.Errorf("got %v", err)
	}
	wrong = strings.ReplaceAll(string(b), `"parley.roster"`, `"other.example"`)
	if _, err := odrl.Import([]byte(wrong)); !errors.Is(err, terms.ErrRegistry) {
		t.Errorf("got %v", err)
	}
}
