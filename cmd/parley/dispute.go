package main

import (
	"bytes"
	"fmt"
	"io"
	"time"

	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/client"
	"github.com/parley-network/parley/relcard/archive"
)

type cardDisputeCmd struct {
	Card   string   `arg:"" help:"The relationship."`
	Item   []uint64 `help:"Show this piece of the data shared (parley shared numbers them); none is shown unless chosen. Repeatable." placeholder:"N"`
	Output string   `short:"o" required:"" help:"Where to write it; - is standard output." placeholder:"FILE"`
}

// Help implements kong.HelpProvider.
func (cardDisputeCmd) Help() string {
	return `The file holds the card, both logs, and what of the other side's copy
contradicts them. That something was shared is proven without showing it.

Example:

    parley card dispute 3mxa5qhe -o case.car
    parley card dispute 3mxa5qhe --item 2 -o case-with-address.car`
}

// Run writes the dispute's file.
func (cmd cardDisputeCmd) Run(e *env) error {
	return e.onCard(cmd.Card, func(c *client.Client, id dagcbor.CID) error {
		b, err := c.DisputeCard(e.ctx, id, cmd.Item)
		if err != nil {
			return err
		}
		words := fmt.Sprintf("Wrote %s. Anyone can judge it: parley dispute verify %s", cmd.Output, cmd.Output)
		return e.deliver(cmd.Output, b, words)
	})
}

type disputeCmd struct {
	Verify disputeVerifyCmd `cmd:"" help:"Check both copies in a dispute's file, and say what each side is proven to have said."`
}

type disputeVerifyCmd struct {
	File string `arg:"" help:"The dispute's file; - is standard input."`
	All  bool   `short:"v" help:"Tell everything: each version, statement and signature, in both copies."`
}

// Help implements kong.HelpProvider.
func (disputeVerifyCmd) Help() string {
	return `Everything needed is in the file. Exits with 0 if it hangs together, whether or
not the copies contradict each other: that is for you to read. Exits with 1 if
the file itself does not hold. Said in a few lines unless --all or --json is
given.

Example:

    parley dispute verify case.car
    parley dispute verify case.car --all
    parley dispute verify case.car --json | jq .divergences`
}

// disputeVerdict is what "dispute verify" finds.
type disputeVerdict struct {
	Valid bool `json:"valid"`
	*archive.DisputeReport
}

// Run verifies.
func (cmd disputeVerifyCmd) Run(e *env) error {
	b, err := e.readFile(cmd.File, archive.MaxDispute)
	if err != nil {
		return err
	}
	_, report, err := archive.ImportDispute(bytes.NewReader(b), time.Now())
	if err != nil {
		if _, _, other := archive.Import(bytes.NewReader(b), time.Now()); other == nil {
			err = fmt.Errorf("it is a card's file (parley card verify %s): %w", cmd.File, err)
		}
		return e.doesNotHold(cmd.File, err)
	}
	return e.show(disputeVerdict{true, report}, func(w io.Writer) {
		fmt.Fprintln(w, "Everything in the file holds.")
		if cmd.All {
			printFindings(w, report)
			return
		}
		printLines(w, report.Summary())
		fmt.Fprintf(w, "More: parley dispute verify %s --all\n", cmd.File)
	})
}
