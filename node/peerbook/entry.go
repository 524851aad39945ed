// Package peerbook is the address book of a node: the peers it knows of, from
// whom, how they have served, and whom to dial next. It is pure: no I/O, no
// clock and no chance but what it is given.
//
// # Against being surrounded
//
// Who wants to be all of a node's neighbours must get into its book and be
// chosen from it. So one peer gets few others into the book and fewer chosen;
// of one range of addresses few are dialled; those that have served longest
// come first, and are not pushed out by those that have only been heard of.
package peerbook

import (
	"errors"
	"fmt"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
)

// Source is how a peer came to be known.
type Source string

// The sources. Peers got by the first two are kept: the node stays connected
// to them and never forgets them by itself.
const (
	Manual   Source = "manual"   // the owner named it
	Invite   Source = "invite"   // one of the two opened the other's invitation
	MDNS     Source = "mdns"     // on the local network
	DHT      Source = "dht"      // looked up
	Exchange Source = "exchange" // another peer named it
	Incoming Source = "incoming" // it came by itself
)

// kept reports whether peers of the source are stayed connected to.
func (s Source) kept() bool { return s == Manual || s == Invite }

func (s Source) known() bool {
	switch s {
	case Manual, Invite, MDNS, DHT, Exchange, Incoming:
		return true
	}
	return false
}

// Entry is what is known of one peer.
type Entry struct {
	Info    peer.AddrInfo // addresses without /p2p, at most MaxAddrs
	Source  Source
	By      peer.ID       // with Exchange: who named it
	Since   time.Time     // when it was first heard of
	Seen    time.Time     // when it was last connected; zero: never
	Held    time.Duration // how long it has been connected, all in all
	Reached uint64        // dials that worked
	Failed  uint64        // dials that have failed since one worked
	Next    time.Time     // not dialled before
	Public  bool          // it offers itself to be found by anybody

	// Unwanted: the owner wants no connection to it, whoever opens it. Nothing
	// but its id is known then.
	Unwanted bool
}

// Stored reports whether the peer is to be remembered across restarts: those
// kept, those unwanted, and those met that offer themselves to be found. Others,
// as persons' nodes are, did not ask to be written down by everybody they met.
func (e Entry) Stored() bool { return e.Unwanted || e.Kept() || e.met() }

// met reports whether it is one of those that make up a node's memory.
func (e Entry) met() bool { return e.Public && !e.Seen.IsZero() }

// Kept reports whether the node is to stay connected to the peer.
func (e Entry) Kept() bool { return e.Source.kept() && !e.Unwanted }

// MaxEntry bounds an entry's encoding in bytes.
const MaxEntry = 8 << 10

// stored is an Entry as it is kept: strict DAG-CBOR. Times are in seconds
// since the Unix epoch, 0 for none.
type stored struct {
	Version uint64   `cbor:"v"` // 1
	Peer    []byte   `cbor:"peer"`
	Addrs   [][]byte `cbor:"addrs,omitempty"`
	Source  Source   `cbor:"source"`
	By      []byte   `cbor:"by,omitempty"`
	Since   int64    `cbor:"since"`
	Seen    int64    `cbor:"seen,omitempty"`
	Held    int64    `cbor:"held,omitempty"` // seconds
	Reached uint64   `cbor:"reached,omitempty"`
	Failed  uint64   `cbor:"failed,omitempty"`
	Next    int64    `cbor:"next,omitempty"`
	Public  bool     `cbor:"public,omitempty"`
	Not     bool     `cbor:"unwanted,omitempty"`
}

// Marshal encodes e for the store.
func (e Entry) Marshal() ([]byte, error) {
	s := stored{
		Version: 1, Peer: []byte(e.Info.ID), Source: e.Source, By: []byte(e.By), Since: unix(e.Since), Seen: unix(e.Seen),
		Held: int64(e.Held / time.Second), Reached: e.Reached, Failed: e.Failed, Next: unix(e.Next), Public: e.Public, Not: e.Unwanted,
	}
	for _, a := range e.Info.Addrs {
		s.Addrs = append(s.Addrs, a.Bytes())
	}
	return dagcbor.Marshal(s)
}

// Parse reads what Marshal wrote.
func Parse(b []byte) (Entry, error) {
	if len(b) > MaxEntry {
		return Entry{}, fmt.Errorf("peer entry: %d bytes, at most %d", len(b), MaxEntry)
	}
	var s stored
	if err := dagcbor.Unmarshal(b, &s); err != nil {
		return Entry{}, fmt.Errorf("peer entry: %w", err)
	}
	e, err := s.entry()
	if err != nil {
		return Entry{}, fmt.Errorf("peer entry: %w", err)
	}
	return e, nil
}

func (s stored) entry() (e Entry, err error) {
	switch {
	case s.Version != 1:
		return e, fmt.Errorf("v: %d is unknown, this is 1", s.Version)
	case !s.Source.known():
		return e, fmt.Errorf("source: %.20q is unknown", s.Source)
	case len(s.Addrs) > MaxAddrs:
		return e, fmt.Errorf("addrs: %d of them, at most %d", len(s.Addrs), MaxAddrs)
	case min(s.Since, s.Seen, s.Held, s.Next) < 0 || max(s.Since, s.Seen, s.Next) > maxUnix || s.Held > maxHeld:
		return e, errors.New("a time is beyond reason")
	}
	if e.Info.ID, err = peer.IDFromBytes(s.Peer); err != nil {
		return e, fmt.Errorf("peer: %w", err)
	}
	if len(s.By) > 0 {
		if e.By, err = peer.IDFromBytes(s.By); err != nil {
			return e, fmt.Errorf("by: %w", err)
		}
	}
	for i, b := range s.Addrs {
		a, err := ma.NewMultiaddrBytes(b)
		if err != nil {
			return e, fmt.Errorf("addrs[%d]: %w", i, err)
		}
		e.Info.Addrs = append(e.Info.Addrs, a)
	}
	if got := Usable(e.Info.Addrs, Loopback); len(got) != len(e.Info.Addrs) {
		return e, errors.New("addrs: one is of no use, or there twice")
	}
	e.Source, e.Reached, e.Failed, e.Public, e.Unwanted = s.Source, s.Reached, s.Failed, s.Public, s.Not
	e.Since, e.Seen, e.Next, e.Held = fromUnix(s.Since), fromUnix(s.Seen), fromUnix(s.Next), time.Duration(s.Held)*time.Second
	return e, nil
}

const (
	maxUnix = 1 << 36           // the year 4147
	maxHeld = 200 * 365 * 86400 // within a time.Duration
)

func unix(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return max(0, t.Unix())
}

func fromUnix(s int64) time.Time {
	if s == 0 {
		return time.Time{}
	}
	return identity.At(time.Unix(s, 0)).Std()
}
