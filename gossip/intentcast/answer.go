package intentcast

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
)

// SignedOffer is one signed offer as it lies inside the seal. Its fields are
// read only.
type SignedOffer struct {
	Raw      []byte            // the body's bytes
	Offer    Offer             // what they say
	ID       dagcbor.CID       // the CID of Raw
	Envelope identity.Envelope // the vendor's signature over ID
}

// SignOffer makes o a signed offer of its vendor's at now. An offer that is
// not well formed, is not of that signer or is out of its time is an error.
func SignOffer(o Offer, signer identity.Signer, now time.Time) (*SignedOffer, error) {
	if o.Vendor.DID != signer.DID() {
		return nil, fmt.Errorf("sign offer: %w", refuse(OtherSigner, "vendor.did: %.80q, the signer is %.80q", string(o.Vendor.DID), string(signer.DID())))
	}
	raw, err := dagcbor.Marshal(&o)
	if err != nil {
		return nil, fmt.Errorf("sign offer: %w", err)
	}
	id := dagcbor.Sum(raw)
	env, err := identity.Sign(signer, id, identity.RoleVendor, now)
	if err != nil {
		return nil, fmt.Errorf("sign offer: %w", err)
	}
	wire, err := (&SignedOffer{Raw: raw, Envelope: env}).Encode()
	if err != nil {
		return nil, fmt.Errorf("sign offer: %w", err)
	}
	s, err := DecodeOffer(wire)
	if err != nil {
		return nil, fmt.Errorf("sign offer: %w", err)
	}
	if err := s.CheckTime(now); err != nil {
		return nil, fmt.Errorf("sign offer: %w", err)
	}
	return s, nil
}

// Encode returns the wire form, DAG-CBOR {v, env, body}.
func (s *SignedOffer) Encode() ([]byte, error) { return encodeMessage(s.Raw, s.Envelope, nil) }

// DecodeOffer reads the wire form. It accepts only canonical bytes of a well
// formed offer, and at most MaxOffer of them. Unlike DecodeCast it leaves the
// signature open, since the vendor's keys have to be looked up: a decoded
// offer is nothing before CheckAnswers or Verify has passed it.
func DecodeOffer(b []byte) (*SignedOffer, error) {
	m, err := decodeMessage(b, MaxOffer)
	if err != nil {
		return nil, fmt.Errorf("decode offer: %w", err)
	}
	if m.Work != nil {
		return nil, errors.New("decode offer: work: only a cast carries a stamp")
	}
	s := &SignedOffer{Raw: m.Body, ID: dagcbor.Sum(m.Body), Envelope: m.Envelope}
	if err := dagcbor.Unmarshal(s.Raw, &s.Offer); err != nil {
		return nil, fmt.Errorf("decode offer: body: %w", err)
	}
	if err := s.Offer.Check(); err != nil {
		return nil, fmt.Errorf("decode offer: %w", err)
	}
	if s.Envelope.Signer != s.Offer.Vendor.DID {
		return nil, fmt.Errorf("decode offer: %w", refuse(OtherSigner, "signer %.80q, vendor %.80q", string(s.Envelope.Signer), string(s.Offer.Vendor.DID)))
	}
	if e := checkSigned(s.Offer.Created, s.Offer.Expires, s.Envelope.Time); e != nil {
		return nil, fmt.Errorf("decode offer: %w", e)
	}
	return s, nil
}

// Verify checks the vendor's signature. keys may be nil where only did:key
// vendors are expected.
func (s *SignedOffer) Verify(keys identity.KeySource) error {
	if err := s.Envelope.Verify(s.ID, identity.RoleVendor, keys); err != nil {
		return fmt.Errorf("verify offer %s: %w", s.ID, err)
	}
	return nil
}

// CheckTime reports whether s may be accepted at now.
func (s *SignedOffer) CheckTime(now time.Time) error {
	return checkNow(s.Offer.Created, s.Offer.Expires, s.Envelope.Time, now)
}

// CheckAnswers reports whether s is a valid answer to c at now, signed by its
// vendor. c is the version of the intent that the offer was asked with. Each
// thing that can be wrong has its own Refusal; a signature that does not hold
// wraps identity.ErrSignature. The cheap rules come first.
func (s *SignedOffer) CheckAnswers(c *Cast, keys identity.KeySource, now time.Time) error {
	if err := s.checkAnswers(c, now); err != nil {
		return fmt.Errorf("offer %s: %w", s.ID, err)
	}
	return s.Verify(keys)
}

func (s *SignedOffer) checkAnswers(c *Cast, now time.Time) error {
	o, in := &s.Offer, &c.Intent
	switch {
	case o.Intent != c.ID:
		return refuse(OtherIntent, "intent: %s, asked was %s", o.Intent, c.ID)
	case in.Reply == nil:
		return refuse(Dead, "intent: %s is %s", c.ID, in.Status)
	case !bytes.Equal(o.Recipient, in.Reply.KeyHash()):
		return refuse(OtherRecipient, "recipient: %x, the reply key is %x", o.Recipient, in.Reply.KeyHash())
	case !slices.Contains(in.Terms, o.Terms):
		return refuse(OtherTerms, "terms: %s", o.Terms.ID)
	case o.Created.Std().Before(in.Created.Std().Add(-MaxSkew)):
		// Bounds how far a vendor's signature can be dated back.
		return invalid("created", "%s is before the intent's creation at %s", o.Created, in.Created)
	}
	for i := range o.Lines {
		if w := o.Lines[i].Want; w >= uint64(len(in.Items)) {
			return refuse(WrongWant, "lines[%d].want: %d, the intent has %d items", i, w, len(in.Items))
		}
	}
	if err := o.checkTotal(); err != nil { // again: s may not come from DecodeOffer
		return err
	}
	return s.CheckTime(now)
}
