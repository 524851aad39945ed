package policy

import (
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/channel"
)

// Effect is what a policy comes to for one kind of events in one channel.
type Effect struct {
	Kind       channel.Kind `json:"kind"`
	Action     Action       `json:"action" doc:"where no rule matches, outside quiet hours"`
	Quiet      Action       `json:"quiet" doc:"the same within quiet hours"`
	ThirdParty Action       `json:"third_party" doc:"the same for third-party mail"`
	From       string       `json:"from" doc:"the preference that says so: channel.closed, channel.kinds, global.kinds, default"`
	Overrides  []string     `json:"overrides,omitempty" doc:"global preferences the channel goes before"`
	Rules      []string     `json:"rules,omitempty" doc:"names of the rules that may say otherwise, in their order"`
}

// Effective returns the table of one card's channel, one row for each of
// [channel.Kinds].
func (c *Compiled) Effective(card dagcbor.CID) []Effect {
	ch := c.channels[card]
	if ch == nil {
		ch = &compiledChannel{}
	}
	var table []Effect
	for _, k := range channel.Kinds() {
		table = append(table, c.effect(ch, k))
	}
	return table
}

func (c *Compiled) effect(ch *compiledChannel, k channel.Kind) Effect {
	if ch.Closed {
		return Effect{Kind: k, Action: Drop, Quiet: Drop, ThirdParty: Drop, From: "channel.closed"}
	}
	e := Effect{Kind: k, Action: Default(k), From: "default", Rules: names(ch.rules, k)}
	global, said := c.global.Kinds[k]
	if said {
		e.Action, e.From = global, "global.kinds"
	}
	if own, ok := ch.Kinds[k]; ok {
		if said && own != global {
			e.Overrides = append(e.Overrides, "global.kinds."+string(k))
		}
		e.Action, e.From = own, "channel.kinds"
	} else {
		e.Rules = append(e.Rules, names(c.rules, k)...)
	}
	e.Quiet, e.ThirdParty = e.Action, e.Action
	c.exempt(ch, &e)
	return e
}

// exempt fills in what quiet hours and third-party mail change.
func (c *Compiled) exempt(ch *compiledChannel, e *Effect) {
	recall := e.Kind == channel.KindRecall
	if c.quiet != nil && e.Action == Notify && !recall {
		if ch.Overrides.Quiet {
			e.Overrides = append(e.Overrides, "global.quiet")
		} else {
			e.Quiet = Inbox
		}
	}
	if c.global.NoThirdParty {
		if ch.Overrides.ThirdParty {
			e.Overrides = append(e.Overrides, "global.no_third_party")
		} else if !recall {
			e.ThirdParty = Drop
		}
	}
}

// names lists the rules that may decide over kind k.
func names(rules []rule, k channel.Kind) []string {
	var list []string
	for _, r := range rules {
		if k != channel.KindRecall || r.Do == Notify || r.recalls {
			list = append(list, r.Name)
		}
	}
	return list
}
