package courier

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/node/courier/forward"
	"github.com/parley-network/parley/node/courier/hold"
	"github.com/parley-network/parley/node/store"
)

// MaxLife is the longest a letter may live. Ids are remembered that long.
const MaxLife = 32 * 24 * time.Hour

// AckKind is the kind of the courier's own letters, which no handler sees.
const AckKind = "ack"

// Handler does what a letter asks for, in the transaction that records the
// letter's id as seen: its writes and that record happen together or not at
// all, and once, however often the letter comes. tx is the only thing it may
// change; like the function of an Update it may be run again.
//
// An error made by [Refuse] refuses the letter for good: the handler's writes
// are undone and the sender learns the reason. After any other error the
// letter counts as not received, and comes again.
type Handler func(ctx context.Context, tx store.Tx, in Inbound) error

// Tx is a transaction that a letter is sent in. OnDurable has its argument called
// once the transaction is durable, and never if it does not become so.
type Tx interface {
	store.Tx
	OnDurable(func())
}

// Refusal is a handler's final no.
type Refusal struct{ Reason string }

// Error says why.
func (r *Refusal) Error() string { return "refused: " + r.Reason }

// Refuse returns a [Refusal]. The reason, at most 256 bytes, is for the
// sender's eyes.
func Refuse(format string, args ...any) error {
	return &Refusal{Reason: clip(fmt.Sprintf(format, args...), maxReason)}
}

// clip returns as much of s as fits n bytes, whole characters and no bytes that
// are not text: what is not can't be sent.
func clip(s string, n int) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

const maxReason = 256

// Outgoing is a letter to be sent.
type Outgoing struct {
	To      intentcast.Route
	From    *intentcast.Route // an own route, for acknowledgement and answer; nil: neither can come
	Kind    string            // what Body is, 1 to 64 bytes
	Body    []byte            // with the rest of the letter below 64 KiB
	Expires time.Time         // in the future, at most MaxLife ahead; then the letter is given up
	Ref     string            // what it belongs to, such as a card's CID; stays here
	Direct  bool              // the sender need not be hidden (a vendor): no forwarder
}

// Inbound is a letter received.
type Inbound struct {
	ID       string            // chosen by the sender, hex
	Kind     string            //
	Body     []byte            //
	From     *intentcast.Route // where an answer goes; not proven, as nothing here is, to be the sender's
	Label    string            // of the own route it came by; "": this node's direct route
	To       []byte            // SHA-256 of the public key it was sealed to
	Sent     time.Time         // by the sender's clock
	Expires  time.Time         //
	Received time.Time         //
	Read     any               // what Config.Read made of it; nil where there is no such function

	incoming incoming
}

// Answer reports whether the letter came in the answer to one from here.
func (in *Inbound) Answer() bool { return in.incoming.by == byAnswer }

// The states of a letter in the outbox.
const (
	StateQueued    = "queued"    // not yet handed in anywhere
	StateHeld      = "held"      // a holder has it; not yet acknowledged
	StateDelivered = "delivered" // acknowledged by the recipient
	StateRead      = "read"      // looked at by whoever it is for, who lets that be known
	StateRefused   = "refused"   // refused by the recipient
	StateExpired   = "expired"   // given up
)

// LetterStatus is where a sent letter stands.
type LetterStatus struct {
	ID       string    `json:"id"`
	Ref      string    `json:"ref,omitempty"`
	Kind     string    `json:"kind"`
	State    string    `json:"state"`
	Peer     string    `json:"peer"`              // the peer it is for: the recipient, or the holder of its route
	Slot     bool      `json:"slot"`              // that peer is a holder
	HeldBy   string    `json:"held_by,omitempty"` // the peer that last said to keep it for the recipient
	Attempts int       `json:"attempts"`
	Problem  string    `json:"problem,omitempty"` // of the last attempt, or the reason of refusal
	Created  time.Time `json:"created"`
	Expires  time.Time `json:"expires"`
	Next     time.Time `json:"next,omitzero"` // next attempt; zero: none
}

// RouteLoss says that the holder of an own route does not answer.
type RouteLoss struct {
	Label  string
	Holder string // libp2p peer id
	Since  time.Time
	Reason string
}

// Limits bound the courier. A zero field is that of [DefaultLimits].
type Limits struct {
	Hold    hold.Limits    // letters kept for others
	Forward forward.Limits // exchanges carried for others
	Ask     forward.Limits // requests to the holder; a peer that asks stands for all it carries for
	Letters forward.Limits // letters taken in, for this node or its holder

	Sends          int           // letters being sent at one time
	PerDestination int           // of these to one peer
	Polls          int           // own routes that wait at their holders at one time
	Records        int           // holder records kept
	Settle         time.Duration // after Run, how long to look for forwarders before doing without
	LostAfter      time.Duration // no answer of a holder for so long is a loss
	Replace        time.Duration // a loss of so long has the route replaced, where it can be
	Rotate         time.Duration // age at which a route gets new keys, where it can, give or take a tenth
	Grace          time.Duration // for so long letters to a replaced route are taken; then its keys are erased
}

// DefaultLimits are those of an ordinary node.
func DefaultLimits() Limits {
	return Limits{
		Hold: hold.DefaultLimits(), Forward: forward.DefaultLimits(),
		Ask: forward.Limits{
			Concurrent: 384, PeerConcurrent: 192, PeerRate: 200, PeerBurst: 4000,
			PeerBytes: 4 << 20, PeerBurstBytes: 64 << 20,
		},
		Letters: forward.Limits{
			Concurrent: 256, PeerConcurrent: 64, PeerRate: 100, PeerBurst: 1000,
			PeerBytes: 2 << 20, PeerBurstBytes: 32 << 20,
		},
		Sends: 128, PerDestination: 16, Polls: 64, Records: 1024,
		Settle: 5 * time.Second, LostAfter: 10 * time.Minute,
		Replace: time.Hour, Rotate: 7 * 24 * time.Hour, Grace: 14 * 24 * time.Hour,
	}
}

func (l Limits) withDefaults() Limits {
	d := DefaultLimits()
	orDefault(&l.Hold, d.Hold)
	orDefault(&l.Forward, d.Forward)
	orDefault(&l.Ask, d.Ask)
	orDefault(&l.Letters, d.Letters)
	orDefault(&l.Sends, d.Sends)
	orDefault(&l.PerDestination, d.PerDestination)
	orDefault(&l.Polls, d.Polls)
	orDefault(&l.Records, d.Records)
	orDefault(&l.Settle, d.Settle)
	orDefault(&l.LostAfter, d.LostAfter)
	orDefault(&l.Replace, d.Replace)
	orDefault(&l.Rotate, d.Rotate)
	orDefault(&l.Grace, d.Grace)
	return l
}

func orDefault[T comparable](v *T, d T) {
	var zero T
	if *v == zero {
		*v = d
	}
}
