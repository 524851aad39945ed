package webvh

import (
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/parley-network/parley/identity"
)

// Rotation is what a new version changes.
type Rotation struct {
	// Update signs the entry: the key committed to before.
	Update ed25519.PrivateKey
	// Next is the key that will sign the entry after it.
	Next ed25519.PublicKey
	// Sign replaces all keys of the document; it may be the key already there.
	Sign ed25519.PublicKey
	// Services replaces the services of the document; nil keeps them and an
	// empty list removes them.
	Services []Service
}

// Rotate returns a log with one more entry, in which every key is replaced;
// l itself stays as it is. The new entry is dated now, cut to its second. It
// returns [ErrTooSoon] where the last entry is of that second or a later one,
// [ErrNotCommitted] for an update key the log does not allow,
// [ErrDeactivated], or the [*InvalidError] that l has. Where the log asks for
// witnesses, their approval of the new version has still to be gathered
// ([Attest]).
func (l *Log) Rotate(in Rotation, now time.Time) (*Log, error) {
	next, err := l.rotate(in, now)
	if err != nil {
		return nil, fmt.Errorf("rotate keys of %s: %w", l.DID(), err)
	}
	return next, nil
}

func (l *Log) rotate(in Rotation, now time.Time) (*Log, error) {
	switch {
	case len(in.Next) != ed25519.PublicKeySize:
		return nil, errors.New("no next update key to commit to")
	case len(in.Sign) != ed25519.PublicKeySize:
		return nil, errors.New("no signing key")
	case len(in.Update) == ed25519.PrivateKeySize && in.Next.Equal(in.Update.Public()):
		return nil, errors.New("the next update key is the present one")
	}
	doc := make(map[string]any)
	if err := json.Unmarshal(l.last().state, &doc); err != nil {
		return nil, fmt.Errorf("read last document: %w", err)
	}
	did := string(l.DID())
	setSigner(doc, did, in.Sign)
	if in.Services != nil {
		if err := setServices(doc, did, in.Services); err != nil {
			return nil, err
		}
	}
	return l.extend(in.Update, now, draft{doc: doc, params: map[string]any{
		"nextKeyHashes": []string{commitment(in.Next)},
	}})
}

// Deactivate returns a log with one last entry that ends the DID: no key may
// sign for it any more and no entry may follow. The document keeps its
// identifier and loses its keys and services. update is the key committed to
// before. It fails as Rotate does.
func (l *Log) Deactivate(update ed25519.PrivateKey, now time.Time) (*Log, error) {
	next, err := l.extend(update, now, draft{
		doc:    map[string]any{"@context": contexts, "id": string(l.DID())},
		params: map[string]any{"deactivated": true, "nextKeyHashes": []string{}},
	})
	if err != nil {
		return nil, fmt.Errorf("deactivate %s: %w", l.DID(), err)
	}
	return next, nil
}

// extend signs d with update as the next entry. The entry lists update as its
// update key: that is what pre-rotation demands, and without pre-rotation it
// keeps to the key in use.
func (l *Log) extend(update ed25519.PrivateKey, now time.Time, d draft) (*Log, error) {
	r, err := replay(l, now)
	if err != nil {
		return nil, err
	}
	d.time = now.UTC().Truncate(time.Second)
	key, err := r.mayExtend(update, d.time)
	if err != nil {
		return nil, err
	}
	d.params["updateKeys"] = []string{key}
	parameters, state, err := d.canonical()
	if err != nil {
		return nil, err
	}
	next, err := seal(l, &entry{
		number: r.last.number + 1, versionTime: formatTime(d.time), time: d.time,
		parametersJSON: parameters, state: state,
	}, r.last.versionID, update)
	if err != nil {
		return nil, err
	}
	if reason, err := r.add(next.last(), now); err != nil {
		return nil, invalid(next.last().number, reason, "%w", err)
	}
	return next, nil
}

// mayExtend returns the Multikey of update if it may sign an entry at t.
func (r *replayed) mayExtend(update ed25519.PrivateKey, t time.Time) (string, error) {
	if r.now.deactivated {
		return "", ErrDeactivated
	}
	if !t.After(r.last.time) {
		return "", fmt.Errorf("%w: it is %s", ErrTooSoon, formatTime(t))
	}
	if len(update) != ed25519.PrivateKeySize {
		return "", errors.New("no update key")
	}
	key := identity.Multikey(update.Public().(ed25519.PublicKey))
	allowed := r.now.commits(key)
	if len(r.now.nextKeyHashes) == 0 {
		allowed = slices.Contains(r.now.updateKeys, key)
	}
	if !allowed {
		return "", fmt.Errorf("%w: %s", ErrNotCommitted, key)
	}
	return key, nil
}
