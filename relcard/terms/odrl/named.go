package odrl

import (
	"fmt"
	"strings"

	"github.com/parley-network/parley/relcard/terms"
)

// name finds out which agreement the policy says it is, by its classes or by
// p7012:hasAgreement, and checks that its rules are that agreement's.
func (p *Policy) name(n node, typed []string, f *facts) error {
	ids := typed
	if v, ok := n.fields["p7012:hasAgreement"]; ok {
		id, ref, err := readAgreement(n, v)
		if err != nil {
			return err
		}
		ids, p.Terms = append(ids, id), ref
	}
	for _, id := range ids {
		a, ok := terms.Lookup(id)
		if !ok {
			return fmt.Errorf("policy: names the agreement %.80q: %w", id, terms.ErrID)
		}
		if p.Named != "" && p.Named != id {
			return fmt.Errorf("policy: names two agreements, %s and %s", p.Named, id)
		}
		p.Named = id
		if err := p.agrees(a, f); err != nil {
			return err
		}
	}
	return nil
}

// agrees checks the policy's rules against those of the agreement it names.
// The delivery of PDC-GOOD is the public good, and is written so.
func (p *Policy) agrees(a terms.Agreement, f *facts) error {
	if a.Ref.ID == "PDC-GOOD" && f.said[publicGood] == owed && len(p.Unknown) == 1 && f.said[delivery] == 0 {
		p.Unknown, p.Rules.ServiceDelivery = nil, terms.Must
	}
	if len(p.Unknown) > 0 {
		return fmt.Errorf("policy: names %s, which does not allow %.200s", a.Ref.ID, strings.Join(p.Unknown, ", "))
	}
	if c := terms.Compare(p.Rules, a.Rules); c.Order != terms.Equal {
		d := c.Differences[0]
		return fmt.Errorf("policy: names %s, but its rule for %s is %s, and there it is %s", a.Ref.ID, d.Practice, d.A, d.B)
	}
	return nil
}

// readAgreement reads p7012:hasAgreement: the name of an agreement in the
// extension's namespace, or a node that refers to its text as well.
func readAgreement(n node, v any) (id string, ref *terms.Ref, err error) {
	const key = "p7012:hasAgreement"
	if m, ok := v.(map[string]any); !ok || (len(m) == 1 && m["@id"] != nil) {
		name, err := n.ref(key)
		if err != nil {
			return "", nil, err
		}
		id, err := agreementID(name, n.at(key))
		return id, nil, err
	}
	g, err := n.names.open(v, n.at(key))
	if err != nil {
		return "", nil, err
	}
	if err := g.only("@id", "@type", "dct:identifier", "p7012:hasAgreementRegistry", "schema:version", "spdx:checksum"); err != nil {
		return "", nil, err
	}
	ref, err = readRef(g)
	if err != nil {
		return "", nil, err
	}
	if name, err := g.ref("@id"); err != nil {
		return "", nil, err
	} else if name != "" {
		if id, err := agreementID(name, g.at("@id")); err != nil || id != ref.ID {
			return "", nil, fmt.Errorf("%s: is %.80q, but the identifier is %s", g.at("@id"), name, ref.ID)
		}
	}
	return ref.ID, ref, nil
}

func agreementID(name, where string) (string, error) {
	id, ok := strings.CutPrefix(name, "p7012:")
	if !ok {
		return "", fmt.Errorf("%s: %.120q is no agreement of the extension for IEEE 7012", where, name)
	}
	return id, nil
}

// readRef reads all four parts of a reference; one alone is not enough.
func readRef(g node) (*terms.Ref, error) {
	c, err := g.names.open(g.fields["spdx:checksum"], g.at("spdx:checksum"))
	if err != nil {
		return nil, err
	}
	if err := c.only("@type", "@id", "spdx:algorithm", "spdx:checksumValue"); err != nil {
		return nil, err
	}
	algorithm, err := c.ref("spdx:algorithm")
	if err != nil {
		return nil, err
	}
	if algorithm != "spdx:checksumAlgorithm_sha256" {
		return nil, fmt.Errorf("%s: %.80q is not sha256", c.at("spdx:algorithm"), algorithm)
	}
	var r terms.Ref
	for _, f := range []struct {
		in  node
		key string
		to  *string
	}{
		{g, "dct:identifier", &r.ID}, {g, "p7012:hasAgreementRegistry", &r.Registry},
		{g, "schema:version", &r.Version}, {c, "spdx:checksumValue", &r.SHA256},
	} {
		if *f.to, err = f.in.text(f.key); err != nil {
			return nil, err
		}
	}
	if err := r.Check(); err != nil {
		return nil, fmt.Errorf("%s: %w", g.where, err)
	}
	return &r, nil
}
