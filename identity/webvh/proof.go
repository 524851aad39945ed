package webvh

import (
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/mr-tron/base58"

	"github.com/parley-network/parley/identity"
)

// proof is a Data Integrity proof in cryptosuite eddsa-jcs-2022 (W3C
// vc-di-eddsa), by a key that its did:key names.
type proof struct {
	key     ed25519.PublicKey
	sig     []byte
	expires time.Time // zero: never
	config  canon     // the proof without proofValue, which is signed too
}

const (
	proofType    = "DataIntegrityProof"
	cryptosuite  = "eddsa-jcs-2022"
	proofPurpose = "assertionMethod"
)

// configKeys are the properties of a proof that are signed, in canonical
// order.
var configKeys = []string{"created", "cryptosuite", "expires", "id", "proofPurpose", "type", "verificationMethod"}

// parseProof reads one proof. Every property is known and checked: one that
// were ignored could change what the proof means.
func parseProof(c canon) (*proof, error) {
	m, err := c.objectOf(append([]string{"proofValue"}, configKeys...)...)
	if err != nil {
		return nil, err
	}
	for name, want := range map[string]string{"type": proofType, "cryptosuite": cryptosuite, "proofPurpose": proofPurpose} {
		if got, err := m[name].text(); err != nil || got != want {
			return nil, fmt.Errorf("%s is not %q", name, want)
		}
	}
	p := &proof{config: configOf(m)}
	if p.key, err = proofKey(m["verificationMethod"]); err != nil {
		return nil, fmt.Errorf("verificationMethod: %w", err)
	}
	if p.sig, err = proofValue(m["proofValue"]); err != nil {
		return nil, fmt.Errorf("proofValue: %w", err)
	}
	if _, err := optionalTime(m["created"]); err != nil {
		return nil, fmt.Errorf("created: %w", err)
	}
	if p.expires, err = optionalTime(m["expires"]); err != nil {
		return nil, fmt.Errorf("expires: %w", err)
	}
	return p, nil
}

func configOf(m map[string]canon) canon {
	var b []byte
	sep := byte('{')
	for _, k := range configKeys {
		if v, ok := m[k]; ok {
			b = append(append(b, sep), `"`+k+`":`...)
			b = append(b, v...)
			sep = ','
		}
	}
	return append(b, '}')
}

// proofKey reads "did:key:KEY#KEY". The two must be the same: a verifier that
// authorises by one and checks the signature by the other accepts forgeries.
func proofKey(c canon) (ed25519.PublicKey, error) {
	s, err := c.text()
	if err != nil {
		return nil, err
	}
	did, fragment, ok := strings.Cut(s, "#")
	if !ok || did != "did:key:"+fragment {
		return nil, fmt.Errorf("%.150q is not did:key:KEY#KEY with the same key twice", s)
	}
	return identity.DID(did).PublicKey()
}

func proofValue(c canon) ([]byte, error) {
	s, err := c.text()
	if err != nil {
		return nil, err
	}
	digits, ok := strings.CutPrefix(s, "z")
	if !ok || len(digits) > 88 { // 64 bytes in base58
		return nil, errors.New("not an Ed25519 signature in base58btc multibase")
	}
	sig, err := base58.Decode(digits)
	if err != nil || len(sig) != ed25519.SignatureSize {
		return nil, errors.New("not an Ed25519 signature in base58btc multibase")
	}
	return sig, nil
}

func optionalTime(c canon) (time.Time, error) {
	if c == nil {
		return time.Time{}, nil
	}
	s, err := c.text()
	if err != nil {
		return time.Time{}, err
	}
	return parseTime(s)
}

// check verifies the proof over a document, given the SHA-256 of its
// canonical form without proof.
func (p *proof) check(document [sha256.Size]byte, now time.Time) error {
	if !p.expires.IsZero() && now.After(p.expires) {
		return fmt.Errorf("expired at %s", p.expires.Format(time.RFC3339))
	}
	if !ed25519.Verify(p.key, hashData(p.config, document), p.sig) {
		return errors.New("signature does not verify")
	}
	return nil
}

// hashData is what eddsa-jcs-2022 signs.
func hashData(config canon, document [sha256.Size]byte) []byte {
	c := sha256.Sum256(config)
	return append(c[:], document[:]...)
}

// sign makes a proof over document, as the value of a "proof" property.
func sign(key ed25519.PrivateKey, document canon, created time.Time) (map[string]string, error) {
	pub := identity.Multikey(key.Public().(ed25519.PublicKey))
	m := map[string]string{
		"type":               proofType,
		"cryptosuite":        cryptosuite,
		"created":            formatTime(created),
		"verificationMethod": "did:key:" + pub + "#" + pub,
		"proofPurpose":       proofPurpose,
	}
	config, err := canonicalOf(m)
	if err != nil {
		return nil, err
	}
	sig := ed25519.Sign(key, hashData(config, sha256.Sum256(document)))
	m["proofValue"] = "z" + base58.Encode(sig)
	return m, nil
}

const timeLayout = "2006-01-02T15:04:05Z"

func formatTime(t time.Time) string { return t.UTC().Format(timeLayout) }

// parseTime reads an ISO 8601 time in UTC, written with Z or +00:00, with or
// without a fraction of a second.
func parseTime(s string) (time.Time, error) {
	const form = "2006-01-02T15:04:05"
	fraction, utc := strings.CutSuffix(s, "Z")
	if !utc {
		fraction, utc = strings.CutSuffix(s, "+00:00")
	}
	if utc && len(fraction) >= len(form) && len(fraction) <= len(form)+10 && !strings.Contains(s, ",") {
		if t, err := time.Parse(time.RFC3339Nano, fraction+"Z"); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%.40q is not a time in UTC like %s", s, timeLayout)
}
