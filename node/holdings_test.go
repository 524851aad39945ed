package node_test

import (
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/courier"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/sim"
)

// ownRoute is a party's reply route for a label, as it tells it to others.
func ownRoute(w *sim.World, p *sim.Party, label string) intentcast.Route {
	w.T.Helper()
	var body struct {
		Version uint64           `cbor:"v"`
		Route   intentcast.Route `cbor:"route"`
		Holder  []byte           `cbor:"holder"`
		Hidden  bool             `cbor:"hidden"`
		Created identity.Time    `cbor:"created"`
		Expires identity.Time    `cbor:"expires"`
		Granted identity.Time    `cbor:"granted,omitzero"`
		Avoid   []string         `cbor:"avoid,omitempty"`
	}
	if err := dagcbor.Unmarshal(record(w, p, "route", label).Body, &body); err != nil {
		w.T.Fatal(err)
	}
	return body.Route
}

// record is one record of a party's store.
func record(w *sim.World, p *sim.Party, kind store.Kind, id string) (r store.Record) {
	w.T.Helper()
	if err := p.Store.View(w.T.Context(), func(tx store.Tx) (err error) {
		r, err = tx.Get(kind, id)
		return err
	}); err != nil {
		w.T.Fatalf("%s at %s: %v", kind, p.Name, err)
	}
	return r
}

// holdings are all that a node keeps of intents, offers and cards, and its
// settings: what no foreign letter may change.
func holdings(w *sim.World, p *sim.Party) map[string]string {
	w.T.Helper()
	out := make(map[string]string)
	err := p.Store.View(w.T.Context(), func(tx store.Tx) error {
		for _, kind := range []store.Kind{"intent", "heard", "offer", "bidder", "sent", "card", "item", "setting", "route", "relation", "relheads", "statement", "negotiation", "piece"} {
			recs, err := tx.List(store.Query{Kind: kind})
			if err != nil {
				return err
			}
			for _, r := range recs {
				body := hex.EncodeToString(r.Body)
				switch r.ID { // what a node writes down by itself, whatever comes
				case "warned", "digest-last", "terms", "terms-seq":
					continue
				}
				if kind == "intent" { // its body also counts how often it was sent
					body = ""
				}
				out[string(kind)+" "+r.ID] = fmt.Sprint(r.State, " ", r.Ref, " ", r.Due.UnixMicro(), " ", body)
			}
		}
		return nil
	})
	if err != nil {
		w.T.Fatal(err)
	}
	return out
}

// wantSame fails the test where a node's holdings are not what they were.
func wantSame(w *sim.World, p *sim.Party, before map[string]string) {
	w.T.Helper()
	after := holdings(w, p)
	for key, was := range before {
		if is, ok := after[key]; !ok {
			w.T.Errorf("%s: %s is gone", p.Name, key)
		} else if is != was {
			w.T.Errorf("%s: %s has changed", p.Name, key)
		}
	}
	for key := range after {
		if _, ok := before[key]; !ok {
			w.T.Errorf("%s: %s has come", p.Name, key)
		}
	}
	if _, err := p.Status(w.T.Context()); err != nil {
		w.T.Errorf("%s no longer answers: %v", p.Name, err)
	}
}

// wantRefused checks that a letter was refused for good, in words.
func wantRefused(w *sim.World, name string, l courier.LetterStatus, words ...string) {
	w.T.Helper()
	if l.State != courier.StateRefused {
		w.T.Errorf("%s: the letter is %s (%s), want refused", name, l.State, l.Problem)
	}
	for _, word := range words {
		if !strings.Contains(l.Problem, word) {
			w.T.Errorf("%s: refused with %q, want %q in it", name, l.Problem, word)
		}
	}
}
