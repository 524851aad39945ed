package courier

import (
	"bytes"
	"encoding/hex"
	"fmt"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/node/courier/seal"
)

// A letter that may well go by a session is not sealed when it is written: to
// seal it takes longer than all else that is done for it. It stands in the outbox
// closed under a key of this node's own, with the public key that it is sealed to
// if no session will have it, and without the route that it comes from, which is
// this node's to know.

// putOff has l, without From, closed into o, to be sealed to the public key when
// that is needed. It returns what is closed.
func (c *Courier) putOff(o *outLetter, l seal.Letter, pub []byte) (plain []byte, err error) {
	l.From = nil
	if plain, err = seal.EncodeLetter(l); err != nil {
		return nil, err
	}
	if o.Plain, err = c.box.Close(l.ID, plain); err != nil {
		return nil, err
	}
	o.Key = pub
	return plain, nil
}

// plainOf returns what putOff closed.
func (c *Courier) plainOf(t *task) ([]byte, error) {
	if len(t.plain) > 0 {
		return t.plain, nil
	}
	id, err := hex.DecodeString(t.rec.ID)
	if err != nil {
		return nil, fmt.Errorf("letter id: %w", err)
	}
	plain, err := c.box.Open(id, t.out.Plain)
	if err != nil {
		return nil, fmt.Errorf("a letter of the outbox, closed under another key than this node has: %w", err)
	}
	return plain, nil
}

// sealLate seals a letter that was put off. It stays sealed from then on.
func (c *Courier) sealLate(t *task) error {
	plain, err := c.plainOf(t)
	if err != nil {
		return err
	}
	l, err := seal.DecodeLetter(plain)
	if err != nil {
		return err
	}
	if l.From = c.routeBy(t.out.From); l.From == nil {
		t.out.From = nil // closed since: neither answer nor acknowledgement can come
	}
	if err := c.sealTo(&t.out, t.out.Key, l); err != nil {
		return err
	}
	t.out.Plain, t.out.Key, t.plain = nil, nil, nil
	return nil
}

// routeBy returns the own route, or the direct one, whose key has that SHA-256;
// nil if there is none.
func (c *Courier) routeBy(key []byte) *intentcast.Route {
	if len(key) == 0 {
		return nil
	}
	if bytes.Equal(key, []byte(c.keyHash)) {
		self := c.Self()
		return &self
	}
	if rt := c.routes.of(key); rt != nil {
		route := rt.record().Route
		return &route
	}
	return nil
}
