package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/client"
	"github.com/parley-network/parley/node/view"
)

type outboxCmd struct {
	Card    string        `arg:"" optional:"" help:"Only letters about this relationship."`
	Waiting bool          `help:"Only those that have not arrived."`
	Wait    time.Duration `help:"Wait this long until all have arrived; if some have not, the command fails." placeholder:"30s"`
}

// Help implements kong.HelpProvider.
func (outboxCmd) Help() string {
	return "The newest first. A letter is queued until somebody has it; held while a peer keeps it for the other side; " +
		"then delivered, refused, or expired; and read, where the other side lets that be known.\n\nExample:\n\n    parley outbox --waiting\n    parley outbox \"Alpine Cars\""
}

// Run lists the letters sent.
func (cmd outboxCmd) Run(e *env) error {
	list := func(c *client.Client, card dagcbor.CID) error {
		all, err := poll(e, "the letters to arrive", cmd.Wait, func() ([]view.Letter, bool, error) {
			all, err := c.Letters(e.ctx, card)
			return all, len(underWay(all)) == 0, err
		})
		if err != nil {
			return err
		}
		late := underWay(all)
		if cmd.Waiting {
			all = late
		}
		if err := e.show(none(all), func(w io.Writer) { printLetters(w, all, cmd.Waiting) }); err != nil || cmd.Wait <= 0 || len(late) == 0 {
			return err
		}
		return errTold
	}
	if cmd.Card == "" {
		return e.with(func(c *client.Client) error { return list(c, dagcbor.CID{}) })
	}
	return e.onCard(cmd.Card, list)
}

// underWay returns the letters that have not arrived and are not given up.
func underWay(all []view.Letter) (out []view.Letter) {
	for _, l := range all {
		if l.State == "queued" || l.State == "held" {
			out = append(out, l)
		}
	}
	return out
}

func printLetters(w io.Writer, all []view.Letter, waiting bool) {
	if len(all) == 0 {
		fmt.Fprintln(w, yes(waiting, "All that was sent has arrived, or was given up.", "Nothing was sent in the last week."))
		return
	}
	var rows [][]string
	for _, l := range all {
		card := ""
		if l.Card != nil {
			card = short(*l.Card)
		}
		rows = append(rows, []string{local(l.Created), recipient(l), card, l.Kind, l.State, count(l.Attempts, "attempt")})
	}
	t := layout("SENT TO* CARD KIND STATE TRIED", rows)
	t.print(w, t.head)
	for i, row := range rows {
		t.print(w, row)
		if more := letterMore(all[i]); more != "" {
			paragraph(w, "    ", more)
		}
	}
}

// letterMore is what has no room in a letter's row: who keeps it, when it is
// tried again, and why it has not arrived.
func letterMore(l view.Letter) string {
	var more []string
	if l.HeldBy != "" {
		more = append(more, strings.TrimPrefix(letterState(l), l.State+" "))
	}
	if l.Next != nil {
		more = append(more, "tried again "+local(*l.Next))
	}
	if l.Problem != "" {
		more = append(more, clean(l.Problem))
	}
	return strings.Join(more, "; ")
}

// recipient says in words who a letter is for.
func recipient(l view.Letter) string {
	switch {
	case l.With == "":
		return "not known any more"
	case l.Card == nil && l.About != "":
		return l.With + ", about " + l.About
	}
	return l.With
}

// letterState is the state, and who keeps the letter.
func letterState(l view.Letter) string {
	if l.HeldBy == "" {
		return l.State
	}
	return l.State + " by …" + l.HeldBy[max(0, len(l.HeldBy)-shortLen):]
}

// printUnderWay says what about a card has not arrived at the other side.
func printUnderWay(w io.Writer, card view.Card, all []view.Letter) {
	for i, l := range underWay(all) {
		if i == 0 {
			fmt.Fprintf(w, "\non its way to %s:\n", otherSide(card))
		}
		fmt.Fprintf(w, "  %s, %s: %s\n", l.Kind, letterState(l), l.Text)
	}
}
