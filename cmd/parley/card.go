package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/archive"
)

type cardCmd struct {
	Show   cardShowCmd   `cmd:"" help:"Show one relationship."`
	Verify cardVerifyCmd `cmd:"" help:"Verify a card's file, without a node or a network."`
	Export cardExportCmd `cmd:"" help:"Write a relationship to one file that anyone can verify."`
	Import cardImportCmd `cmd:"" help:"Hand the node a card's file."`
	End    cardEndCmd    `cmd:"" help:"End a relationship."`
}

type cardShowCmd struct {
	Card string `arg:"" help:"Its id, or the last characters of it."`
}

// Help implements kong.HelpProvider.
func (cardShowCmd) Help() string { return "Example:\n\n    parley card show 3mxa5qhe" }

// Run shows the card.
func (cmd cardShowCmd) Run(e *env) error {
	c, err := e.node()
	if err != nil {
		return err
	}
	defer c.Close()
	id, err := e.findCard(c, cmd.Card)
	if err != nil {
		return err
	}
	card, err := c.Card(e.ctx, id)
	if err != nil {
		return err
	}
	return e.show(card, func(w io.Writer) { printCard(w, card) })
}

func printCard(w io.Writer, card view.Card) {
	b := card.Body
	facts(w, "card", card.ID.String(), "state", card.State, "alarm", card.Alarm, "since", local(card.Since),
		"newest version", fmt.Sprintf("%s (of %d)", card.Head, card.Versions),
		"you are the", string(card.Side), "person", party(b.Person), "vendor", party(b.Vendor),
		"terms", strings.TrimSpace(b.Terms.ID+" "+b.Terms.Version), "due", window(b.Fulfil))
	for _, l := range b.Lines {
		fmt.Fprintf(w, "  %s × %s at %s\n", clean(l.Quantity), clean(l.Name), l.Price)
	}
	for _, x := range b.Extras {
		fmt.Fprintf(w, "  %s %s\n", clean(x.Property), x.Price)
	}
	if b.Total != nil {
		fmt.Fprintf(w, "  total %s\n", b.Total)
	}
	if b.End != nil {
		fmt.Fprintf(w, "ended by the %s: %s\n", b.End.By, clean(b.End.Reason))
	}
}

func party(p relcard.Party) string { return strings.TrimSpace(p.Name + " " + string(p.DID)) }

type cardVerifyCmd struct {
	File string `arg:"" help:"The card's file; - is standard input."`
}

// Help implements kong.HelpProvider.
func (cardVerifyCmd) Help() string {
	return `Everything needed is in the file: every version, both signatures, both key
logs. Exits with 1 if anything in it does not hold.

Example:

    parley card verify stroller.car && echo "every signature holds"`
}

// Run verifies.
func (cmd cardVerifyCmd) Run(e *env) error {
	b, err := e.readFile(cmd.File, archive.MaxSize)
	if err != nil {
		return err
	}
	_, report, err := archive.Import(bytes.NewReader(b), time.Now())
	if err != nil {
		verdict := struct {
			Valid   bool   `json:"valid"`
			Problem string `json:"problem"`
		}{Problem: err.Error()}
		if e.asJSON {
			return errors.Join(e.show(verdict, nil), errTold)
		}
		return fmt.Errorf("%s does not hold: %w", cmd.File, err)
	}
	verdict := struct {
		Valid bool `json:"valid"`
		*archive.Report
	}{true, report}
	return e.show(verdict, func(w io.Writer) {
		fmt.Fprintln(w, "Everything in the file holds.")
		for line := range strings.Lines(report.String()) {
			fmt.Fprintln(w, clean(strings.TrimSuffix(line, "\n")))
		}
	})
}

type cardExportCmd struct {
	Card   string `arg:"" help:"Its id, or the last characters of it."`
	Output string `short:"o" help:"Where to write it; - is standard output. Named after the card when left out." placeholder:"FILE"`
}

// Help implements kong.HelpProvider.
func (cardExportCmd) Help() string {
	return "Example:\n\n    parley card export 3mxa5qhe -o stroller.car"
}

// Run writes the card's file.
func (cmd cardExportCmd) Run(e *env) error {
	c, err := e.node()
	if err != nil {
		return err
	}
	defer c.Close()
	id, err := e.findCard(c, cmd.Card)
	if err != nil {
		return err
	}
	car, err := c.ExportCard(e.ctx, id)
	if err != nil {
		return err
	}
	path := cmd.Output
	switch path {
	case "-":
		_, err := e.out.Write(car)
		return err
	case "":
		path = "card-" + short(id) + ".car"
	}
	if err := writeNew(path, car); err != nil {
		return err
	}
	out := struct {
		File  string `json:"file"`
		Bytes int    `json:"bytes"`
	}{path, len(car)}
	return e.show(out, func(w io.Writer) {
		fmt.Fprintf(w, "Wrote %s. Anyone can verify it: parley card verify %s\n", path, path)
	})
}

// writeNew writes a file that is not there yet.
func writeNew(path string, b []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return fmt.Errorf("%s is there already: choose another name with -o", path)
	}
	if err != nil {
		return err
	}
	if _, err := f.Write(b); err != nil {
		return errors.Join(err, f.Close(), os.Remove(path))
	}
	return f.Close()
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
	c, err := e.node()
	if err != nil {
		return err
	}
	defer c.Close()
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
	}); err != nil {
		return err
	}
	if !report.Valid {
		return errTold
	}
	return nil
}

type cardEndCmd struct {
	Card   string `arg:"" help:"Its id, or the last characters of it."`
	Reason string `help:"Why; the other side reads it." placeholder:"TEXT"`
}

// Help implements kong.HelpProvider.
func (cardEndCmd) Help() string {
	return "Example:\n\n    parley card end 3mxa5qhe --reason \"moved away\""
}

// Run ends the relationship.
func (cmd cardEndCmd) Run(e *env) error {
	c, err := e.node()
	if err != nil {
		return err
	}
	defer c.Close()
	id, err := e.findCard(c, cmd.Card)
	if err != nil {
		return err
	}
	card, err := c.EndCard(e.ctx, id, cmd.Reason)
	if err != nil {
		return err
	}
	return e.show(card, func(w io.Writer) { fmt.Fprintf(w, "Card %s is %s.\n", short(card.ID), card.State) })
}
