package node_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/multiformats/go-multiaddr"
	"github.com/multiformats/go-multibase"

	"github.com/parley-network/parley/gossip"
	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/courier/wire"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/sim"
)

// traces are all the ways to write who and where a host is.
func traces(t *testing.T, h host.Host) map[string][]byte {
	t.Helper()
	pub, err := h.ID().ExtractPublicKey()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := pub.Raw()
	if err != nil {
		t.Fatal(err)
	}
	id := peer.ToCid(h.ID())
	out := map[string][]byte{
		"peer id": []byte(h.ID()), "peer id in base58": []byte(h.ID().String()), "device key": raw,
		"device key in hex": []byte(hex.EncodeToString(raw)), "peer id in hex": []byte(hex.EncodeToString([]byte(h.ID()))),
	}
	for _, base := range []multibase.Encoding{multibase.Base36, multibase.Base32, multibase.Base58BTC, multibase.Base64, multibase.Base64url} {
		text, err := id.StringOfBase(base)
		if err != nil {
			t.Fatal(err)
		}
		out["peer id as CID in base "+string(rune(base))] = []byte(text)
		text, err = multibase.Encode(base, raw)
		if err != nil {
			t.Fatal(err)
		}
		out["device key in base "+string(rune(base))] = []byte(text[1:])
	}
	for _, a := range h.Addrs() {
		out["address"], out["address as text"] = a.Bytes(), []byte(a.String())
		ip, err := a.ValueForProtocol(multiaddr.P_IP4)
		if err != nil {
			t.Fatal(err)
		}
		out["IP as text"] = []byte(ip)
		first, _ := multiaddr.SplitFirst(a)
		out["IP in an address"] = first.Bytes()
	}
	return out
}

func wantNoTrace(t *testing.T, where string, b []byte, of map[string][]byte) {
	t.Helper()
	for what, trace := range of {
		if bytes.Contains(b, trace) {
			t.Errorf("%s holds the person's %s", where, what)
		}
	}
}

// Pat's node casts. What its neighbour gets from it, and what a shop has got
// in the end, does not say who Pat's node is or where.
func TestCastNamesNobody(t *testing.T) {
	sim.Run(t, 51, func(w *sim.World) {
		rules, items := shop("30", "SD-BASE")
		florist := newSpiedVendor(w, "florist", rules, items)
		pat := w.Person("pat")
		rules, items = shop("10", "SD-BASE-ATP")
		greedy := w.Vendor("greedy", rules, items) // who relays what it does not answer
		all := []*sim.Party{florist.Party, pat, greedy, w.Person("quinn"), w.Person("rosa")}
		w.Meet(without(sim.Full(len(all)), sim.Edge{A: 0, B: 1}), all...) // Pat and the shop never meet
		w.Eventually(time.Minute, "everybody knows who keeps letters", func() bool { return holders(w, pat) == 3 && florist.Listening() })
		topic := gossip.TopicPrefix + intentcast.Shard(flowers, nil)
		neighbour := newTap(w, "eve", pat)
		neighbour.follow(pat, topic)
		time.Sleep(2 * time.Second)

		in := must[view.Intent](w)(pat.Cast(w.T.Context(), roses()))
		offersOf(w, pat, in.Root, 1)
		time.Sleep(5 * time.Second)

		who := traces(w.T, pat.Host)
		var body []byte
		for _, m := range neighbour.messages() {
			if m.From != nil || m.Seqno != nil || m.Signature != nil || m.Key != nil || len(m.ProtoReflect().GetUnknown()) > 0 {
				w.T.Errorf("from %x, seqno %x, signature %x, key %x, unknown %x: want none",
					m.From, m.Seqno, m.Signature, m.Key, m.ProtoReflect().GetUnknown())
			}
			if m.GetTopic() != topic {
				w.T.Errorf("topic %q", m.GetTopic())
			}
			body = m.Data
		}
		if body == nil {
			w.T.Fatal("the neighbour was not sent the cast")
		}
		wantNoTrace(w.T, "what the neighbour was sent", neighbour.captured(), who)
		wantNoTrace(w.T, "the message", body, who)
		cast, err := intentcast.DecodeCast(body)
		if err != nil {
			w.T.Fatal(err)
		}
		wantNoTrace(w.T, "the decoded intent", fmt.Appendf(nil, "%+v %+v %+v", cast.Intent, *cast.Intent.Reply, cast.Envelope), who)
		if cast.ID != in.ID {
			w.T.Errorf("the neighbour was sent %s", cast.ID)
		}

		// At the shop: everything on every stream, everything it keeps, everybody
		// it has heard of.
		if !bytes.Equal(castOf(w, florist.Party, in.Root), body) {
			w.T.Error("the shop keeps another body")
		}
		for _, s := range florist.spy.streams("") {
			if s.remote == pat.Host.ID() {
				w.T.Errorf("a stream of Pat's own reached the shop: %s", s.protocol)
			}
			wantNoTrace(w.T, "a stream "+string(s.protocol)+" to the shop", s.bytes(), who)
		}
		for _, b := range florist.kept(w) {
			wantNoTrace(w.T, "a record of the shop's", b, who)
		}
		if slices.Contains(florist.Host.Peerstore().Peers(), pat.Host.ID()) {
			w.T.Error("the shop's host has heard of Pat's")
		}
	})
}

func without(edges []sim.Edge, gone ...sim.Edge) []sim.Edge {
	return slices.DeleteFunc(edges, func(e sim.Edge) bool { return slices.Contains(gone, e) })
}

// concerning is everything a vendor received or keeps of the one person who
// dealt with it: letters opened, casts, records.
func (v spiedVendor) concerning(w *sim.World) []byte {
	w.T.Helper()
	var out bytes.Buffer
	kinds := make(map[string]bool)
	for _, l := range v.letters(w, nil) {
		kinds[l.Kind] = true
		out.Write(cbor(w.T, l))
		out.WriteByte('\n')
	}
	for _, kind := range []string{"propose", "end"} {
		if !kinds[kind] {
			w.T.Fatalf("%s got no letter of kind %s", v.Name, kind)
		}
	}
	for _, b := range v.kept(w) {
		out.Write(b)
		out.WriteByte('\n')
	}
	return out.Bytes()
}

// Pat deals with the florist and the bicycle shop, Quinn with the baker. What
// the florist and the bicycle shop have got of Pat has no 16 bytes in common
// but what the baker has got of Quinn as well: the formats, the roster's ids
// and hashes and pairwise.invalid, the same for everybody. (Times are to the
// second, and are left out of the comparison.) Nor do they know one peer both
// as a way to Pat, and neither has heard of Pat's own.
func TestTwoVendorsShareNothing(t *testing.T) {
	for seed := range uint64(2) {
		t.Run(fmt.Sprint("seed ", 60+seed), func(t *testing.T) {
			sim.Run(t, 60+seed, func(w *sim.World) {
				a, b, c := trades[0].vendor(w), trades[1].vendor(w), trades[2].vendor(w)
				pat, quinn := w.Person("pat"), w.Person("quinn")
				all := []*sim.Party{a.Party, b.Party, c.Party, pat, quinn}
				for _, tr := range trades {
					all = append(all, tr.rival(w))
				}
				for i := range 8 {
					all = append(all, w.Person(fmt.Sprint("bystander", i)))
				}
				var apart []sim.Edge // buyers and sellers never meet
				for seller := range 3 {
					apart = append(apart, sim.Edge{A: seller, B: 3}, sim.Edge{A: seller, B: 4})
				}
				w.Meet(without(sim.Full(len(all)), apart...), all...)
				w.Eventually(time.Minute, "everybody knows who keeps letters", func() bool {
					return holders(w, pat) == 12 && holders(w, quinn) == 12 && a.Listening() && b.Listening() && c.Listening()
				})
				trades[0].buy(w, pat, a)
				trades[1].buy(w, pat, b)
				trades[2].buy(w, quinn, c)

				ofA, ofB, ofC := a.concerning(w), b.concerning(w), c.concerning(w)
				for _, s := range shared(ofA, ofB, ofC) {
					w.T.Errorf("%s and %s both have %q", a.Name, b.Name, s)
				}
				// The comparison can tell: of one person's two sides of one deal it
				// finds plenty.
				if len(shared(ofA, a.concerning(w), ofC)) == 0 {
					w.T.Error("nothing is found in common even where all is the same")
				}
				who := traces(w.T, pat.Host)
				for _, v := range []spiedVendor{a, b} {
					wantNoTrace(w.T, v.Name, v.concerning(w), who)
					for _, s := range v.spy.streams(wire.LetterProtocol) {
						if s.remote == pat.Host.ID() {
							w.T.Errorf("a letter of Pat's reached %s from Pat's node itself", v.Name)
						}
					}
					if len(v.Host.Network().ConnsToPeer(pat.Host.ID())) > 0 || slices.Contains(v.Host.Peerstore().Peers(), pat.Host.ID()) {
						w.T.Errorf("%s's host knows Pat's", v.Name)
					}
				}
				atA, atB := endpoints(w, a), endpoints(w, b)
				for p := range atA {
					if atB[p] {
						w.T.Errorf("the florist and the bicycle shop both know %s as where Pat's letters are kept", w.Name(p))
					}
				}
				if len(atA) < 2 || len(atB) < 2 {
					w.T.Errorf("Pat's routes are at %d and %d holders, want two each: the intent's and the card's", len(atA), len(atB))
				}
			})
		})
	}
}

// endpoints are the peers that a vendor knows as ways to the person.
func endpoints(w *sim.World, v spiedVendor) map[peer.ID]bool {
	w.T.Helper()
	out := make(map[peer.ID]bool)
	add := func(r *intentcast.Route) {
		if r != nil {
			out[must[peer.ID](w)(peer.Decode(r.Peer))] = true
		}
	}
	for _, l := range v.letters(w, nil) {
		add(l.From)
	}
	for _, in := range must[[]view.Intent](w)(v.Intents(w.T.Context(), false)) {
		add(in.Body.Reply)
		cast, err := intentcast.DecodeCast(castOf(w, v.Party, in.Root))
		if err != nil {
			w.T.Fatal(err)
		}
		add(cast.Intent.Reply)
	}
	for _, l := range sentLetters(w, v) {
		out[must[peer.ID](w)(peer.Decode(l))] = true
	}
	return out
}

// sentLetters are the peers that letters were handed to.
func sentLetters(w *sim.World, v spiedVendor) (to []string) {
	w.T.Helper()
	for _, r := range v.records(w, "letter") {
		var l map[string]any
		if err := dagcbor.Unmarshal(r.Body, &l); err != nil {
			w.T.Fatal(err)
		}
		to = append(to, l["peer"].(string))
	}
	return to
}

var timestamps = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`)

// shared returns what is private in the runs of at least 16 bytes that a and b
// have in common: pieces of 8 bytes or more no part of which is in public. (A
// run is a constant more often than not, with a digit or two beside it that
// happen to be the same.) Times are not compared.
func shared(a, b, public []byte) (pieces []string) {
	const run, part = 16, 8
	blank := func(x []byte, with string) []byte {
		return timestamps.ReplaceAll(x, []byte(strings.Repeat(with, 20)))
	}
	a, b, public = blank(a, "\x01"), blank(b, "\x02"), blank(public, "\x03")
	inB, inPublic := windows(b, run), windows(public, part)
	private := make([]bool, len(a)) // in a run, and in no public part
	for i := 0; i+run <= len(a); i++ {
		if inB[string(a[i:i+run])] {
			for j := i; j < i+run; j++ {
				private[j] = true
			}
		}
	}
	for i := 0; i+part <= len(a); i++ {
		if inPublic[string(a[i:i+part])] {
			for j := i; j < i+part; j++ {
				private[j] = false
			}
		}
	}
	for i := 0; i < len(a); i++ {
		from := i
		for i < len(a) && private[i] {
			i++
		}
		if i-from >= part {
			pieces = append(pieces, string(a[from:i]))
		}
	}
	slices.Sort(pieces)
	return slices.Compact(pieces)
}

func windows(b []byte, n int) map[string]bool {
	set := make(map[string]bool)
	for i := 0; i+n <= len(b); i++ {
		set[string(b[i:i+n])] = true
	}
	return set
}
