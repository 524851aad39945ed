package identity

import (
	"fmt"

	voi "github.com/oasisprotocol/curve25519-voi/primitives/ed25519"

	"github.com/parley-network/parley/identity/dagcbor"
)

// An author's signature is judged by another equation than a party's.
//
// Many authors' signatures come at once, and checking them in one batch takes
// half the time of checking each. But a batch can only be held to the
// cofactored equation, 8sB = 8R + 8kA, while crypto/ed25519 holds a signature
// to sB = R + kA. Whoever makes his key on purpose can sign so that the first
// holds and the second does not (Chalkias, Garillot, Nikolaenko: "Taming the
// many EdDSAs", 2020). Were casts judged by one of them alone and by the other
// in company, he could part the network's nodes. So there is one rule for
// RoleAuthor, alone and in a batch: RFC 8032, section 5.1.7, by its first
// (cofactored) equation, with s, R and A in their one encoding, and A not of
// small order, since such a key signs everything.
//
// What crypto/ed25519 accepts of an honest key is accepted here too. Cards
// and offers (RolePerson, RoleVendor) keep to crypto/ed25519, the stricter
// one, on which every library agrees: they are evidence, and never come by the
// thousand.
var authorRule = &voi.Options{Verify: &voi.VerifyOptions{AllowSmallOrderR: true}}

// bisectTo is the size below which a batch that failed is gone through one by
// one: the overhead of a smaller batch costs more than it can save.
const bisectTo = 4

// Check is one author's signature of which nothing is left to check but the
// equation. The zero Check does not hold.
type Check struct {
	key, message, signature []byte

	signer DID // for the error
	body   dagcbor.CID
}

// CheckAuthor applies to e all rules that Verify has for RoleAuthor but the
// equation itself. The error, if any, is the one Verify returns.
func (e *Envelope) CheckAuthor(id dagcbor.CID) (Check, error) {
	if err := e.checkForm(id, RoleAuthor); err != nil {
		return Check{}, err
	}
	if !e.Signer.IsKey() {
		return Check{}, fmt.Errorf("author %.80q is not a did:key: %w", string(e.Signer), ErrSignature)
	}
	period, err := e.period(nil)
	if err != nil {
		return Check{}, err
	}
	msg, err := e.signedBytes()
	if err != nil {
		return Check{}, err
	}
	return Check{key: period.Keys[0], message: msg, signature: e.Signature, signer: e.Signer, body: id}, nil
}

// Verify returns nil if the signature holds, else ErrSignature with whose it
// claims to be.
func (c Check) Verify() error {
	if len(c.key) == voi.PublicKeySize && voi.VerifyWithOptions(c.key, c.message, c.signature, authorRule) {
		return nil
	}
	return fmt.Errorf("%s by %.80s over %s: %w", RoleAuthor, string(c.signer), c.body, ErrSignature)
}

// VerifyAll is Verify for many at once: element i is what checks[i].Verify()
// returns, whatever else is in the batch (but for a chance of 2^-128, over
// which the signers have no influence). It takes half the time where all
// hold, from 16 of them on; one that does not costs about two batches of its
// size.
func VerifyAll(checks []Check) []error {
	errs := make([]error, len(checks))
	verifyAll(checks, errs)
	return errs
}

func verifyAll(checks []Check, errs []error) {
	if len(checks) > 1 && allHold(checks) {
		return
	}
	if len(checks) <= bisectTo {
		for i, c := range checks {
			errs[i] = c.Verify()
		}
		return
	}
	half := len(checks) / 2
	verifyAll(checks[:half], errs[:half])
	verifyAll(checks[half:], errs[half:])
}

func allHold(checks []Check) bool {
	// A table for each key would only pay for keys met again: an author's is
	// used for one intent.
	v := voi.NewBatchVerifierWithCapacity(len(checks)).ForceNoPublicKeyExpansion()
	for _, c := range checks {
		v.AddWithOptions(c.key, c.message, c.signature, authorRule)
	}
	return v.VerifyBatchOnly(nil)
}
