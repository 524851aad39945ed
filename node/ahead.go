package node

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"slices"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/node/courier"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/relcard/disclosure"
	"github.com/parley-network/parley/relcard/statement"
)

// What is done before a transaction. Transactions that write come one after
// another, and what is done in one holds up all others: with ten thousand to tell
// a change, and their receipts to be taken in, the writer was busy all the time
// while a third of two processors was idle. So what takes long and wants little of
// the store, which is signatures, is done before; in the transaction it counts
// only if it is what would have been made there, to the byte.

// reading is a statement that came in a letter, as far as it can be read without the
// store. It is to be read only.
type reading struct {
	letter sayLetter
	st     statement.Statement
	err    error               // what is wrong with either
	by     *identity.KeyPeriod // the key that the signature holds by; nil: that is not known yet
}

// readAhead reads a letter before the transaction that it has its effect in.
func (n *Node) readAhead(in courier.Inbound) any {
	if in.Kind != letterSay {
		return nil
	}
	h := readSay(in.Body)
	if h.err != nil {
		return h
	}
	e := &h.st.Signed.Envelope
	if p, ok := n.periods.get(keyName{e.Signer, e.KeyVersion}); ok && h.st.Verify(oneKey(p), n.now()) == nil {
		h.by = &p
	}
	return h
}

func readSay(letter []byte) *reading {
	h := new(reading)
	if h.err = decodeLetter(letter, &h.letter, &h.letter.Version); h.err != nil {
		return h
	}
	if st, err := statement.Decode(h.letter.Statement); err != nil {
		h.err = courier.Refuse("%v", err)
	} else {
		h.st = st
	}
	return h
}

// verify checks the signature of what was heard, unless it is known to hold by
// the very key that ring has for it.
func (n *Node) verify(h *reading, ring identity.KeySource, now time.Time) error {
	e := &h.st.Signed.Envelope
	p, err := ring.SigningKeys(e.Signer, e.KeyVersion)
	if err == nil && h.by != nil && samePeriod(p, *h.by) {
		return nil
	}
	if err := h.st.Verify(ring, now); err != nil {
		return err
	}
	if err == nil {
		n.periods.put(keyName{e.Signer, e.KeyVersion}, p)
	}
	return nil
}

// keyName is a version of somebody's key log.
type keyName struct {
	signer  identity.DID
	version string
}

// mostPeriods bounds the keys that signatures were seen to hold by, some 300
// bytes each.
const mostPeriods = 16384

// oneKey is a key as the source of whatever key is asked for.
type oneKey identity.KeyPeriod

func (k oneKey) SigningKeys(identity.DID, string) (identity.KeyPeriod, error) {
	return identity.KeyPeriod(k), nil
}

func samePeriod(a, b identity.KeyPeriod) bool {
	return a.From.Equal(b.From) && a.Until.Equal(b.Until) &&
		slices.EqualFunc(a.Keys, b.Keys, func(a, b ed25519.PublicKey) bool { return a.Equal(b) })
}

// foresaid is a statement that was signed before the transaction it is to be made in.
type foresaid struct {
	openings []disclosure.Opening
	logs     [][]byte // the key logs when it was signed
	body     statement.Body
	signed   statement.Signed
}

// foresayAll signs what the next relationships are to be told of changes, by the
// ID of the record that asks for it. What can't be is left to the transaction.
func (n *Node) foresayAll(ctx context.Context, q store.Query) map[string]*foresaid {
	drafts := make(map[string]*foresaid)
	err := n.cfg.Store.View(ctx, func(tx store.Tx) error {
		c := &change{Tx: tx, n: n, now: n.now()}
		recs, err := c.List(q)
		if err != nil {
			return err
		}
		var w wanted
		for _, rec := range recs {
			if d, err := n.foresay(c, &w, rec); err == nil && d != nil {
				drafts[rec.ID] = d
			}
		}
		return nil
	})
	if err != nil && ctx.Err() == nil {
		n.log.Debug("changes are signed as they are told", "error", err)
	}
	return drafts
}

// foresay returns nil where nothing is to be told.
func (n *Node) foresay(c *change, wants *wanted, rec store.Record) (*foresaid, error) {
	_, r, given, why, err := n.toTell(c, wants, rec)
	if why != "" || err != nil {
		return nil, err
	}
	w, err := disclosing(given, nil)
	if err != nil {
		return nil, err
	}
	signer, err := n.signerOf(r)
	if err != nil {
		return nil, err
	}
	b := nextBody(r, w, c.now)
	s, err := b.Sign(signer, c.now)
	return &foresaid{openings: w.openings, logs: r.body.Logs, body: b, signed: s}, err
}

// opening returns the one that the draft has for a value given as that item.
func (d *foresaid) opening(i int, item uint64, value []byte) (o disclosure.Opening, ok bool) {
	if d == nil || i >= len(d.openings) {
		return o, false
	}
	o = d.openings[i]
	return o, o.Item == item && bytes.Equal(o.Value, value)
}

// says reports whether the draft, but for its time, is b, signed with the keys
// that there are now.
func (d *foresaid) says(b statement.Body, logs [][]byte) bool {
	if d == nil || !slices.EqualFunc(d.logs, logs, bytes.Equal) {
		return false
	}
	b.Time = d.body.Time
	return b.Equal(&d.body)
}
