package odrl

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/parley-network/parley/relcard/terms"
	"github.com/parley-network/parley/relcard/terms/internal/strictjson"
)

// MaxBytes is the most bytes a policy may have.
const MaxBytes = strictjson.MaxBytes

// Policy is what a foreign policy says.
type Policy struct {
	Kind     Kind   // Offer, Agreement, Request or Set
	UID      string // its IRI, or "" for none
	Assigner string // the first party's IRI, or "" where only its role is named
	Assignee string // the second party's IRI, likewise

	// Terms is the agreement of the roster that the policy names with
	// registry, version and hash, and with whose rules its own agree; nil
	// where it does not.
	Terms *terms.Ref
	// Named is the id by which the policy names an agreement with these rules
	// in the extension's namespace. Without Terms its text is not known: the
	// id is a hint and no reference.
	Named string
	// Rules is what the policy says of the practices; what it does not say is
	// prohibited.
	Rules terms.Rules
	// Unknown lists permissions and duties that Rules can't say, sorted. They
	// are not granted.
	Unknown []string
}

// Import reads one ODRL policy in JSON-LD with the words of either namespace
// of the extension: rules in ODRL, DPV terms, or both. A policy that names an
// agreement of the roster is refused when its rules are not those of that
// agreement; errors name what is wrong and where.
func Import(b []byte) (Policy, error) {
	p, err := read(b)
	if err != nil {
		return Policy{}, fmt.Errorf("read ODRL policy: %w", err)
	}
	return p, nil
}

// metadata are fields of a policy that decide nothing.
var metadata = []string{
	"dct:title", "dct:description", "dct:issued", "dct:created", "dct:modified", "dct:publisher", "dct:creator",
	"dct:source", "dct:language", "dct:identifier", "rdfs:label", "rdfs:comment", "skos:prefLabel", "skos:definition",
	"p7012:hasHumanDescription", "p7012:hasHumanReadableFormat", "p7012:hasMachineReadableFormat", "p7012:hasLegalReadableFormat",
}

var policyFields = append([]string{
	"@context", "@id", "@type", "odrl:uid", "odrl:profile", "odrl:conflict", "odrl:assigner", "odrl:assignee",
	"odrl:permission", "odrl:prohibition", "odrl:obligation",
	"dpv:hasPermission", "dpv:hasProhibition", "dpv:hasObligation", "p7012:hasAgreement",
}, metadata...)

func read(b []byte) (Policy, error) {
	tree, err := strictjson.Parse(b)
	if err != nil {
		return Policy{}, err
	}
	top, ok := tree.(map[string]any)
	if !ok {
		return Policy{}, errors.New("is not an object")
	}
	ns := names{prefixes: map[string]string{}}
	if c, ok := top["@context"]; ok {
		if ns, err = readContext(c); err != nil {
			return Policy{}, err
		}
	}
	n, err := ns.open(top, "policy")
	if err != nil {
		return Policy{}, err
	}
	if err := n.only(policyFields...); err != nil {
		return Policy{}, err
	}
	return policy(n)
}

func policy(n node) (Policy, error) {
	var p Policy
	typed, err := p.head(n)
	if err != nil {
		return p, err
	}
	r := reader{facts: newFacts()}
	if err := r.read(n); err != nil {
		return p, err
	}
	p.Assigner, p.Assignee = r.parties.assigner, r.parties.assignee
	if p.Kind == Agreement && (p.Assigner == "" || p.Assignee == "") {
		return p, errors.New("policy: an Agreement names its assigner and assignee")
	}
	if !r.facts.stated {
		return p, errors.New("policy: has no rule")
	}
	p.Rules, p.Unknown = r.facts.rules()
	return p, p.name(n, typed, r.facts)
}

// head reads what kind of policy it is, and the agreements among its classes.
func (p *Policy) head(n node) (typed []string, err error) {
	types, err := n.refs("@type")
	if err != nil {
		return nil, err
	}
	for _, t := range types {
		local, ours := strings.CutPrefix(t, "odrl:")
		switch k := Kind(local); {
		case ours && slices.Contains([]Kind{Offer, Agreement, Request, Set}, k) && (p.Kind == "" || p.Kind == k):
			p.Kind = k
		case t == "odrl:Policy", t == "p7012:Agreement":
		case strings.HasPrefix(t, "p7012:"):
			typed = append(typed, strings.TrimPrefix(t, "p7012:"))
		default:
			return nil, fmt.Errorf("policy.@type: %.80q is not known here, or one too many", t)
		}
	}
	if len(types) == 0 {
		return nil, errors.New("policy: has no @type")
	}
	if p.Kind == "" {
		p.Kind = Set // ODRL: a policy of no class is a Set
	}
	return typed, p.identify(n)
}

// identify reads the policy's IRI and checks what governs its reading.
func (p *Policy) identify(n node) error {
	for _, key := range []string{"odrl:uid", "@id"} {
		id, err := n.ref(key)
		switch {
		case err != nil:
			return err
		case p.UID != "" && id != "" && id != p.UID:
			return fmt.Errorf("policy: uid %.120q and @id %.120q differ", p.UID, id)
		case id != "":
			p.UID = id
		}
	}
	profiles, err := n.refs("odrl:profile")
	if err != nil {
		return err
	}
	for _, f := range profiles {
		if f != profileIRI && f != profileIRI+"#" {
			return fmt.Errorf("policy.odrl:profile: %.120q is not known", f)
		}
	}
	conflict, err := n.ref("odrl:conflict")
	if err != nil {
		return err
	}
	switch conflict {
	case "", "odrl:perm", "odrl:prohibit", "odrl:invalid":
		return nil
	}
	return fmt.Errorf("policy.odrl:conflict: %.80q is not known", conflict)
}

// read reads the parties and all rules of a policy.
func (r *reader) read(n node) error {
	assigner, err := n.ref("odrl:assigner")
	if err != nil {
		return err
	}
	if err := r.parties.setAssigner(assigner, n.at("odrl:assigner")); err != nil {
		return err
	}
	assignee, err := n.ref("odrl:assignee")
	if err != nil {
		return err
	}
	if err := r.parties.setAssignee(assignee, n.at("odrl:assignee")); err != nil {
		return err
	}
	for _, part := range []struct {
		odrl, dpv string
		l         level
	}{
		{"odrl:permission", "dpv:hasPermission", permitted},
		{"odrl:prohibition", "dpv:hasProhibition", prohibited},
		{"odrl:obligation", "dpv:hasObligation", owed},
	} {
		if err := r.rules(n, part.odrl, part.l); err != nil {
			return err
		}
		if err := r.dpv(n, part.dpv, part.l); err != nil {
			return err
		}
	}
	return nil
}
