package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/channel/policy"
	"github.com/parley-network/parley/node/client"
	"github.com/parley-network/parley/node/view"
)

type channelsCmd struct{}

// Help implements kong.HelpProvider.
func (channelsCmd) Help() string { return "By name.\n\nExample:\n\n    parley channels" }

// Run lists the channels.
func (channelsCmd) Run(e *env) error {
	return e.with(func(c *client.Client) error {
		all, err := c.Channels(e.ctx)
		if err != nil {
			return err
		}
		return e.show(none(all), func(w io.Writer) {
			if len(all) == 0 {
				fmt.Fprintln(w, "There is no channel: each card has one.")
				return
			}
			var rows [][]string
			for _, ch := range all {
				rows = append(rows, []string{short(ch.Card), ch.With, takes(ch), strconv.Itoa(ch.Unread), strconv.Itoa(ch.Taken)})
			}
			columns(w, "CARD WITH* TAKES* UNREAD CAME", rows)
		})
	})
}

// takes says what a channel lets through.
func takes(ch view.Channel) string {
	switch {
	case !ch.Open:
		return "closed: nothing"
	case len(ch.Welcome) == 0:
		return "everything"
	}
	return strings.Join(ch.Welcome, " ")
}

type channelCmd struct {
	Show   channelShowCmd   `cmd:"" help:"Show a channel, and what becomes of each kind of event."`
	Open   channelOpenCmd   `cmd:"" help:"Open it for everything; the vendor is told."`
	Close  channelCloseCmd  `cmd:"" help:"Close it; the vendor is told, and nothing more comes in."`
	Only   channelOnlyCmd   `cmd:"" help:"Let only these kinds through; the vendor is told."`
	Try    channelTryCmd    `cmd:"" help:"Say what would become of an event, and why. Nothing is sent."`
	Policy channelPolicyCmd `cmd:"" help:"What becomes of events: notify, inbox, digest or drop."`
}

type channelShowCmd struct {
	Card string `arg:"" help:"The relationship."`
}

// Help implements kong.HelpProvider.
func (channelShowCmd) Help() string { return "Example:\n\n    parley channel show \"Alpine Cars\"" }

// Run shows a channel.
func (cmd channelShowCmd) Run(e *env) error {
	return e.onCard(cmd.Card, func(c *client.Client, id dagcbor.CID) error {
		ch, err := c.Channel(e.ctx, id)
		if err != nil {
			return err
		}
		return e.show(ch, func(w io.Writer) { printChannel(w, ch) })
	})
}

func printChannel(w io.Writer, ch view.Channel) {
	sheet(w, "card", short(ch.Card), "with", ch.With, "takes", takes(ch), "unread", strconv.Itoa(ch.Unread), "came", strconv.Itoa(ch.Taken))
	if len(ch.Settings) == 0 {
		return
	}
	fmt.Fprintln(w)
	var rows [][]string
	for _, s := range ch.Settings {
		from := s.From
		if len(s.Overrides) > 0 {
			from += ", over " + strings.Join(s.Overrides, " ")
		}
		rows = append(rows, []string{string(s.Kind), string(s.Action), string(s.Quiet), string(s.ThirdParty), from, strings.Join(s.Rules, ", ")})
	}
	columns(w, "EVENT DO IN_QUIET_HOURS THIRD_PARTY SAYS* UNLESS_A_RULE*", rows)
}

type channelOpenCmd struct {
	Card string `arg:"" help:"The relationship."`
}

// Help implements kong.HelpProvider.
func (channelOpenCmd) Help() string { return "Example:\n\n    parley channel open \"Alpine Cars\"" }

// Run opens.
func (cmd channelOpenCmd) Run(e *env) error {
	return e.setChannel(cmd.Card, view.ChannelWant{Open: true})
}

type channelCloseCmd struct {
	Card string `arg:"" help:"The relationship."`
}

// Help implements kong.HelpProvider.
func (channelCloseCmd) Help() string { return "Example:\n\n    parley channel close \"Alpine Cars\"" }

// Run closes.
func (cmd channelCloseCmd) Run(e *env) error {
	return e.setChannel(cmd.Card, view.ChannelWant{})
}

type channelOnlyCmd struct {
	Card  string   `arg:"" help:"The relationship."`
	Kinds []string `arg:"" name:"kind" enum:"receipt,order,recall,renewal,offer,message" help:"Kinds of events: ${enum}."`
}

// Help implements kong.HelpProvider.
func (channelOnlyCmd) Help() string {
	return "Example:\n\n    parley channel only \"Alpine Cars\" receipt recall"
}

// Run narrows.
func (cmd channelOnlyCmd) Run(e *env) error {
	return e.setChannel(cmd.Card, view.ChannelWant{Open: true, Welcome: cmd.Kinds})
}

func (e *env) setChannel(card string, want view.ChannelWant) error {
	return e.onCard(card, func(c *client.Client, id dagcbor.CID) error {
		ch, err := c.SetChannel(e.ctx, id, want)
		if err != nil {
			return err
		}
		return e.show(ch, func(w io.Writer) { printChannel(w, ch) })
	})
}

type channelTryCmd struct {
	Card string `arg:"" help:"The relationship."`
	eventFlags
}

// Help implements kong.HelpProvider.
func (channelTryCmd) Help() string {
	return `Example:

    parley channel try "Alpine Cars" --kind offer --title "Winter tyres"
      --amount "320 USD"`
}

// Run tries.
func (cmd channelTryCmd) Run(e *env) error {
	want, err := cmd.want()
	if err != nil {
		return err
	}
	return e.onCard(cmd.Card, func(c *client.Client, id dagcbor.CID) error {
		d, err := c.TryEvent(e.ctx, id, want)
		if err != nil {
			return err
		}
		return e.show(d, func(w io.Writer) { paragraph(w, "", d.Explain()) })
	})
}

type channelPolicyCmd struct {
	Show channelPolicyShowCmd `cmd:"" default:"1" help:"Show the preferences."`
	Set  channelPolicySetCmd  `cmd:"" help:"Replace the preferences."`
}

type channelPolicyShowCmd struct{}

// Help implements kong.HelpProvider.
func (channelPolicyShowCmd) Help() string {
	return "They are JSON, to be edited and set again.\n\nExample:\n\n    parley channel policy > channels.json"
}

// Run prints the policy; it is JSON either way.
func (channelPolicyShowCmd) Run(e *env) error {
	return e.with(func(c *client.Client) error {
		p, err := c.ChannelPolicy(e.ctx)
		if err != nil {
			return err
		}
		e.asJSON = true
		return e.show(p, nil)
	})
}

type channelPolicySetCmd struct {
	File string `arg:"" help:"A JSON file such as \"channel policy show\" prints; - is standard input."`
}

// Help implements kong.HelpProvider.
func (channelPolicySetCmd) Help() string {
	return `Rules are CEL expressions over event, channel and now; the first that is true
decides. A channel's own preferences go before those for all.

    {"v": 1, "global": {
      "no_third_party": true, "zone": "America/Detroit",
      "quiet": {"from": "22:00", "to": "07:30"},
      "kinds": {"offer": "digest"},
      "rules": [{"name": "big bills", "do": "notify",
        "when": "event.kind == 'receipt' && event.amount > 500.0"}]}}

Example:

    parley channel policy > channels.json
    parley channel policy set channels.json`
}

// Run replaces the policy.
func (cmd channelPolicySetCmd) Run(e *env) error {
	b, err := e.readFile(cmd.File, maxRulesFile)
	if err != nil {
		return err
	}
	p, err := policy.Decode(b)
	if err == nil {
		_, err = policy.Compile(p)
	}
	if err != nil {
		return inFile(cmd.File, err)
	}
	return e.with(func(c *client.Client) error {
		if err := c.SetChannelPolicy(e.ctx, p); err != nil {
			return inFile(cmd.File, err)
		}
		return e.show(p, func(w io.Writer) { fmt.Fprintln(w, "The preferences are set.") })
	})
}
