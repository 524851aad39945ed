package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/parley-network/parley/node/client"
	"github.com/parley-network/parley/node/view"
)

type leakCmd struct {
	Check leakCheckCmd `cmd:"" help:"Name the relationships that were given a value."`
}

type leakCheckCmd struct {
	Value    string `arg:"" help:"What turned up: an address, a name, a whole mail header; - reads it from standard input, so that it stays out of the shell's history."`
	Card     string `help:"With --evidence: of this relationship, where several had it." placeholder:"CARD"`
	Evidence string `help:"Write a file that shows a stranger what the relationship was given." placeholder:"FILE"`
}

// Help implements kong.HelpProvider.
func (leakCheckCmd) Help() string {
	return `A canary (parley share --canary) was given to one relationship alone. A plain
value may have been given to several: all are named then.

Exits with 1 if nobody was given it.

Example:

    parley leak check - < spam-header.txt
    parley leak check jo+kuvamo@example.org --evidence case.car`
}

// maxLeak bounds what is looked at, as package canary does.
const maxLeak = 16 << 10

// Run checks.
func (cmd leakCheckCmd) Run(e *env) error {
	value := cmd.Value
	if value == "-" {
		b, err := e.readFile("-", maxLeak)
		if err != nil {
			return err
		}
		value = strings.TrimSpace(string(b))
	}
	if value == "" {
		return wrong("say what turned up: the value is empty")
	}
	return e.with(func(c *client.Client) error {
		leak, err := c.CheckLeak(e.ctx, value)
		if err != nil {
			return err
		}
		if err := e.show(leak, func(w io.Writer) { printLeak(w, leak) }); err != nil {
			return err
		}
		if len(leak.Hits) == 0 {
			return errTold
		}
		if cmd.Evidence == "" {
			return nil
		}
		return cmd.evidence(e, c, leak)
	})
}

func printLeak(w io.Writer, leak view.Leak) {
	fmt.Fprintln(w, clean(leak.Text))
	if len(leak.Hits) == 0 {
		return
	}
	var rows [][]string
	for _, h := range leak.Hits {
		rows = append(rows, []string{short(h.Card), h.With, fmt.Sprint(h.Item), h.Path, day(h.Since), yes(h.Canary, "yes", "no"), h.Why})
	}
	columns(w, "CARD WITH* ITEM PIECE SINCE CANARY WHY+", rows)
}

// evidence writes the file of the one relationship that it can be of.
func (cmd leakCheckCmd) evidence(e *env, c *client.Client, leak view.Leak) error {
	hits := leak.Hits
	if cmd.Card != "" {
		card, err := e.findCard(c, cmd.Card)
		if err != nil {
			return err
		}
		hits = slices.DeleteFunc(slices.Clone(hits), func(h view.LeakHit) bool { return h.Card != card })
	}
	if len(hits) == 0 {
		return fmt.Errorf("card %s was not given it: %w", cmd.Card, view.ErrNotFound)
	}
	if slices.ContainsFunc(hits, func(h view.LeakHit) bool { return h.Card != hits[0].Card }) {
		return wrong("several relationships were given it: say with --card whose evidence to write")
	}
	b, err := c.LeakEvidence(e.ctx, hits[0].Card, hits[0].Item)
	if err != nil {
		return err
	}
	if err := writeNew(cmd.Evidence, b); err != nil {
		return err
	}
	if !e.asJSON {
		fmt.Fprintf(e.out, "Wrote %s. Anyone can judge it: parley dispute verify %s\n", cmd.Evidence, cmd.Evidence)
	}
	return nil
}
