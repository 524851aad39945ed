package node_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/identity/keystore"
	"github.com/parley-network/parley/node"
	"github.com/parley-network/parley/node/channel"
	"github.com/parley-network/parley/node/courier/wire"
	"github.com/parley-network/parley/node/store/memory"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/negotiation"
	"github.com/parley-network/parley/sim"
)

// cutter counts the messages that pass, and says after which the stream is cut.
type cutter struct {
	mu     sync.Mutex
	passed int
	cuts   int
	after  func(message int) bool // nil: none
}

func (c *cutter) message() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.passed++
	if c.after == nil || !c.after(c.passed) {
		return false
	}
	c.cuts++
	return true
}

// begin starts counting anew.
func (c *cutter) begin(after func(int) bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.passed, c.cuts, c.after = 0, 0, after
}

func (c *cutter) counts() (passed, cuts int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.passed, c.cuts
}

// cutHost is a host behind a proxy that cuts streams of letters.
type cutHost struct {
	host.Host
	cut *cutter
}

var letterProtocols = []protocol.ID{wire.LetterProtocol, wire.HoldProtocol, wire.ForwardProtocol}

func (h *cutHost) NewStream(ctx context.Context, p peer.ID, ids ...protocol.ID) (network.Stream, error) {
	s, err := h.Host.NewStream(ctx, p, ids...)
	if err != nil || !slices.ContainsFunc(ids, func(id protocol.ID) bool { return slices.Contains(letterProtocols, id) }) {
		return s, err
	}
	return &cutStream{s, h.cut}, nil
}

func (h *cutHost) SetStreamHandler(p protocol.ID, handle network.StreamHandler) {
	if slices.Contains(letterProtocols, p) {
		inner := handle
		handle = func(s network.Stream) { inner(&cutStream{s, h.cut}) }
	}
	h.Host.SetStreamHandler(p, handle)
}

type cutStream struct {
	network.Stream
	cut *cutter
}

func (s *cutStream) Write(b []byte) (int, error) {
	n, err := s.Stream.Write(b)
	if err == nil && s.cut.message() {
		s.Stream.Reset()
	}
	return n, err
}

func (s *cutStream) Read(b []byte) (int, error) {
	n, err := s.Stream.Read(b)
	if n > 0 && s.cut.message() {
		s.Stream.Reset()
	}
	return n, err
}

// survivor is a party whose node is stopped and started, on a host whose
// streams are cut. Its store and keys stay.
type survivor struct {
	sim.Party
	w      *sim.World
	cut    *cutter
	vendor *node.VendorConfig
	halt   func()
	up     bool

	mu     sync.Mutex
	events map[string]int // how often each was told, by kind and what it is about
}

func newSurvivor(w *sim.World, name string, cut *cutter, v *node.VendorConfig) *survivor {
	w.T.Helper()
	s := &survivor{w: w, cut: cut, vendor: v, events: make(map[string]int)}
	s.Name, s.Store, s.Keys = name, memory.New(), keystore.Memory()
	w.Add(name+"'s store", s.Store)
	s.start()
	return s
}

func (s *survivor) start() {
	s.w.T.Helper()
	s.Host = &cutHost{s.w.Host(s.Name), s.cut}
	n, err := node.New(node.Config{
		Name: s.Name, Host: s.Host, Store: s.Store, Keys: s.Keys, Log: s.w.Log(s.Name), Rand: s.w.RandFor(s.Name), Vendor: s.vendor,
		Observe: func(e view.Event) {
			s.w.Event(s.Name, e.Kind, "ref", e.Ref, "text", e.Text)
			s.mu.Lock()
			defer s.mu.Unlock()
			s.events[e.Kind+" "+e.Ref]++
		},
	})
	if err != nil {
		s.w.T.Fatal(err)
	}
	s.Node, s.up = n, true
	s.halt = s.w.Start(s.Name, n.Run)
}

func (s *survivor) stop() {
	s.w.T.Helper()
	s.halt()
	if err := s.Host.Close(); err != nil {
		s.w.T.Fatal(err)
	}
	s.up = false
}

func (s *survivor) told(kind string, ref dagcbor.CID) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.events[kind+" "+ref.String()]
}

// frayed is a person and a vendor with bystanders between them, on a network
// that cuts, and nodes that stop.
type frayed struct {
	w         *sim.World
	pat, shop *survivor
	others    []*sim.Party
	cut       *cutter
	chaos     func() // called while something is waited for
	vendor    identity.DID
	piece     int
}

func newFrayed(w *sim.World, accepts ...string) *frayed {
	w.T.Helper()
	f := &frayed{w: w, cut: new(cutter), chaos: func() {}}
	f.pat = newSurvivor(w, "pat", f.cut, nil)
	f.shop = newSurvivor(w, "shop", f.cut, &node.VendorConfig{Name: "shop", Domain: "vendor.example"})
	rules, _ := shop("30", accepts...)
	ok(w, f.shop.SetRules(w.T.Context(), rules))
	for _, name := range []string{"quinn", "rosa", "sam"} {
		f.others = append(f.others, w.Person(name))
	}
	f.meet()
	f.vendor = vendorOf(w, &f.pat.Party, &f.shop.Party).DID
	w.Eventually(time.Minute, "everybody knows who keeps letters", func() bool {
		return holders(w, &f.pat.Party) >= 3 && holders(w, &f.shop.Party) >= 3
	})
	return f
}

func (f *frayed) meet() {
	f.w.T.Helper()
	for _, s := range []*survivor{f.pat, f.shop} {
		if s.up {
			f.w.Meet([]sim.Edge{{A: 0, B: 1}, {A: 0, B: 2}, {A: 0, B: 3}}, &s.Party, f.others[0], f.others[1], f.others[2])
		}
	}
	f.w.Meet(sim.Full(3), f.others...)
}

// await waits with the chaos going on.
func (f *frayed) await(what string, cond func() bool) {
	f.w.T.Helper()
	patiently(f.w, 12*time.Hour, what, func() bool {
		f.chaos()
		return cond()
	})
	f.chaos()
}

// same waits until both sides hold one record.
func (f *frayed) same(card dagcbor.CID) view.Relationship {
	f.w.T.Helper()
	var x, y view.Relationship
	f.await("one record on both sides", func() bool {
		var errA, errB error
		x, errA = f.pat.Relationship(f.w.T.Context(), card)
		y, errB = f.shop.Relationship(f.w.T.Context(), card)
		return errA == nil && errB == nil && x.Digest == y.Digest
	})
	return x
}

// life leads one relationship from a proffer to its end. After each step both
// sides come to hold the same, and nothing in it has happened twice.
func (f *frayed) life() {
	w, ctx := f.w, f.w.T.Context()
	w.T.Helper()
	var talk view.Negotiation
	f.await("a route for the answers", func() (done bool) {
		var err error
		talk, err = f.pat.Proffer(ctx, view.ProfferWant{Vendor: f.vendor, Agreements: []string{"SD-BASE"}})
		if err != nil && !errors.Is(err, view.ErrUnavailable) {
			w.T.Fatal(err)
		}
		return err == nil
	})
	var card dagcbor.CID
	f.await("an agreement", func() bool {
		v := must[view.Negotiation](w)(f.pat.Negotiation(ctx, talk.ID))
		if v.State == negotiation.StateCountered {
			v = must[view.Negotiation](w)(f.pat.Decide(ctx, talk.ID, true, ""))
		}
		card = v.Card
		return v.State == negotiation.StateAgreed
	})
	f.state(card, "active")
	f.same(card)

	path := fmt.Sprintf("emails/m%d", f.piece)
	f.piece++
	must[view.Change](w)(f.pat.SetPiece(ctx, path, view.ChangeWant{Text: "pat@example.org"}))
	must[[]view.Shared](w)(f.pat.Share(ctx, card, view.ShareWant{Paths: []string{path}, Purpose: []string{"contact"}}))
	moved := must[view.Change](w)(f.pat.SetPiece(ctx, path, view.ChangeWant{Text: "new@example.org"}))
	f.await("the change to be confirmed", func() bool {
		return must[view.Change](w)(f.pat.Change(ctx, moved.ID)).Confirmed == 1
	})

	until := identity.At(time.Now().AddDate(1, 0, 0))
	must[view.Card](w)(f.shop.AmendCard(ctx, card, view.Amendment{Term: &relcard.Term{Until: until}}))
	id := must[string](w)(f.shop.SendEvent(ctx, card, view.EventWant{Kind: "message", Data: channel.Data{Title: "Thanks", Text: "Come again."}}))
	f.state(card, "amending")
	must[view.Card](w)(f.pat.SignCard(ctx, card))
	f.state(card, "active")
	x := f.same(card)
	if x.Card.Body.Seq != 1 {
		w.T.Errorf("in force is version %d", x.Card.Body.Seq)
	}
	f.await("the event", func() bool {
		return slices.ContainsFunc(must[[]view.InboxEntry](w)(f.pat.Inbox(ctx, true)), func(e view.InboxEntry) bool { return e.Card == card })
	})

	ender := []*survivor{f.pat, f.shop}[w.Rand.IntN(2)]
	must[view.Card](w)(ender.EndCard(ctx, card, "enough"))
	f.state(card, "ended")
	f.await("the shop to delete", func() bool {
		d := must[[]view.Demand](w)(f.pat.Demands(ctx, card))
		return len(d) == 1 && d[0].State == "complied"
	})
	f.same(card)
	f.once(card, id)
}

func (f *frayed) state(card dagcbor.CID, want string) {
	f.w.T.Helper()
	for _, s := range []*survivor{f.pat, f.shop} {
		f.await(s.Name+"'s card to be "+want, func() bool {
			k, err := s.Card(f.w.T.Context(), card)
			return err == nil && k.State == want
		})
	}
}

// once checks what may have happened only once.
func (f *frayed) once(card dagcbor.CID, event string) {
	w := f.w
	w.T.Helper()
	for _, s := range []*survivor{f.pat, f.shop} {
		for kind, want := range map[string]int{"card.active": 2, "card.ended": 1, "card.frozen": 0, "demand.answered": 1} {
			if got := s.told(kind, card); got != want {
				w.T.Errorf("%s was told %q %d times, want %d", s.Name, kind, got, want)
			}
		}
	}
	if got := f.shop.told("data.received", card); got != 2 {
		w.T.Errorf("the shop took in data %d times, want 2", got)
	}
	n := 0
	for _, e := range must[[]view.InboxEntry](w)(f.pat.Inbox(w.T.Context(), false)) {
		if e.Card == card {
			n++
		}
	}
	if n != 1 {
		w.T.Errorf("the event %s is in the inbox %d times", event, n)
	}
}

// A proxy cuts the stream after every message of a life in turn: in the first
// life after messages 1, 13, 25 and so on, in the next after 2, 14, 26. Each
// comes to its end with one record on both sides.
func TestLifeOverAProxyThatCuts(t *testing.T) {
	const apart, inOne, most = 12, 4, 300
	for from := 0; from < apart; from += inOne {
		if testing.Short() && from > 0 {
			break
		}
		t.Run(fmt.Sprint("from message ", from), func(t *testing.T) {
			sim.Run(t, 311+uint64(from), func(w *sim.World) {
				f := newFrayed(w, "SD-BASE-A")
				cuts := 0
				for at := from; at < from+inOne; at++ {
					f.cut.begin(func(m int) bool { return m%apart == at && m < most })
					f.life()
					_, n := f.cut.counts()
					cuts += n
				}
				w.T.Logf("%d cuts, %s", cuts, w.Elapsed())
			})
		})
	}
}

// Either side is stopped and started again at any moment, and streams are cut
// by chance.
func TestLifeWithCrashes(t *testing.T) {
	for seed := range uint64(2) {
		t.Run(fmt.Sprint("seed ", 320+seed), func(t *testing.T) {
			sim.Run(t, 320+seed, func(w *sim.World) {
				f := newFrayed(w, "SD-BASE-A")
				stops := 0
				draw := w.RandFor("cuts")
				f.cut.begin(func(int) bool { return draw.IntN(12) == 0 })
				back := time.Now()
				f.chaos = func() {
					down := !f.pat.up || !f.shop.up
					switch {
					case down && time.Now().After(back):
						for _, s := range []*survivor{f.pat, f.shop} {
							if !s.up {
								s.start()
							}
						}
						f.meet()
					case !down && w.Rand.IntN(10) == 0:
						stops++
						[]*survivor{f.pat, f.shop}[w.Rand.IntN(2)].stop()
						back = time.Now().Add(time.Duration(w.Rand.IntN(40)) * time.Second)
					}
				}
				f.life()
				w.T.Logf("%d stops, %s", stops, w.Elapsed())
			})
		})
	}
}
