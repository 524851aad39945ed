// Package invite is an invitation to connect: who invites and where, and a
// secret that lets one node in, once. It travels outside the network, by
// message or as a QR code, so whoever has the text has the invitation. Pure:
// no I/O and no clock.
//
// # The text
//
// A link, "parley://invite/" and the base64url (RFC 4648, no padding) of the
// strict DAG-CBOR of an [Invitation]. The form with an authority is one that
// systems hand to a program registered for the scheme, and its path keeps
// upper and lower case, which base64url needs. The signature is Ed25519, by
// the device key that the peer id holds, over "parley/invite/1", a zero byte
// and the same DAG-CBOR without the field sig.
//
// # Clocks
//
// The inviter alone decides whether an invitation has expired, by the clock it
// made it with. Who opens one refuses it beforehand only if it is over, or not
// yet made, by more than [Skew].
package invite

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"

	"github.com/parley-network/parley/identity/dagcbor"
)

const (
	// Scheme begins every link.
	Scheme = "parley://invite/"
	// MaxLink bounds a link in bytes; a QR code holds 2,953.
	MaxLink = 2048
	// SecretSize is the secret's size in bytes.
	SecretSize = 16
	// MaxAddrs is the most addresses an invitation names: more would make
	// a code that phones don't read.
	MaxAddrs = 4
	// MaxLife is the longest an invitation may stand.
	MaxLife = 31 * 24 * time.Hour
	// Skew is how far apart the clocks of the two may be.
	Skew = time.Hour

	maxName = 64
	maxAddr = 256
	version = 1
	tag     = "parley/invite/1\x00"
)

// Why an invitation is refused.
var (
	ErrMalformed = errors.New("not an invitation")
	ErrForged    = errors.New("the invitation was changed, or is not by whom it names")
	ErrExpired   = errors.New("the invitation has expired")
	ErrEarly     = errors.New("the invitation is dated in the future: one of the two clocks is wrong")
)

// Invitation is what a link carries. Times are in seconds since the Unix
// epoch, which keeps the code small.
type Invitation struct {
	Version uint64    `cbor:"v"`               // 1
	Peer    []byte    `cbor:"peer"`            // the inviter's peer id, of an Ed25519 key
	Addrs   [][]byte  `cbor:"addrs,omitempty"` // its multiaddrs without /p2p, at most MaxAddrs
	Secret  []byte    `cbor:"secret"`          // SecretSize random bytes
	Made    int64     `cbor:"made"`
	Expires int64     `cbor:"expires"`        // at most MaxLife later
	Name    string    `cbor:"name,omitempty"` // what the inviter calls itself; anybody can call themselves anything
	Card    *Proposal `cbor:"card,omitempty"`
	Sig     []byte    `cbor:"sig,omitempty"` // 64 bytes
}

// Sign completes in with its version, the peer id of key and the signature,
// and returns the link.
func Sign(key crypto.PrivKey, in Invitation) (string, error) {
	id, err := peer.IDFromPrivateKey(key)
	if err != nil {
		return "", fmt.Errorf("sign invitation: %w", err)
	}
	in.Version, in.Peer, in.Sig = version, []byte(id), nil
	if err := in.check(); err != nil {
		return "", fmt.Errorf("sign invitation: %w", err)
	}
	said, err := in.said()
	if err != nil {
		return "", fmt.Errorf("sign invitation: %w", err)
	}
	if in.Sig, err = key.Sign(said); err != nil {
		return "", fmt.Errorf("sign invitation: %w", err)
	}
	b, err := dagcbor.Marshal(in)
	if err != nil {
		return "", fmt.Errorf("sign invitation: %w", err)
	}
	link := Scheme + base64.RawURLEncoding.EncodeToString(b)
	if len(link) > MaxLink {
		return "", fmt.Errorf("sign invitation: a link of %d bytes, at most %d", len(link), MaxLink)
	}
	return link, nil
}

// said is what is signed.
func (in Invitation) said() ([]byte, error) {
	in.Sig = nil
	b, err := dagcbor.Marshal(in)
	return append([]byte(tag), b...), err
}

// Open reads a link and checks who signed it and, as far as the clock now can
// tell, that it stands. Errors wrap one of this package's.
func Open(link string, now time.Time) (Invitation, error) {
	in, err := parse(link)
	if err != nil {
		return Invitation{}, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	if err := in.verify(); err != nil {
		return Invitation{}, err
	}
	switch {
	case now.Add(Skew).Before(time.Unix(in.Made, 0)):
		return Invitation{}, fmt.Errorf("%w (it says %s)", ErrEarly, time.Unix(in.Made, 0).UTC().Format(time.RFC3339))
	case now.Add(-Skew).After(in.Until()):
		return Invitation{}, fmt.Errorf("%w on %s; ask for a new one", ErrExpired, in.Until().UTC().Format(time.RFC3339))
	}
	return in, nil
}

func parse(link string) (Invitation, error) {
	if len(link) > MaxLink {
		return Invitation{}, fmt.Errorf("%d bytes, at most %d", len(link), MaxLink)
	}
	text, ok := strings.CutPrefix(link, Scheme)
	if !ok {
		return Invitation{}, fmt.Errorf("a link begins with %s", Scheme)
	}
	// Strict refuses set bits after the end; newlines the decoder would skip.
	if strings.ContainsAny(text, "\r\n") {
		return Invitation{}, errors.New("a line break in the link")
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil {
		return Invitation{}, errors.New("the link is damaged: a character is missing or changed; copy it whole")
	}
	var in Invitation
	if err := dagcbor.Unmarshal(b, &in); err != nil {
		return Invitation{}, fmt.Errorf("the link is damaged; copy it whole: %w", err)
	}
	return in, in.check()
}

func (in Invitation) verify() error {
	id, err := peer.IDFromBytes(in.Peer)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	pub, err := id.ExtractPublicKey()
	if err != nil {
		return fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	said, err := in.said()
	if err != nil {
		return fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	if ok, err := pub.Verify(said, in.Sig); err != nil || !ok {
		return ErrForged
	}
	return nil
}

func (in Invitation) check() error {
	id, err := peer.IDFromBytes(in.Peer)
	if err != nil {
		return fmt.Errorf("peer: %w", err)
	}
	if pub, err := id.ExtractPublicKey(); err != nil || pub.Type() != crypto.Ed25519 {
		return errors.New("peer: want the id of an Ed25519 key")
	}
	switch life := in.Expires - in.Made; {
	case in.Version != version:
		return fmt.Errorf("v: %d is unknown, this is %d: a newer program made it", in.Version, version)
	case len(in.Secret) != SecretSize:
		return fmt.Errorf("secret: %d bytes, want %d", len(in.Secret), SecretSize)
	case len(in.Sig) != 0 && len(in.Sig) != 64:
		return fmt.Errorf("sig: %d bytes, want 64", len(in.Sig))
	case in.Made <= 0 || in.Expires > 1<<36 || life <= 0 || life > int64(MaxLife/time.Second):
		return fmt.Errorf("expires: %d s after it was made, want up to %v", life, MaxLife)
	case len(in.Addrs) > MaxAddrs:
		return fmt.Errorf("addrs: %d of them, at most %d", len(in.Addrs), MaxAddrs)
	}
	if _, err := in.Info(); err != nil {
		return err
	}
	if err := plain("name", in.Name, maxName); err != nil {
		return err
	}
	return in.Card.check()
}

// plain checks a text that people will read.
func plain(field, s string, limit int) error {
	if len(s) > limit || !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return fmt.Errorf("%s: want at most %d bytes of text without control characters", field, limit)
	}
	return nil
}

// Info returns who invites and where that is.
func (in Invitation) Info() (peer.AddrInfo, error) {
	id, err := peer.IDFromBytes(in.Peer)
	if err != nil {
		return peer.AddrInfo{}, fmt.Errorf("peer: %w", err)
	}
	info := peer.AddrInfo{ID: id}
	for i, b := range in.Addrs {
		if len(b) > maxAddr {
			return info, fmt.Errorf("addrs[%d]: %d bytes, at most %d", i, len(b), maxAddr)
		}
		a, err := ma.NewMultiaddrBytes(b)
		if err != nil {
			return info, fmt.Errorf("addrs[%d]: %w", i, err)
		}
		info.Addrs = append(info.Addrs, a)
	}
	return info, nil
}

// Until is when it expires.
func (in Invitation) Until() time.Time { return time.Unix(in.Expires, 0) }

// ID names the invitation of a secret without giving the secret away: what the
// inviter keeps of it.
func ID(secret []byte) string {
	sum := sha256.Sum256(append([]byte(tag), secret...))
	return hex.EncodeToString(sum[:])
}
