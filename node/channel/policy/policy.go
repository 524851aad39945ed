// Package policy is what a person's node does with the events that vendors
// send: a [Policy] is the person's preferences, [Compile] makes it ready, and
// [Compiled.Decide] says what happens with one event and why.
//
// The first of these that speaks decides:
//
//  1. a closed channel drops everything;
//  2. a global wish for no third-party mail drops that, unless the channel
//     takes it;
//  3. the channel's rules, in their order;
//  4. the channel's own action for the kind;
//  5. the global rules, in their order;
//  6. the global action for the kind, or what [Default] says.
//
// Then quiet hours make an inbox entry of a notification. A recall is about
// somebody's safety: it notifies at any hour, whoever's mail it is, unless its
// channel is closed, or the channel has an action of its own for recalls, or a
// rule that speaks of recalls (see [Rule]) says otherwise.
package policy

import (
	"encoding/json"
	"fmt"

	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/channel"
	"github.com/parley-network/parley/node/channel/internal/strictjson"
)

// Action is what happens with an event.
type Action string

// The actions, from the loudest.
const (
	Notify Action = "notify" // tell the person now
	Inbox  Action = "inbox"  // show it when the person looks
	Digest Action = "digest" // put it into the next digest
	Drop   Action = "drop"   // keep nothing of it
)

func (a Action) known() bool { return a == Notify || a == Inbox || a == Digest || a == Drop }

// Default returns the action for a kind of which a person has said nothing.
func Default(k channel.Kind) Action {
	switch k {
	case channel.KindRecall, channel.KindRenewal, channel.KindOrder:
		return Notify
	case channel.KindOffer:
		return Digest
	}
	return Inbox
}

// Policy is a person's preferences: for all channels, and for each. The zero
// Policy with Version 1 is valid and says nothing.
type Policy struct {
	Version  int                     `json:"v" doc:"1"`
	Global   Global                  `json:"global,omitzero" doc:"what holds for all channels that say nothing else"`
	Channels map[dagcbor.CID]Channel `json:"channels,omitempty" doc:"by the CID of the card"`
}

// Global is what holds for all channels that say nothing else.
type Global struct {
	NoThirdParty bool                    `json:"no_third_party,omitempty" doc:"drop what vendors pass on from others"`
	Zone         string                  `json:"zone,omitempty" doc:"IANA time zone, such as Europe/Berlin; UTC when left out"`
	Quiet        *Quiet                  `json:"quiet,omitempty" doc:"hours without notifications"`
	Kinds        map[channel.Kind]Action `json:"kinds,omitempty" doc:"action by kind: notify, inbox, digest, drop; recalls notify"`
	Rules        []Rule                  `json:"rules,omitempty" doc:"the first that matches decides" maxItems:"64"`
}

// Quiet is a time of each day in the person's zone, from From to before To;
// with From after To it goes over midnight.
type Quiet struct {
	From string `json:"from" doc:"such as 22:00"`
	To   string `json:"to" doc:"such as 07:30; over midnight when before from"`
}

// Channel is the preferences for the channel of one card.
type Channel struct {
	// Closed drops everything. It is the person's side of
	// [channel.Setting]: whoever closes a channel tells the vendor as well.
	Closed    bool                    `json:"closed,omitempty" doc:"drop everything"`
	Kinds     map[channel.Kind]Action `json:"kinds,omitempty" doc:"action by kind: notify, inbox, digest, drop"`
	Rules     []Rule                  `json:"rules,omitempty" doc:"the first that matches decides" maxItems:"64"`
	Overrides Overrides               `json:"overrides,omitzero" doc:"global preferences it is exempt from"`
}

// Overrides name the global preferences that a channel is exempt from by name;
// its kinds and rules go before the global ones anyway.
type Overrides struct {
	ThirdParty bool `json:"third_party,omitempty" doc:"takes third parties' mail all the same"`
	Quiet      bool `json:"quiet,omitempty" doc:"notifies in quiet hours"`
}

// Rule says what happens with the events for which a CEL expression is true
// (https://github.com/google/cel-spec). It sees
//
//	event    id kind type subject title text currency third_party url gtin
//	         serial: strings, "" where the event has none
//	         amount: double · due renews time: timestamps · size: int, bytes
//	         gone: bool
//	channel  name did card terms category: strings · since: timestamp
//	         unread: int
//	now      timestamp
//
// An event without amount, due or renews has none to compare: a rule that asks
// fails, and one that fails does not match; has(event.amount) tells. Hours and
// days (now.getHours()) are those of the global zone. There are no loops, and
// what a rule may cost is bounded.
//
// A rule speaks of recalls, and so may quiet them, when "recall" stands in it
// as a text or it asks for event.gtin or event.serial.
type Rule struct {
	Name string `json:"name" doc:"unique in its list" maxLength:"80"`
	When string `json:"when" doc:"CEL expression over event, channel and now" maxLength:"1000"`
	Do   Action `json:"do" doc:"what happens with events for which it is true" enum:"notify,inbox,digest,drop"`
}

// maxPolicy is the most bytes of a policy's JSON.
const maxPolicy = 4 << 20

// Decode reads a policy from JSON and checks it, apart from its rules'
// expressions, which [Compile] does. Unknown names, names twice and nulls are
// refused.
func Decode(b []byte) (Policy, error) {
	if len(b) > maxPolicy {
		return Policy{}, fmt.Errorf("policy of %d bytes, the most is %d", len(b), maxPolicy)
	}
	var p Policy
	if err := strictjson.Decode(b, &p); err != nil {
		return Policy{}, fmt.Errorf("policy: %w", err)
	}
	if err := p.Check(); err != nil {
		return Policy{}, err
	}
	return p, nil
}

// Encode checks p and returns it as JSON.
func (p Policy) Encode() ([]byte, error) {
	if err := p.Check(); err != nil {
		return nil, err
	}
	b, err := json.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("encode policy: %w", err)
	}
	if len(b) > maxPolicy {
		return nil, fmt.Errorf("policy of %d bytes, the most is %d", len(b), maxPolicy)
	}
	return b, nil
}
