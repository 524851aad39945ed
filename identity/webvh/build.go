package webvh

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/parley-network/parley/identity"
)

// Genesis is what a new log starts from.
type Genesis struct {
	// Domain and Path are the location in the identifier, as they stand there
	// (a port as %3A8443). A party that publishes nowhere uses a name under
	// .invalid; every pairwise identifier has the same one, so that the
	// domain links nothing.
	Domain string
	Path   []string
	// Update signs the first entry.
	Update ed25519.PrivateKey
	// Next is the key that will sign the second one; the log holds its hash.
	Next ed25519.PublicKey
	// Sign is the key that signs for the DID.
	Sign ed25519.PublicKey
	// Witness, where not zero, says who must witness the log.
	Witness Witness
	// Services are listed in the document. For a pairwise identifier leave
	// them out: an endpoint used twice links what it is used for.
	Services []Service
}

// Create starts a log, dated now cut to its second. Besides the keys given it
// holds nothing that two logs of one party would share but that date; a caller
// to whom that matters passes an earlier, coarser one.
func Create(in Genesis, now time.Time) (*Log, error) {
	if err := in.check(); err != nil {
		return nil, fmt.Errorf("create key log: %w", err)
	}
	l, err := in.create(now.UTC().Truncate(time.Second))
	if err != nil {
		return nil, fmt.Errorf("create key log: %w", err)
	}
	if _, err := replay(l, now); err != nil {
		return nil, fmt.Errorf("create key log: %w", err)
	}
	return l, nil
}

func (in *Genesis) check() error {
	switch {
	case len(in.Update) != ed25519.PrivateKeySize:
		return errors.New("no update key")
	case len(in.Next) != ed25519.PublicKeySize:
		return errors.New("no next update key to commit to")
	case len(in.Sign) != ed25519.PublicKeySize:
		return errors.New("no signing key")
	case in.Next.Equal(in.Update.Public()):
		return errors.New("the next update key is the present one")
	case strings.ContainsAny(in.Domain, "{}:") || slices.ContainsFunc(in.Path, func(s string) bool { return strings.ContainsAny(s, "{}:") }):
		return fmt.Errorf("%w: domain or path with a brace or a colon", ErrDID)
	}
	return nil
}

func (in *Genesis) create(now time.Time) (*Log, error) {
	did := didPrefix + strings.Join(append([]string{placeholder, in.Domain}, in.Path...), ":")
	doc := map[string]any{"@context": contexts, "id": did}
	setSigner(doc, did, in.Sign)
	if err := setServices(doc, did, in.Services); err != nil {
		return nil, err
	}
	params := map[string]any{
		"method":        method,
		"scid":          placeholder,
		"updateKeys":    []string{identity.Multikey(in.Update.Public().(ed25519.PublicKey))},
		"nextKeyHashes": []string{commitment(in.Next)},
		"portable":      false,
	}
	if in.Witness.Threshold != 0 {
		params["witness"] = in.Witness.value()
	}
	d := draft{time: now, params: params, doc: doc}
	parameters, state, err := d.canonical()
	if err != nil {
		return nil, err
	}
	scid := []byte(multihash58(body(placeholder, formatTime(now), parameters, state)))
	parameters = bytes.ReplaceAll(parameters, []byte(placeholder), scid)
	state = bytes.ReplaceAll(state, []byte(placeholder), scid)
	return seal(new(Log), &entry{
		number: 1, versionTime: formatTime(now), time: now, parametersJSON: parameters, state: state,
	}, string(scid), in.Update)
}

// commitment is the pre-rotation hash of a key.
func commitment(key ed25519.PublicKey) string {
	return multihash58([]byte(identity.Multikey(key)))
}

// draft is an entry of ours on its way.
type draft struct {
	time        time.Time
	params, doc map[string]any
}

func (d *draft) canonical() (parameters, state canon, err error) {
	if parameters, err = canonicalOf(d.params); err != nil {
		return nil, nil, err
	}
	state, err = canonicalOf(d.doc)
	return parameters, state, err
}

// seal gives e its versionId and proof and returns l with it appended; prev is
// what its hash is chained to.
func seal(l *Log, e *entry, prev string, key ed25519.PrivateKey) (*Log, error) {
	e.versionID = fmt.Sprintf("%d-%s", e.number, entryHash(e, prev))
	unsigned := body(e.versionID, e.versionTime, e.parametersJSON, e.state)
	p, err := sign(key, unsigned, e.time)
	if err != nil {
		return nil, err
	}
	line, err := canonicalOf(map[string]any{
		"versionId":   e.versionID,
		"versionTime": e.versionTime,
		"parameters":  json.RawMessage(e.parametersJSON),
		"state":       json.RawMessage(e.state),
		"proof":       []any{p},
	})
	if err != nil {
		return nil, err
	}
	return l.append(line)
}
