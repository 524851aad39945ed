// Package hello is the record by which a node says what it does for others:
// hold letters, carry exchanges. It is signed with the node's libp2p key, so
// that a record got from anybody can be checked. Pure: no I/O and no clock.
package hello

import (
	"fmt"
	"time"

	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/record"
	ma "github.com/multiformats/go-multiaddr"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/courier/seal"
	"github.com/parley-network/parley/node/courier/wire"
)

const (
	// MaxLife is the longest a record may be valid.
	MaxLife = 24 * time.Hour
	// MaxSkew is how far ahead of this clock a record may be made.
	MaxSkew = 5 * time.Minute

	domain  = "parley-holder-record"
	codec   = "/parley/hello/1"
	version = 1
)

// Record says what a node does for others.
type Record struct {
	Version   uint64        `cbor:"v"`                   // 1
	Peer      string        `cbor:"peer"`                // libp2p peer id
	Key       []byte        `cbor:"key"`                 // HPKE public key for requests to the holder
	Addrs     []string      `cbor:"addrs,omitempty"`     // multiaddrs without /p2p
	Hold      bool          `cbor:"hold"`                // keeps letters
	Forward   bool          `cbor:"forward"`             // carries exchanges
	Public    bool          `cbor:"public,omitempty"`    // all the world knows it anyway: may be named as keeper of a vendor's mail
	Life      uint64        `cbor:"life,omitempty"`      // seconds a slot lives at most
	Letters   uint64        `cbor:"letters,omitempty"`   // letters in one slot at most
	SlotBytes uint64        `cbor:"slotBytes,omitempty"` // bytes in one slot at most
	Time      identity.Time `cbor:"time"`                // when it was made
	Expires   identity.Time `cbor:"expires"`             // at most MaxLife later
}

// Info returns peer id and addresses in libp2p's types.
func (r Record) Info() (peer.AddrInfo, error) { return wire.ParsePeer(r.Peer, r.Addrs) }

// Fresh reports whether r is valid at the time now.
func (r Record) Fresh(now time.Time) bool {
	return now.Before(r.Expires.Std()) && r.Time.Std().Before(now.Add(MaxSkew))
}

// Sign completes r with its version, peer id and addrs, and returns it in a
// libp2p signed envelope (domain "parley-holder-record", payload type
// "/parley/hello/1").
func Sign(key crypto.PrivKey, addrs []ma.Multiaddr, r Record) ([]byte, error) {
	id, err := peer.IDFromPrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("sign holder record: %w", err)
	}
	r.Version, r.Peer, r.Addrs = version, id.String(), wire.AddrStrings(addrs)
	if err := r.check(); err != nil {
		return nil, err
	}
	e, err := record.Seal(&payload{r}, key)
	if err != nil {
		return nil, fmt.Errorf("sign holder record: %w", err)
	}
	return e.Marshal()
}

// Open returns the record in an envelope whose signature is that of the peer
// it names, and which is valid at the time now.
func Open(b []byte, now time.Time) (Record, peer.AddrInfo, error) {
	fail := func(err error) (Record, peer.AddrInfo, error) {
		return Record{}, peer.AddrInfo{}, fmt.Errorf("holder record: %w", err)
	}
	if len(b) > wire.MaxHello {
		return fail(wire.ErrFrameSize)
	}
	var p payload
	e, err := record.ConsumeTypedEnvelope(b, &p)
	if err != nil {
		return fail(err)
	}
	if string(e.PayloadType) != codec {
		return fail(fmt.Errorf("payload type %.40q, want %s", e.PayloadType, codec))
	}
	info, err := p.Info()
	if err != nil {
		return fail(err)
	}
	switch {
	case !info.ID.MatchesPublicKey(e.PublicKey):
		return fail(fmt.Errorf("peer: %s did not sign it", info.ID))
	case !p.Fresh(now):
		return fail(fmt.Errorf("made %s, expires %s, not valid now", p.Time, p.Expires))
	}
	return p.Record, info, nil
}

func (r Record) check() error {
	switch {
	case r.Version != version:
		return fmt.Errorf("holder record: v: %d is unknown, this is %d", r.Version, version)
	case r.Time.IsZero() || !r.Time.Before(r.Expires) || r.Expires.Std().Sub(r.Time.Std()) > MaxLife:
		return fmt.Errorf("holder record: made %s, expires %s: want a life up to %v", r.Time, r.Expires, MaxLife)
	case r.Life > 1<<32 || r.Letters > 1<<32 || r.SlotBytes > 1<<40:
		return fmt.Errorf("holder record: a limit is beyond reason")
	}
	if _, err := r.Info(); err != nil {
		return fmt.Errorf("holder record: %w", err)
	}
	if err := seal.CheckKey(r.Key); err != nil {
		return fmt.Errorf("holder record: key: %w", err)
	}
	return nil
}

// payload makes a Record a libp2p record.
type payload struct{ Record }

var _ record.Record = (*payload)(nil)

func (*payload) Domain() string                   { return domain }
func (*payload) Codec() []byte                    { return []byte(codec) }
func (p *payload) MarshalRecord() ([]byte, error) { return dagcbor.Marshal(p.Record) }

func (p *payload) UnmarshalRecord(b []byte) error {
	var r Record
	if err := dagcbor.Unmarshal(b, &r); err != nil {
		return err
	}
	if err := r.check(); err != nil {
		return err
	}
	p.Record = r
	return nil
}
