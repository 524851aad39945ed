package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/parley-network/parley/node/channel"
	"github.com/parley-network/parley/node/channel/digest"
	"github.com/parley-network/parley/node/client"
	"github.com/parley-network/parley/node/view"
)

type inboxCmd struct {
	List inboxListCmd `cmd:"" default:"withargs" help:"List what came, the newest first."`
	Read inboxReadCmd `cmd:"" help:"Read one event, and why it is here."`

	Receipts receiptsCmd `cmd:"" help:"Show or set whether senders are told what you have read."`
}

type inboxListCmd struct {
	Unread bool          `help:"Only what was not read yet."`
	Wait   time.Duration `help:"Wait this long until there is something." placeholder:"30s"`
}

// Help implements kong.HelpProvider.
func (inboxListCmd) Help() string {
	return "The newest first.\n\nExample:\n\n    parley inbox --unread"
}

// Run lists the inbox.
func (cmd inboxListCmd) Run(e *env) error {
	return e.with(func(c *client.Client) error {
		all, err := poll(e, "something to come", cmd.Wait, func() ([]view.InboxEntry, bool, error) {
			all, err := c.Inbox(e.ctx, cmd.Unread)
			return all, len(all) > 0, err
		})
		if err != nil {
			return err
		}
		return e.show(none(all), func(w io.Writer) {
			if len(all) == 0 {
				fmt.Fprintln(w, yes(cmd.Unread, "There is nothing unread.", "Nothing has come yet."))
				return
			}
			var rows [][]string
			for _, in := range all {
				rows = append(rows, []string{yes(in.Read, "", "*"), eventID(in), local(in.Time), in.With, in.Kind, in.Title})
			}
			columns(w, "· EVENT* CAME FROM* KIND TITLE*", rows)
		})
	})
}

// eventID is the vendor's own part of an entry's id, without the relationship
// that stands before it.
func eventID(in view.InboxEntry) string {
	return in.ID[strings.IndexAny(in.ID, "~ ")+1:] // nodes of before put a space
}

type inboxReadCmd struct {
	Event string `arg:"" help:"The event's id, or the beginning of it."`
}

// Help implements kong.HelpProvider.
func (inboxReadCmd) Help() string { return "Example:\n\n    parley inbox read order-4711-paid" }

// Run shows an event and marks it as read.
func (cmd inboxReadCmd) Run(e *env) error {
	return e.with(func(c *client.Client) error {
		all, err := c.Inbox(e.ctx, false)
		if err != nil {
			return err
		}
		in, err := findEvent(all, cmd.Event)
		if err != nil {
			return err
		}
		if err := c.MarkRead(e.ctx, in.ID); err != nil {
			return err
		}
		in.Read = true
		return e.show(in, func(w io.Writer) { printEvent(w, in) })
	})
}

type receiptsCmd struct {
	Set string `arg:"" optional:"" enum:"on,off," default:"" help:"on or off; left out, it is shown."`
}

// Help implements kong.HelpProvider.
func (receiptsCmd) Help() string {
	return "A vendor's node tells, unless set otherwise; a person's does not. It holds for what is read from then on.\n\n" +
		"Example:\n\n    parley inbox receipts on"
}

// Run shows or sets it.
func (cmd receiptsCmd) Run(e *env) error {
	return e.with(func(c *client.Client) error {
		if cmd.Set != "" {
			if err := c.SetReceipts(e.ctx, view.Receipts{Send: cmd.Set == "on"}); err != nil {
				return err
			}
		}
		v, err := c.Receipts(e.ctx)
		if err != nil {
			return err
		}
		return e.show(v, func(w io.Writer) {
			fmt.Fprintln(w, yes(v.Send, "Senders are told when you read what they sent.", "Senders are not told what you read."))
		})
	})
}

// findEvent finds an entry by its id, by the vendor's part of that, or by the
// beginning of either.
func findEvent(all []view.InboxEntry, s string) (view.InboxEntry, error) {
	var ids []string
	for _, in := range all {
		if in.ID == s || in.ID == strings.Replace(s, " ", "~", 1) {
			return in, nil
		}
		ids = append(ids, eventID(in))
	}
	if same := slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return id != s }); len(same) > 1 {
		return view.InboxEntry{}, fmt.Errorf("%d vendors call an event %q: give the whole id that parley inbox --json shows", len(same), s)
	}
	id, err := pickText(s, "event", "parley inbox", ids)
	if err != nil {
		return view.InboxEntry{}, err
	}
	return all[slices.Index(ids, id)], nil
}

func printEvent(w io.Writer, in view.InboxEntry) {
	var data channel.Data
	if ev, err := channel.DecodeEvent(in.Event); err == nil {
		data = ev.Data
	}
	amount := ""
	if data.Amount.Currency != "" {
		amount = data.Amount.String()
	}
	sheet(w, "from", in.With, "card", short(in.Card), "kind", in.Kind, "came", local(in.Time), "title", in.Title,
		"amount", amount, "due", local(data.Due), "renews", local(data.Renews), "passed on for", data.ThirdParty,
		"product", data.GTIN, "serial", data.Serial, "more at", data.URL)
	if in.Text != "" {
		fmt.Fprintln(w)
		paragraph(w, "  ", in.Text)
	}
	fmt.Fprintln(w)
	for _, step := range in.Why {
		paragraph(w, yes(step.Decides, "* ", "  "), step.Text)
	}
}

type digestCmd struct {
	At     int    `default:"-1" help:"Make it at this hour of the day from now on." placeholder:"HOUR"`
	Zone   string `help:"The hour is by the clock of this time zone." placeholder:"America/Detroit"`
	Weekly string `enum:",sunday,monday,tuesday,wednesday,thursday,friday,saturday" default:"" help:"Make it on this day of the week, instead of daily." placeholder:"DAY"`
	Daily  bool   `help:"Make it daily again."`
}

// Help implements kong.HelpProvider.
func (digestCmd) Help() string {
	return `Without options it shows the newest digest.

Example:

    parley digest
    parley digest --at 8 --zone America/Detroit --weekly monday`
}

// digestNow is what "digest" shows.
type digestNow struct {
	view.DigestPage
	Schedule digest.Schedule `json:"schedule"`
}

// Run shows the digest, after setting when it is made if that is asked.
func (cmd digestCmd) Run(e *env) error {
	return e.with(func(c *client.Client) error {
		s, err := c.DigestSchedule(e.ctx)
		if err != nil {
			return err
		}
		next, err := cmd.schedule(s)
		if err != nil {
			return err
		}
		if next != s {
			if err := c.SetDigestSchedule(e.ctx, next); err != nil {
				return err
			}
		}
		page, err := c.Digest(e.ctx)
		if err != nil {
			return err
		}
		return e.show(digestNow{page, next}, func(w io.Writer) { printDigest(w, page, next) })
	})
}

// schedule is s with what the options change of it.
func (cmd digestCmd) schedule(s digest.Schedule) (digest.Schedule, error) {
	if cmd.Daily && cmd.Weekly != "" {
		return s, wrong("--daily and --weekly say different things")
	}
	if cmd.At >= 0 {
		s.Hour = cmd.At
	}
	if cmd.Zone != "" {
		s.Zone = cmd.Zone
	}
	if cmd.Daily {
		s.Weekly, s.Day = false, 0
	}
	for d := time.Sunday; d <= time.Saturday && cmd.Weekly != ""; d++ {
		if strings.EqualFold(d.String(), cmd.Weekly) {
			s.Weekly, s.Day = true, d
		}
	}
	if err := s.Check(); err != nil {
		return s, wrong("%v", err)
	}
	return s, nil
}

func printDigest(w io.Writer, p view.DigestPage, s digest.Schedule) {
	if p.Text != "" {
		for line := range strings.Lines(p.Text) {
			fmt.Fprintln(w, clean(strings.TrimSuffix(line, "\n")))
		}
		fmt.Fprintln(w)
	}
	zone := s.Zone
	if zone == "" {
		zone = "UTC"
	}
	often := "daily"
	if s.Weekly {
		often = "each " + s.Day.String()
	}
	fmt.Fprintf(w, "The digest is made %s at %d:00 (%s). Waiting for the next one: %s.\n", often, s.Hour, zone, count(p.Waiting, "event"))
}
