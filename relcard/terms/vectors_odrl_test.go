package terms_test

import (
	"encoding/json"
	"fmt"
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

var agreedAt = identity.At(time.Date(2026, 3, 20, 9, 0, 0, 0, time.UTC))

// odrlInput is a deal to write, or a policy to read as text.
type odrlInput struct {
	Write *odrlDeal `json:"write,omitempty"`
	Read  string    `json:"read,omitempty"`
}

type odrlDeal struct {
	Kind      odrl.Kind      `json:"kind"`
	Terms     terms.Ref      `json:"terms"`
	UID       dagcbor.CID    `json:"uid"`
	Person    identity.DID   `json:"person"`
	Vendor    identity.DID   `json:"vendor,omitempty"`
	Time      identity.Time  `json:"time,omitzero"`
	Namespace odrl.Namespace `json:"namespace,omitempty"`
}

type odrlExpected struct {
	Accept  bool            `json:"accept"`
	Policy  json.RawMessage `json:"policy,omitempty"` // written
	Kind    odrl.Kind       `json:"kind,omitempty"`   // read, from here on
	Terms   *terms.Ref      `json:"terms,omitempty"`
	Named   string          `json:"named,omitempty"`
	Rules   *terms.Rules    `json:"rules,omitempty"`
	Unknown []string        `json:"unknown,omitempty"`
}

var odrlVectors = vectorSet{
	about: "Agreements as ODRL 2.2 policies with the words of DPV. Input: a deal to write, or a policy to read. Expected: the policy written; or whether the policy is accepted and what it says. JSON is compared by value.",
	cases: odrlCases,
	run: func(t *testing.T, input json.RawMessage) (any, bool) {
		in := decodeInput[odrlInput](t, input)
		if in.Write != nil {
			b, err := odrl.Deal(*in.Write).Encode()
			return odrlExpected{Accept: err == nil, Policy: b}, err == nil
		}
		p, err := odrl.Import([]byte(in.Read))
		if err != nil {
			return odrlExpected{}, false
		}
		return odrlExpected{Accept: true, Kind: p.Kind, Terms: p.Terms, Named: p.Named, Rules: &p.Rules, Unknown: p.Unknown}, true
	},
}

func odrlCases(t *testing.T) []given {
	var all []given
	for _, a := range terms.All() {
		d := odrlDeal{Kind: odrl.Agreement, Terms: a.Ref, UID: dagcbor.Sum([]byte("a card")), Person: person, Vendor: vendor, Time: agreedAt}
		all = append(all, given{"write " + a.Ref.ID, "as agreed", odrlInput{Write: &d}, true})
	}
	offer := odrlDeal{Kind: odrl.Offer, Terms: lookup(t, "SD-BASE").Ref, UID: dagcbor.Sum([]byte("a proffer")), Person: person, Namespace: odrl.P7012}
	all = append(all, given{"write an offer", "to nobody yet, in the older namespace", odrlInput{Write: &offer}, true})
	b, err := odrl.Deal(offer).Encode()
	if err != nil {
		t.Fatal(err)
	}
	all = append(all, given{"read an offer", "what was written", odrlInput{Read: string(b)}, true},
		given{"read an offer of another text", "the same id and another hash", odrlInput{Read: strings.Replace(string(b), offer.Terms.SHA256, strings.Repeat("ab", 32), 1)}, false})
	for _, ns := range []odrl.Namespace{odrl.IEEE7012, odrl.P7012} {
		all = append(all, odrlPolicies(ns)...)
	}
	return all
}

// odrlPolicies are policies in one namespace, as others write them.
func odrlPolicies(ns odrl.Namespace) []given {
	policy := func(types string, parts ...string) string {
		head := fmt.Sprintf(`{"@context":["http://www.w3.org/ns/odrl.jsonld",{"p7012":%q,"dpv":"https://w3id.org/dpv#","dpv-odrl":"https://w3id.org/dpv/mappings/odrl#"}],"@type":%s`, ns, types)
		return strings.Join(append([]string{head}, parts...), ",") + "}"
	}
	const (
		base     = `"dpv:hasObligation":"p7012:ServiceDeliveryRequired","dpv:hasProhibition":["p7012:AnalyticsDisallowed","p7012:TrackingDisallowed","p7012:ProfilingDisallowed","p7012:DataSharingDisallowed"]`
		deliver  = `"obligation":{"action":"dpv-odrl:Processing","assignee":"p7012:Entity","constraint":{"leftOperand":"dpv-odrl:Purpose","operator":"eq","rightOperand":{"@id":"p7012:ServiceDelivery"}}}`
		mayTrack = `"permission":{"action":"dpv-odrl:Tracking","assignee":"p7012:Entity"}`
		mayNot   = `"prohibition":{"action":["dpv-odrl:Profiling","dpv-odrl:Tracking"],"assignee":["p7012:Entity","p7012:ThirdParty"]}`
		third    = `"permission":{"action":"dpv-odrl:Tracking","assignee":"p7012:ThirdParty"}`
	)
	var all []given
	for _, c := range []struct {
		name, comment, doc string
		accept             bool
	}{
		{"DPV terms", "the definition of SD-BASE; named, and without its text no reference", policy(`["p7012:SD-BASE","Offer"]`, base), true},
		{"ODRL rules", "only what is said is allowed", policy(`"Set"`, deliver, mayTrack), true},
		{"third parties", "no rule of an agreement lets them track, so it is not granted", policy(`"Set"`, deliver, third), true},
		{"allowed and prohibited", "no reader should have to choose, whatever the conflict strategy", policy(`"Set"`, `"conflict":"perm"`, mayTrack, mayNot), false},
		{"named falsely", "says SD-BASE and lets the vendor track", policy(`["p7012:SD-BASE","Offer"]`, deliver, mayTrack), false},
		{"not in the roster", "the name that DPV 2.1 had", policy(`["p7012:SD-BY","Offer"]`, base), false},
		{"agreement of nobody", "an Agreement names its parties", policy(`"Agreement"`, deliver), false},
		{"a field nobody knows", "might change the meaning", policy(`"Set"`, deliver, `"odrl:inheritFrom":"urn:x"`), false},
	} {
		all = append(all, given{c.name + " in " + string(ns), c.comment, odrlInput{Read: c.doc}, c.accept})
	}
	return all
}
