package gossip_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"

	"github.com/parley-network/parley/gossip"
	"github.com/parley-network/parley/gossip/termupdate"
)

// A node that joins later, not a neighbour of the vendor, gets what was
// published before it came.
func TestLateNodeCatchesUp(t *testing.T) {
	simulate(t, 4, func(net *simulation) {
		vendor, middle, late, idle := net.nodes[0], net.nodes[1], net.nodes[2], net.nodes[3]
		net.connect(vendor.Host, middle.Host)
		net.followTerms(middle)
		s := newShop(t, "shop")
		net.publish(vendor, s.says(1))
		time.Sleep(10 * time.Minute) // longer than GossipSub remembers
		net.publish(vendor, s.says(2))
		time.Sleep(10 * time.Minute)

		net.followTerms(late)
		net.connect(late.Host, middle.Host)
		net.connect(idle.Host, middle.Host)
		net.settle()
		if got := late.seqs(); !slices.Equal(got, []uint64{2}) || late.seqOf(s) != 2 {
			t.Errorf("late was told %v, holds %d", got, late.seqOf(s))
		}
		if pulled, heard := late.count(t, "terms_pulled_total", ""), late.count(t, "terms_accepted_total", ""); pulled != 1 || heard != 0 {
			t.Errorf("%d pulled, %d heard", pulled, heard)
		}
		if got := middle.count(t, "terms_served_total", ""); got != 1 {
			t.Errorf("the middle one served %d", got)
		}
		if idle.seqOf(s) != -1 {
			t.Error("a node that does not follow terms asked for them")
		}
		// The same for peers that were there before it wanted to know.
		net.followTerms(idle)
		if idle.seqOf(s) != 2 {
			t.Errorf("after following it holds %d", idle.seqOf(s))
		}
		// And from now on like everybody.
		net.publish(vendor, s.says(3))
		net.settle()
		if late.seqOf(s) != 3 || idle.seqOf(s) != 3 {
			t.Errorf("hold %d and %d", late.seqOf(s), idle.seqOf(s))
		}
	})
}

// What gossip has missed is found by asking around every few minutes.
func TestNodesAskAroundNowAndThen(t *testing.T) {
	simulate(t, 2, func(net *simulation) {
		knows, asks := net.nodes[0], net.nodes[1]
		net.connect(knows.Host, asks.Host)
		net.followTerms(asks)
		s := newShop(t, "shop")
		if err := knows.RememberTerms(verify(t, s.says(1)), time.Now()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Minute)
		if asks.seqOf(s) != 1 {
			t.Error("not found in ten minutes")
		}
		if got := asks.count(t, "terms_pulls_total", "done"); got < 2 || got > 6 {
			t.Errorf("asked %d times in ten minutes", got)
		}
	})
}

// More than one answer holds is fetched by asking again at once.
func TestCatchingUpTakesSeveralAnswers(t *testing.T) {
	simulate(t, 2, func(net *simulation) {
		knows, asks := net.nodes[0], net.nodes[1]
		const vendors = 300
		for i := range vendors {
			s := newShop(t, fmt.Sprint("shop ", i))
			if err := knows.RememberTerms(verify(t, s.says(1)), time.Now()); err != nil {
				t.Fatal(err)
			}
		}
		net.followTerms(asks)
		net.connect(asks.Host, knows.Host)
		time.Sleep(20 * time.Second)
		if got := len(asks.AllTerms()); got != vendors {
			t.Errorf("%d of %d vendors known", got, vendors)
		}
		if got := asks.count(t, "terms_pulls_total", "done"); got != 1 {
			t.Errorf("%d pulls done", got)
		}
	})
}

func frame(data []byte) []byte {
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(data))), data...)
}

// answering is a host that answers every question for terms as told.
func (net *simulation) answering(asked *atomic.Int64, answer func(network.Stream)) host.Host {
	h := net.host()
	net.extra = append(net.extra, h)
	h.SetStreamHandler(gossip.TermsPull, func(st network.Stream) {
		asked.Add(1)
		defer func() { _ = st.Reset() }()
		answer(st)
	})
	return h
}

// forever writes b until the asker hangs up, and says how much that was.
func forever(st network.Stream, b []byte) (sent int) {
	for {
		n, err := st.Write(b)
		if sent += n; err != nil {
			return sent
		}
	}
}

// Whatever a peer answers, it is cut off, is not asked again for an hour when
// it was garbage, and keeps nobody from the truth.
func TestHostileAnswersAreCutOff(t *testing.T) {
	for _, tt := range []struct {
		name, result string
		answer       func(*shop, network.Stream)
	}{
		{"endless garbage", "garbage", func(_ *shop, st network.Stream) {
			if sent := forever(st, frame(bytes.Repeat([]byte{7}, 1000))); sent > 1<<20 {
				st.Conn().Close()
			}
		}},
		{"endless length", "garbage", func(_ *shop, st network.Stream) { forever(st, []byte{0xff}) }},
		{"too many updates", "garbage", func(s *shop, st network.Stream) {
			_, _ = io.ReadAll(st)
			forever(st, frame(mustWire(s.says(1))))
		}},
		{"no end", "failed", func(s *shop, st network.Stream) {
			_, _ = io.ReadAll(st)
			_, _ = st.Write(frame(mustWire(s.says(1))))
			time.Sleep(time.Minute)
		}},
		{"slowly", "failed", func(_ *shop, st network.Stream) {
			for range 100 {
				if _, err := st.Write([]byte{0}); err != nil {
					return
				}
				time.Sleep(9 * time.Second)
			}
		}},
		{"hangs up", "failed", func(*shop, network.Stream) {}},
		{"forged", "garbage", func(s *shop, st network.Stream) {
			good := s.says(2)
			b := mustWire(good)
			b[bytes.Index(b, good.Envelope.Signature)] ^= 1
			_, _ = st.Write(append(frame(b), 0, 0, 0, 0, 0))
			time.Sleep(time.Minute)
		}},
		{"what was not asked for", "garbage", func(s *shop, st network.Stream) {
			_, _ = st.Write(append(frame(mustWire(s.says(0))), 0, 0, 0, 0, 0))
			time.Sleep(time.Minute)
		}},
		{"an unknown last byte", "garbage", func(_ *shop, st network.Stream) {
			_, _ = st.Write([]byte{0, 0, 0, 0, 9})
			time.Sleep(time.Minute)
		}},
		{"always more of nothing", "done", func(_ *shop, st network.Stream) {
			_, _ = st.Write([]byte{0, 0, 0, 0, 1})
			time.Sleep(time.Minute)
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			simulate(t, 2, func(net *simulation) {
				asks, honest := net.nodes[0], net.nodes[1]
				known, other := newShop(t, "known"), newShop(t, "other")
				if err := asks.RememberTerms(verify(t, known.says(1)), time.Now()); err != nil {
					t.Fatal(err)
				}
				if err := honest.RememberTerms(verify(t, other.says(1)), time.Now()); err != nil {
					t.Fatal(err)
				}
				net.followTerms(asks)
				var asked atomic.Int64
				teller := known
				if tt.name == "too many updates" || tt.name == "no end" {
					teller = newShop(t, "third")
				}
				hostile := net.answering(&asked, func(st network.Stream) { tt.answer(teller, st) })
				net.connect(asks.Host, hostile)
				net.settle()
				net.connect(asks.Host, honest.Host)
				time.Sleep(2 * time.Minute)
				if got := asks.count(t, "terms_pulls_total", tt.result); got < 1 {
					t.Errorf("counted %d as %s", got, tt.result)
				}
				if asks.seqOf(other) != 1 || asks.seqOf(known) != 1 {
					t.Errorf("holds %d of the honest peer's and %d of its own", asks.seqOf(other), asks.seqOf(known))
				}
				before := asked.Load()
				if before == 0 {
					t.Error("was never asked")
				}
				if tt.result == "garbage" {
					time.Sleep(30 * time.Minute)
					if got := asked.Load(); got != before {
						t.Errorf("asked %d times more", got-before)
					}
				}
			})
		})
	}
}

func mustWire(s termupdate.Signed) []byte {
	b, err := s.Encode()
	if err != nil {
		panic(err)
	}
	return b
}

// ask sends a question as it is and returns what comes back.
func (net *simulation) ask(from host.Host, to *node, question []byte) ([]byte, error) {
	net.t.Helper()
	st, err := from.NewStream(net.ctx, to.ID(), gossip.TermsPull)
	if err != nil {
		net.t.Fatal(err)
	}
	defer func() { _ = st.Reset() }()
	if _, err := st.Write(question); err != nil {
		return nil, err
	}
	if err := st.CloseWrite(); err != nil {
		return nil, err
	}
	return io.ReadAll(st)
}

// The other side: what is no question is not answered, nor is who asks all
// the time, nor who asks and does not read.
func TestQuestionsAreBounded(t *testing.T) {
	simulate(t, 1, func(net *simulation) {
		n := net.nodes[0]
		s := newShop(t, "shop")
		if err := n.RememberTerms(verify(t, s.says(1)), time.Now()); err != nil {
			t.Fatal(err)
		}
		asker := net.host()
		net.extra = append(net.extra, asker)
		net.connect(asker, n.Host)
		for name, question := range map[string][]byte{
			"nothing":          frame(nil),
			"another version":  frame([]byte{2}),
			"half a record":    frame(append([]byte{1}, make([]byte, 10)...)),
			"a record twice":   frame(append([]byte{1}, make([]byte, 40)...)),
			"too large":        {0xff, 0xff, 0xff, 0xff},
			"an unfinished":    {0, 0, 0, 9, 1},
			"not even a frame": {0},
		} {
			if got, err := net.ask(asker, n, question); err == nil || len(got) != 0 {
				t.Errorf("%s: answered by %x, %v", name, got, err)
			}
			time.Sleep(time.Minute)
		}
		want := append(frame(wire(t, s.says(1))), 0, 0, 0, 0, 0)
		answered := 0
		for range 20 {
			got, err := net.ask(asker, n, frame([]byte{1}))
			if err == nil && len(got) == len(want) {
				answered++
			}
		}
		if answered != 12 {
			t.Errorf("answered %d times in a row", answered)
		}
		time.Sleep(time.Minute)
		if _, err := net.ask(asker, n, frame([]byte{1})); err != nil {
			t.Errorf("a minute later: %v", err)
		}
	})
}

// Questions that never come hold no more than two streams a peer, and none
// for long.
func TestStalledQuestionsEnd(t *testing.T) {
	simulate(t, 1, func(net *simulation) {
		n := net.nodes[0]
		asker := net.host()
		net.extra = append(net.extra, asker)
		net.connect(asker, n.Host)
		ended := make(chan time.Duration, 5)
		start := time.Now()
		for range 5 {
			st, err := asker.NewStream(net.ctx, n.ID(), gossip.TermsPull)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := st.Write([]byte{0}); err != nil {
				t.Fatal(err)
			}
			go func() {
				_, _ = io.ReadAll(st)
				ended <- time.Since(start)
			}()
		}
		soon := 0
		for range 5 {
			took := <-ended
			if took < 5*time.Second {
				soon++
			}
			if took > 25*time.Second {
				t.Errorf("a stream stood for %s", took)
			}
		}
		if soon != 3 {
			t.Errorf("%d of 5 streams were refused at once, want 3", soon)
		}
		synctest.Wait()
	})
}
