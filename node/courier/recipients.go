package courier

import (
	"sync"

	"github.com/parley-network/parley/node/courier/seal"
)

// recipients keeps the public keys that letters were sealed to, made ready: a
// person writes to one key of a vendor's under many cards.
type recipients struct {
	mu   sync.Mutex
	keys map[string]*seal.PublicKey
}

// mostRecipients bounds them; each takes some 8 KiB.
const mostRecipients = 64

// of returns the key of those bytes, or seal.ErrKey.
func (r *recipients) of(pub []byte) (*seal.PublicKey, error) {
	r.mu.Lock()
	k := r.keys[string(pub)]
	r.mu.Unlock()
	if k != nil {
		return k, nil
	}
	k, err := seal.ParseKey(pub)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.keys == nil {
		r.keys = make(map[string]*seal.PublicKey)
	}
	for old := range r.keys { // whichever: those in use come back at once
		if len(r.keys) < mostRecipients {
			break
		}
		delete(r.keys, old)
	}
	r.keys[string(pub)] = k
	return k, nil
}
