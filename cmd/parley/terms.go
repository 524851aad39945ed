package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/client"
	"github.com/parley-network/parley/relcard/terms"
)

type termsCmd struct {
	List      termsListCmd      `cmd:"" default:"1" help:"List the agreements and what each allows."`
	Show      termsShowCmd      `cmd:"" help:"Show one with its text."`
	Compare   termsCompareCmd   `cmd:"" help:"Say which of two is stricter, and the rules in which they differ."`
	Practices termsPracticesCmd `cmd:"" help:"List what can be asked about, and which agreements allow it."`
	Import    termsImportCmd    `cmd:"" help:"Read what somebody else publishes: ODRL, myterms.json, tinyMyTerms."`
	Export    termsExportCmd    `cmd:"" help:"Write what a card agrees for other programs."`
}

type termsListCmd struct{}

// Help implements kong.HelpProvider.
func (termsListCmd) Help() string {
	return `The roster is part of the program: this needs no node and no network. The
columns say what the vendor may do; sharing is with third parties, anonymised.

Example:

    parley terms list
    parley terms list --json | jq -r '.[].ref.sha256'`
}

// Run lists the roster.
func (termsListCmd) Run(e *env) error {
	all := terms.All()
	return e.show(all, func(w io.Writer) {
		var rows [][]string
		for _, a := range all {
			r := a.Rules
			rows = append(rows, []string{
				a.Ref.ID, string(r.ServiceDelivery), string(r.Analytics), string(r.Tracking), string(r.Profiling),
				string(r.AnonymisedSharing), string(r.Portability),
			})
		}
		columns(w, "AGREEMENT SERVICE ANALYTICS TRACKING PROFILING SHARING PORTABLE", rows)
	})
}

// agreement finds one in the roster.
func agreement(id string) (terms.Agreement, error) {
	a, ok := terms.Lookup(id)
	if !ok {
		a, ok = terms.Lookup(strings.ToUpper(id))
	}
	if !ok {
		return a, wrong("%q is not in the roster: parley terms list shows what is", id)
	}
	return a, nil
}

type termsShowCmd struct {
	ID string `arg:"" name:"id" help:"The agreement's id."`
}

// Help implements kong.HelpProvider.
func (termsShowCmd) Help() string { return "Example:\n\n    parley terms show SD-BASE" }

// Run shows one agreement.
func (cmd termsShowCmd) Run(e *env) error {
	a, err := agreement(cmd.ID)
	if err != nil {
		return err
	}
	return e.show(a, func(w io.Writer) {
		sheet(w, "agreement", a.Ref.String(), "title", a.Title, "SHA-256", a.Ref.SHA256)
		fmt.Fprintf(w, "\n%s", a.Text)
	})
}

type termsCompareCmd struct {
	A string `arg:"" help:"An agreement's id."`
	B string `arg:"" help:"Another one's."`
}

// Help implements kong.HelpProvider.
func (termsCompareCmd) Help() string {
	return "Example:\n\n    parley terms compare SD-BASE SD-BASE-AT"
}

// inWords says how the first of two agreements stands to the second.
var inWords = map[terms.Order]string{
	terms.Equal:    "%s and %s allow the same.",
	terms.Stricter: "%s is stricter than %s.",
	terms.Wider:    "%s is wider than %s.",
	terms.Neither:  "Neither of %s and %s is stricter: each is in something.",
}

// Run compares two agreements.
func (cmd termsCompareCmd) Run(e *env) error {
	a, err := agreement(cmd.A)
	if err != nil {
		return err
	}
	b, err := agreement(cmd.B)
	if err != nil {
		return err
	}
	c := a.Compare(b)
	return e.show(c, func(w io.Writer) {
		if !c.SamePurpose {
			fmt.Fprintf(w, "%s and %s are for different work, and can't be ordered.\n", a.Ref.ID, b.Ref.ID)
		} else {
			fmt.Fprintf(w, inWords[c.Order]+"\n", a.Ref.ID, b.Ref.ID)
		}
		if len(c.Differences) == 0 {
			return
		}
		var rows [][]string
		for _, d := range c.Differences {
			stricter := map[terms.Order]string{terms.Stricter: a.Ref.ID, terms.Wider: b.Ref.ID}[d.Order()]
			rows = append(rows, []string{d.Practice, string(d.A), string(d.B), stricter})
		}
		columns(w, "PRACTICE "+a.Ref.ID+" "+b.Ref.ID+" STRICTER", rows)
	})
}

type termsPracticesCmd struct{}

// Help implements kong.HelpProvider.
func (termsPracticesCmd) Help() string { return "Example:\n\n    parley terms practices" }

// practice is what "terms practices" tells of one.
type practice struct {
	Practice string   `json:"practice"`
	Allowed  []string `json:"allowed"` // ids of the agreements that allow it
}

// Run lists the practices.
func (termsPracticesCmd) Run(e *env) error {
	var all []practice
	for _, name := range terms.Practices() {
		p := practice{Practice: name, Allowed: []string{}}
		for _, a := range terms.All() {
			if a.Of(name).Allows() {
				p.Allowed = append(p.Allowed, a.Ref.ID)
			}
		}
		all = append(all, p)
	}
	return e.show(all, func(w io.Writer) {
		var pairs []string
		for _, p := range all {
			allowed := strings.Join(p.Allowed, " ")
			if allowed == "" {
				allowed = "no agreement allows it"
			}
			pairs = append(pairs, p.Practice, allowed)
		}
		sheet(w, pairs...)
	})
}

type termsExportCmd struct {
	Card   string `arg:"" help:"The relationship."`
	Format string `enum:"odrl,iso27560,kantara" required:"" help:"How: ${enum}."`
	Output string `short:"o" default:"-" help:"Where to write it; - is standard output." placeholder:"FILE"`
}

// Help implements kong.HelpProvider.
func (termsExportCmd) Help() string {
	return `ODRL 2.2 with the words of W3C DPV; ISO/IEC TS 27560 and Kantara 1.1 are
receipts. The record itself is the card: parley card export.

Example:

    parley terms export "Alpine Cars" --format odrl
    parley terms export 3mxa5qhe --format iso27560 -o receipt.json`
}

// Run exports.
func (cmd termsExportCmd) Run(e *env) error {
	return e.onCard(cmd.Card, func(c *client.Client, id dagcbor.CID) error {
		b, err := c.ExportTerms(e.ctx, id, cmd.Format)
		if err != nil {
			return err
		}
		return e.deliver(cmd.Output, b, "Wrote "+cmd.Output+".")
	})
}
