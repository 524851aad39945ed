package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/parley-network/parley/relcard/terms"
	"github.com/parley-network/parley/relcard/terms/myterms"
	"github.com/parley-network/parley/relcard/terms/odrl"
)

type termsImportCmd struct {
	File string `arg:"" help:"The file; - is standard input."`
}

// Help implements kong.HelpProvider.
func (termsImportCmd) Help() string {
	return `Reads an ODRL policy with the words of W3C DPV, a vendor's
/.well-known/myterms.json, or the one of tinyMyTerms, and says which agreements
of the roster it names. It needs no node and no network.

Exits with 1 if it can't be read, or names none of the roster.

Example:

    curl -s https://shop.example/.well-known/myterms.json |
      parley terms import -
    parley terms import policy.jsonld`
}

// foreignTerms is what was read, and what it comes to here.
type foreignTerms struct {
	Format     string            `json:"format"` // odrl, myterms or tinymyterms
	Agreements []terms.Ref       `json:"agreements"`
	By         string            `json:"by"` // by what it was recognised: hash; id or rules, so that other texts may be meant
	Policy     *odrl.Policy      `json:"policy,omitempty"`
	Document   *myterms.Document `json:"document,omitempty"`
	Tiny       *myterms.Tiny     `json:"tiny,omitempty"`
}

// Run imports.
func (cmd termsImportCmd) Run(e *env) error {
	b, err := e.readFile(cmd.File, odrl.MaxBytes)
	if err != nil {
		return err
	}
	f, err := readTerms(b)
	if err != nil {
		return inFile(cmd.File, err)
	}
	if err := e.show(f, func(w io.Writer) { printForeign(w, f) }); err != nil {
		return err
	}
	if len(f.Agreements) == 0 {
		return errTold
	}
	return nil
}

// readTerms reads any of the three formats; which one, its names tell.
func readTerms(b []byte) (foreignTerms, error) {
	var names map[string]json.RawMessage
	if err := json.Unmarshal(b, &names); err != nil {
		return foreignTerms{}, fmt.Errorf("not a JSON object: %w", err)
	}
	f := foreignTerms{Agreements: []terms.Ref{}}
	switch {
	case names["@context"] != nil:
		p, err := odrl.Import(b)
		if err != nil {
			return f, err
		}
		f.Format, f.Policy = "odrl", &p
		f.recognise(p)
	case names["did"] != nil:
		d, err := myterms.Decode(b)
		if err != nil {
			return f, err
		}
		f.Format, f.Document, f.By = "myterms", d, byHash
		f.Agreements = append(f.Agreements, d.Known()...)
	default:
		t, err := myterms.DecodeTiny(b)
		if err != nil {
			return f, err
		}
		f.Format, f.Tiny, f.By = "tinymyterms", &t, byID
		f.Agreements = append(f.Agreements, t.Candidates()...)
	}
	return f, nil
}

// recognise finds the agreement that a policy names, or else those that have
// its very rules.
func (f *foreignTerms) recognise(p odrl.Policy) {
	if p.Terms != nil {
		f.Agreements, f.By = append(f.Agreements, *p.Terms), byHash
		return
	}
	if a, ok := terms.Lookup(p.Named); ok {
		f.Agreements, f.By = append(f.Agreements, a.Ref), byID
		return
	}
	f.By = byRules
	if len(p.Unknown) > 0 {
		return // it says something that no agreement of the roster does
	}
	for _, a := range terms.All() {
		if strings.HasPrefix(a.Ref.ID, "SD-") && a.Rules == p.Rules {
			f.Agreements = append(f.Agreements, a.Ref)
		}
	}
}

// By what agreements are recognised.
const (
	byHash  = "hash"
	byID    = "id"
	byRules = "rules"
)

func printForeign(w io.Writer, f foreignTerms) {
	switch {
	case f.Policy != nil:
		p := f.Policy
		sheet(w, "ODRL policy", string(p.Kind), "identifier", p.UID, "person", p.Assigner, "vendor", p.Assignee)
		for _, practice := range []struct {
			name string
			rule terms.Rule
		}{
			{"service delivery", p.Rules.ServiceDelivery}, {"analytics", p.Rules.Analytics}, {"tracking", p.Rules.Tracking},
			{"profiling", p.Rules.Profiling}, {"anonymised sharing", p.Rules.AnonymisedSharing}, {"portability", p.Rules.Portability},
		} {
			fmt.Fprintf(w, "  %-20s%s\n", practice.name, practice.rule)
		}
		for _, u := range p.Unknown {
			fmt.Fprintf(w, "  not understood, so not granted: %s\n", clean(u))
		}
	case f.Document != nil:
		sheet(w, "vendor", f.Document.Name, "identifier", string(f.Document.DID), "key log", f.Document.KeyLog)
	case f.Tiny != nil:
		sheet(w, "tinyMyTerms", fmt.Sprintf("%d agreements, in force since %s", len(f.Tiny.Agreements), f.Tiny.Effective.Format("2006-01-02")), "terms page", f.Tiny.TermsURL)
	}
	ids := either(termIDs(f.Agreements), "and")
	switch {
	case ids == "":
		fmt.Fprintln(w, "It names no agreement of the roster.")
	case f.By == byHash:
		fmt.Fprintf(w, "It names %s of the roster.\n", ids)
	case f.By == byRules:
		fmt.Fprintf(w, "It names no agreement of the roster, and has the rules of %s.\n", ids)
	default:
		paragraph(w, "", fmt.Sprintf("By id alone it names %s: which text is meant is not said, and a proffer would ask.", ids))
	}
}
