package odrl

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/relcard/terms"
)

// Kind is the class of an ODRL policy.
type Kind string

// The kinds of policy. Offer and Agreement are written; all are read.
const (
	Offer     Kind = "Offer"     // proffered by the person
	Agreement Kind = "Agreement" // agreed by both
	Request   Kind = "Request"   // asked for by the second party
	Set       Kind = "Set"       // rules without parties
)

// Deal is an agreement of the roster proffered by a person or agreed with a
// vendor.
type Deal struct {
	Kind      Kind          // Offer or Agreement
	Terms     terms.Ref     // the agreement
	UID       dagcbor.CID   // of the proffer, or of the card
	Person    identity.DID  // who proffers: the assigner
	Vendor    identity.DID  // who accepts: the assignee; may be empty in an Offer
	Time      identity.Time // when; none is left out
	Namespace Namespace     // to write; none is IEEE7012
}

// UIDOf returns the IRI that stands for a proffer or card in a policy. It
// names the bytes and promises no place to get them.
func UIDOf(id dagcbor.CID) string { return "ipfs://" + id.String() }

// Encode writes d as JSON-LD, two spaces deep. The rules are those of the
// roster; the agreement is named with registry, version and hash, and what is
// both permitted and prohibited is prohibited.
func (d Deal) Encode() ([]byte, error) {
	if err := d.check(); err != nil {
		return nil, fmt.Errorf("write ODRL policy: %w", err)
	}
	if d.Namespace == "" {
		d.Namespace = IEEE7012
	}
	a, _ := terms.Lookup(d.Terms.ID)
	doc := document{
		Context: []any{contextURL, prefixes(d.Namespace)},
		Type:    []string{string(d.Kind), "p7012:Agreement"}, UID: UIDOf(d.UID), Profile: profileIRI,
		Conflict: "prohibit", Title: a.Ref.ID, Description: a.Title, Issued: d.Time.String(),
		Agreement: agreementNode{
			ID: "p7012:" + a.Ref.ID, Identifier: a.Ref.ID, Registry: a.Ref.Registry, Version: a.Ref.Version,
			Checksum: checksum{"spdx:checksumAlgorithm_sha256", a.Ref.SHA256},
		},
	}
	w := writer{doc: &doc, person: string(d.Person), vendor: string(d.Vendor)}
	if w.vendor == "" {
		w.vendor = "p7012:Entity"
	}
	w.rules(a)
	b, err := json.MarshalIndent(doc, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write ODRL policy: %w", err)
	}
	return append(b, '\n'), nil
}

func (d Deal) check() error {
	if err := d.Terms.Check(); err != nil {
		return err
	}
	switch {
	case d.Kind != Offer && d.Kind != Agreement:
		return fmt.Errorf("kind %.40q is neither Offer nor Agreement", string(d.Kind))
	case d.UID.IsZero():
		return errors.New("no CID of a proffer or card")
	case !strings.HasPrefix(string(d.Person), "did:"):
		return fmt.Errorf("person %.80q is not a DID", string(d.Person))
	case (d.Vendor != "" || d.Kind == Agreement) && !strings.HasPrefix(string(d.Vendor), "did:"):
		return fmt.Errorf("vendor %.80q is not a DID", string(d.Vendor))
	case d.Namespace != "" && d.Namespace != IEEE7012 && d.Namespace != P7012:
		return fmt.Errorf("namespace %.80q is not one of IEEE 7012", string(d.Namespace))
	}
	return nil
}

func prefixes(n Namespace) map[string]string {
	return map[string]string{
		"dpv": "https://w3id.org/dpv#", "dpv-odrl": "https://w3id.org/dpv/mappings/odrl#", "p7012": string(n),
		"dct": "http://purl.org/dc/terms/", "schema": "https://schema.org/", "spdx": "http://spdx.org/rdf/terms#",
	}
}

type document struct {
	Context     []any         `json:"@context"`
	Type        []string      `json:"@type"`
	UID         string        `json:"uid"`
	Profile     string        `json:"profile"`
	Conflict    string        `json:"conflict"`
	Title       string        `json:"dct:title"`
	Description string        `json:"dct:description"`
	Issued      string        `json:"dct:issued,omitempty"`
	Agreement   agreementNode `json:"p7012:hasAgreement"`
	Obligation  []rule        `json:"obligation,omitempty"`
	Permission  []rule        `json:"permission,omitempty"`
	Prohibition []rule        `json:"prohibition,omitempty"`
}

type agreementNode struct {
	ID         string   `json:"@id"`
	Identifier string   `json:"dct:identifier"`
	Registry   string   `json:"p7012:hasAgreementRegistry"`
	Version    string   `json:"schema:version"`
	Checksum   checksum `json:"spdx:checksum"`
}

type checksum struct {
	Algorithm string `json:"spdx:algorithm"`
	Value     string `json:"spdx:checksumValue"`
}

type rule struct {
	Assigner   string       `json:"assigner"`
	Assignee   []string     `json:"assignee"`
	Action     string       `json:"action"`
	Target     string       `json:"target"`
	Constraint []constraint `json:"constraint,omitempty"`
}

type constraint struct {
	Left     string `json:"leftOperand"`
	Operator string `json:"operator"`
	Right    idNode `json:"rightOperand"`
}

type idNode struct {
	ID string `json:"@id"`
}

// writer adds rules to a policy.
type writer struct {
	doc            *document
	person, vendor string
}

// rules writes all rules of a in the order of its sections.
func (w writer) rules(a terms.Agreement) {
	purpose := "p7012:ServiceDelivery"
	if a.Ref.ID == "PDC-GOOD" {
		purpose = "dpv:PublicBenefit"
	}
	const all = "dpv-odrl:PersonalData"
	w.second(a.Rules.ServiceDelivery, "dpv-odrl:Processing", all, purpose)
	for _, r := range []struct {
		rule            terms.Rule
		action, purpose string
	}{
		{a.Rules.Analytics, "dpv-odrl:Processing", "p7012:ServiceAnalytics"},
		{a.Rules.Tracking, "dpv:Tracking", ""},
		{a.Rules.Profiling, "dpv:Profiling", ""},
	} {
		w.second(r.rule, r.action, all, r.purpose)
		w.third(terms.No, r.action, all, r.purpose)
	}
	w.third(a.Rules.AnonymisedSharing, "dpv:Share", "dpv:AnonymisedData", "")
	w.third(terms.No, "dpv:Share", all, "")
	w.second(a.Rules.Portability, "dpv:Share", "p7012:ServiceData", "")
}

func (w writer) second(r terms.Rule, action, target, purpose string) {
	w.add(r, w.vendor, action, target, purpose)
}

func (w writer) third(r terms.Rule, action, target, purpose string) {
	w.add(r, "p7012:ThirdParty", action, target, purpose)
}

func (w writer) add(r terms.Rule, assignee, action, target, purpose string) {
	n := rule{Assigner: w.person, Assignee: []string{assignee}, Action: action, Target: target}
	if purpose != "" {
		n.Constraint = []constraint{{"dpv-odrl:Purpose", "eq", idNode{purpose}}}
	}
	switch {
	case r == terms.Must:
		w.doc.Obligation = append(w.doc.Obligation, n)
	case r.Allows():
		w.doc.Permission = append(w.doc.Permission, n)
	default:
		w.doc.Prohibition = append(w.doc.Prohibition, n)
	}
}
