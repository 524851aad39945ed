package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/client"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/archive"
)

type cardVerifyCmd struct {
	File string `arg:"" help:"The card's file; - is standard input."`
}

// Help implements kong.HelpProvider.
func (cardVerifyCmd) Help() string {
	return `Everything needed is in the file: every version, both signatures, both key
logs. Exits with 1 if anything in it does not hold, and also if all of it holds
and the card is not in force, as one side alone has signed it or it has forked;
the findings are shown then too. A card that was in force and has ended
verifies.

Example:

    parley card verify stroller.car && echo "both have signed it"`
}

// cardVerdict is what "card verify" finds.
type cardVerdict struct {
	Valid   bool   `json:"valid"` // all holds, and both have signed
	Problem string `json:"problem,omitempty"`
	*archive.Report
}

// Run verifies.
func (cmd cardVerifyCmd) Run(e *env) error {
	b, err := e.readFile(cmd.File, archive.MaxSize)
	if err != nil {
		return err
	}
	_, report, err := archive.Import(bytes.NewReader(b), time.Now())
	if err != nil {
		if _, _, other := archive.ImportDispute(bytes.NewReader(b), time.Now()); other == nil {
			err = fmt.Errorf("it is a dispute's file (parley dispute verify %s): %w", cmd.File, err)
		}
		return e.doesNotHold(cmd.File, err)
	}
	verdict := cardVerdict{Problem: notInForce(report), Report: report}
	verdict.Valid = verdict.Problem == ""
	if err := e.show(verdict, func(w io.Writer) {
		fmt.Fprintln(w, yes(verdict.Valid, "Everything in the file holds.", "Not in force: "+verdict.Problem+"."))
		printFindings(w, report)
	}); err != nil || verdict.Valid {
		return err
	}
	return errTold
}

// doesNotHold tells why a file is refused.
func (e *env) doesNotHold(file string, err error) error {
	if e.asJSON {
		verdict := struct {
			Valid   bool   `json:"valid"`
			Problem string `json:"problem"`
		}{Problem: err.Error()}
		return errors.Join(e.show(verdict, nil), errTold)
	}
	return fmt.Errorf("%s does not hold: %w", file, err)
}

// notInForce says why a card whose file holds binds nobody, or "".
func notInForce(r *archive.Report) string {
	switch {
	case r.State == relcard.StateFrozen:
		return "the card has forked"
	case !r.InForce.IsZero():
		return ""
	}
	for _, v := range r.Versions {
		for _, s := range v.Signatures {
			return fmt.Sprintf("the %s alone has signed it", s.Role)
		}
	}
	return "nobody has signed it"
}

// printFindings prints a report that has a fact a line, and breaks long lines
// so that what belongs together stays indented together.
func printFindings(w io.Writer, report fmt.Stringer) { printLines(w, report.String()) }

func printLines(w io.Writer, text string) {
	for line := range strings.Lines(text) {
		line = clean(strings.TrimSuffix(line, "\n"))
		if utf8.RuneCountInString(line) <= pageWidth {
			fmt.Fprintln(w, line)
			continue
		}
		indent := line[:len(line)-len(strings.TrimLeft(line, " "))]
		for i, part := range wrap(line, pageWidth-len(indent)-hanging) {
			fmt.Fprintf(w, "%s%s%s\n", indent, strings.Repeat(" ", min(i, 1)*hanging), part)
		}
	}
}

// hanging is how far what continues a line stands to the right of it.
const hanging = 4

type cardExportCmd struct {
	Card   string `arg:"" help:"The relationship."`
	Output string `short:"o" help:"Where to write it; - is standard output. Named after the card when left out." placeholder:"FILE"`
}

// Help implements kong.HelpProvider.
func (cardExportCmd) Help() string {
	return "Example:\n\n    parley card export 3mxa5qhe -o stroller.car"
}

// Run writes the card's file.
func (cmd cardExportCmd) Run(e *env) error {
	return e.onCard(cmd.Card, func(c *client.Client, id dagcbor.CID) error {
		car, err := c.ExportCard(e.ctx, id)
		if err != nil {
			return err
		}
		path := cmd.Output
		if path == "" {
			path = "card-" + short(id) + ".car"
		}
		return e.deliver(path, car, fmt.Sprintf("Wrote %s. Anyone can verify it: parley card verify %s", path, path))
	})
}

type cardImportCmd struct {
	File string `arg:"" help:"The card's file; - is standard input."`
}

// Help implements kong.HelpProvider.
func (cardImportCmd) Help() string {
	return "Example:\n\n    parley card import stroller.car"
}

// Run hands the file to the node.
func (cmd cardImportCmd) Run(e *env) error {
	b, err := e.readFile(cmd.File, archive.MaxSize)
	if err != nil {
		return err
	}
	return e.with(func(c *client.Client) error {
		report, err := c.ImportCard(e.ctx, b)
		if err != nil {
			return err
		}
		if err := e.show(report, func(w io.Writer) {
			for _, l := range report.Lines {
				fmt.Fprintln(w, clean(l))
			}
			if !report.Valid {
				fmt.Fprintf(w, "Refused: %s\n", clean(report.Problem))
			}
		}); err != nil || report.Valid {
			return err
		}
		return errTold
	})
}
