package identity

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"time"

	"github.com/parley-network/parley/identity/dagcbor"
)

// Role is the part a signer plays towards the body it signs, so that a
// signature made as one cannot stand for another.
type Role string

// The roles in use.
const (
	RoleAuthor Role = "author" // of an intentcast
	RolePerson Role = "person" // the customer's side of a card
	RoleVendor Role = "vendor" // the vendor's side of a card; of an offer
)

// signatureDomain separates these signatures from every other use of a key.
const signatureDomain = "parley/sig/1\n"

// envelopeVersion is the only version of Envelope known here.
const envelopeVersion = 1

// Envelope is one signature over one body, kept apart from it. What is signed
// is the domain tag and the envelope's own encoding without the signature.
type Envelope struct {
	Version    uint64      `cbor:"v" json:"v"`                         // 1
	Body       dagcbor.CID `cbor:"body" json:"body"`                   // the unsigned body's CID
	Signer     DID         `cbor:"signer" json:"signer"`               // who signs
	KeyVersion string      `cbor:"key,omitempty" json:"key,omitempty"` // versionId in the signer's key log; empty for did:key
	Role       Role        `cbor:"role" json:"role"`                   // as what
	Time       Time        `cbor:"time" json:"time"`                   // when, by the signer's clock
	Signature  []byte      `cbor:"sig,omitempty" json:"sig"`           // 64 bytes, Ed25519
}

// Signer makes signatures for one DID without showing its key.
type Signer interface {
	// DID names the party; KeyVersion the key-log version its key stands in
	// (empty for did:key).
	DID() DID
	KeyVersion() string
	// Sign returns the Ed25519 signature of message.
	Sign(message []byte) ([]byte, error)
}

// KeySource knows the key logs of parties.
type KeySource interface {
	// SigningKeys returns the keys that may sign for did under version and
	// the time in which that version stood. An unknown did or version is an
	// error.
	SigningKeys(did DID, version string) (KeyPeriod, error)
}

// KeyPeriod is one version of a key log as a verifier sees it.
type KeyPeriod struct {
	Keys  []ed25519.PublicKey
	From  time.Time
	Until time.Time // zero: still in force
}

// ErrSignature is returned for an envelope whose signature does not hold.
var ErrSignature = errors.New("signature does not hold")

// Sign signs the body named by id in the given role at now.
func Sign(s Signer, id dagcbor.CID, role Role, now time.Time) (Envelope, error) {
	e := Envelope{
		Version: envelopeVersion, Body: id, Signer: s.DID(), KeyVersion: s.KeyVersion(),
		Role: role, Time: At(now),
	}
	msg, err := e.signedBytes()
	if err != nil {
		return Envelope{}, fmt.Errorf("sign %s: %w", id, err)
	}
	if e.Signature, err = s.Sign(msg); err != nil {
		return Envelope{}, fmt.Errorf("sign %s: %w", id, err)
	}
	return e, nil
}

// Verify checks that e is a signature over the body id in role by a key its
// signer held at the time it states. keys may be nil when only did:key
// signers are expected. Whether the time itself is plausible is for the
// body's own rules to say. An author's signature is held to the rule stated in
// batch.go, all others to that of crypto/ed25519.
func (e Envelope) Verify(id dagcbor.CID, role Role, keys KeySource) error {
	if role == RoleAuthor && e.Signer.IsKey() {
		c, err := e.CheckAuthor(id)
		if err != nil {
			return err
		}
		return c.Verify()
	}
	if err := e.checkForm(id, role); err != nil {
		return err
	}
	period, err := e.period(keys)
	if err != nil {
		return err
	}
	if t := e.Time.Std(); t.Before(period.From) || (!period.Until.IsZero() && !t.Before(period.Until)) {
		return fmt.Errorf("signed at %s, outside the time of key version %.80q: %w", e.Time, e.KeyVersion, ErrSignature)
	}
	msg, err := e.signedBytes()
	if err != nil {
		return err
	}
	for _, k := range period.Keys {
		if ed25519.Verify(k, msg, e.Signature) {
			return nil
		}
	}
	return fmt.Errorf("%s by %.80s over %s: %w", e.Role, e.Signer, id, ErrSignature)
}

// checkForm holds the rules that need no key.
func (e *Envelope) checkForm(id dagcbor.CID, role Role) error {
	switch {
	case e.Version != envelopeVersion:
		return fmt.Errorf("envelope version %d: only %d is known", e.Version, envelopeVersion)
	case e.Body != id:
		return fmt.Errorf("envelope is over %s, not over %s: %w", e.Body, id, ErrSignature)
	case e.Role != role:
		return fmt.Errorf("signed as %.20q where %q must sign: %w", string(e.Role), string(role), ErrSignature)
	case len(e.Signature) != ed25519.SignatureSize:
		return fmt.Errorf("signature of %d bytes, want %d: %w", len(e.Signature), ed25519.SignatureSize, ErrSignature)
	}
	return nil
}

func (e Envelope) period(keys KeySource) (KeyPeriod, error) {
	if e.Signer.IsKey() {
		if e.KeyVersion != "" {
			return KeyPeriod{}, fmt.Errorf("a did:key has no key version, envelope names %.80q: %w", e.KeyVersion, ErrSignature)
		}
		pub, err := e.Signer.PublicKey()
		if err != nil {
			return KeyPeriod{}, fmt.Errorf("signer: %w", err)
		}
		return KeyPeriod{Keys: []ed25519.PublicKey{pub}}, nil
	}
	if keys == nil {
		return KeyPeriod{}, fmt.Errorf("no key log of %.80q at hand: %w", string(e.Signer), ErrSignature)
	}
	p, err := keys.SigningKeys(e.Signer, e.KeyVersion)
	if err != nil {
		return KeyPeriod{}, fmt.Errorf("key log of %.80s: %w", e.Signer, err)
	}
	return p, nil
}
