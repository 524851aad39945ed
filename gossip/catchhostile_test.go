package gossip_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"

	"github.com/parley-network/parley/gossip"
	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/gossip/reconcile"
)

func frame(data []byte) []byte {
	return append(binary.AppendUvarint(nil, uint64(len(data))), data...)
}

// message reads one frame.
func message(r *bufio.Reader) ([]byte, error) {
	n, err := binary.ReadUvarint(r)
	if err != nil {
		return nil, err
	}
	b := make([]byte, n)
	_, err = io.ReadFull(r, b)
	return b, err
}

// answering is a host that answers every conversation as told.
func (net *simulation) answering(asked *atomic.Int64, answer func(network.Stream)) host.Host {
	h := net.host()
	net.extra = append(net.extra, h)
	h.SetStreamHandler(gossip.Reconcile, func(st network.Stream) {
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

var evilKey = reconcile.Key{6, 6, 6}

// pretend answers as somebody with these short ids does, and a get as told.
func pretend(st network.Stream, shorts []uint64, get func(asked []uint64) []byte) {
	slices.Sort(shorts)
	sketch := reconcile.NewSketch(8)
	for _, s := range shorts {
		sketch.Add(s)
	}
	a := reconcile.NewAnswerer(evilKey, sketch, shorts)
	r := bufio.NewReader(st)
	answer := a.Opened()
	if _, err := message(r); err != nil {
		return
	}
	for {
		if _, err := st.Write(frame(answer)); err != nil {
			return
		}
		q, err := message(r)
		if err != nil {
			return
		}
		if !reconcile.IsGet(q) {
			answer, err = a.Answer(q)
		} else if asked, _ := reconcile.DecodeGet(q); get != nil {
			answer = get(asked)
		}
		if err != nil {
			return
		}
	}
}

func shortOf(c *intentcast.Cast) uint64 { return evilKey.Short(c.ID.Bytes()[4:]) }

func records(handled int, wires ...[]byte) []byte {
	r := reconcile.Records{Handled: handled}
	for _, w := range wires {
		r.Records = append(r.Records, reconcile.Record{Kind: reconcile.KindCast, Wire: w})
	}
	return r.Encode()
}

func noise(n int) []uint64 {
	shorts := make([]uint64, n)
	for i := range shorts {
		shorts[i] = rand.Uint64()
	}
	return shorts
}

// Whatever a peer answers, it is cut off, is not asked again for an hour when
// it was garbage, and keeps nobody from the truth.
func TestHostileAnswersAreCutOff(t *testing.T) {
	for _, tt := range []struct {
		name, result string
		answer       func(c *intentcast.Cast, wire []byte, st network.Stream)
	}{
		{"endless garbage", "garbage", func(_ *intentcast.Cast, _ []byte, st network.Stream) {
			if sent := forever(st, frame(bytes.Repeat([]byte{7}, 1000))); sent > 4<<20 {
				st.Conn().Close()
			}
		}},
		{"endless length", "garbage", func(_ *intentcast.Cast, _ []byte, st network.Stream) { forever(st, []byte{0xff}) }},
		{"symbols of no set", "garbage", func(_ *intentcast.Cast, _ []byte, st network.Stream) {
			r := bufio.NewReader(st)
			_, _ = message(r)
			a := reconcile.NewAnswerer(evilKey, reconcile.NewSketch(0), noise(5))
			opened := a.Opened() // of none
			b := append(opened[:17], 5)
			b = append(b, make([]byte, 128)...) // the tally
			for range 24 {
				b = binary.LittleEndian.AppendUint64(b, 1) // the same one id everywhere
				b = append(b, pureCheck...)
			}
			_, _ = st.Write(frame(b))
			_, _ = message(r)
		}},
		{"ever more symbols", "failed", func(_ *intentcast.Cast, _ []byte, st network.Stream) {
			r := bufio.NewReader(st)
			_, _ = message(r)
			answer := reconcile.NewAnswerer(evilKey, reconcile.NewSketch(0), nil).Opened()
			answer = append(binary.AppendUvarint(answer[:17], 1<<20), bytes.Repeat([]byte{0}, 128)...)
			for symbols := uint64(24); ; {
				for range symbols * reconcile.SymbolSize {
					answer = append(answer, byte(rand.Uint32()))
				}
				if _, err := st.Write(frame(answer)); err != nil {
					return
				}
				q, err := message(r)
				if err != nil || q[0] != 2 {
					return
				}
				symbols, _ = binary.Uvarint(q[1:])
				answer = binary.AppendUvarint([]byte{0x82}, symbols)
			}
		}},
		{"made up records, none to be had", "failed", func(_ *intentcast.Cast, _ []byte, st network.Stream) {
			pretend(st, noise(5000), func(asked []uint64) []byte { return records(len(asked)) })
		}},
		{"one at a time, and none to be had", "failed", func(c *intentcast.Cast, wire []byte, st network.Stream) {
			pretend(st, append(noise(100), shortOf(c)), func(asked []uint64) []byte { return records(1) })
		}},
		{"nothing handled", "garbage", func(_ *intentcast.Cast, _ []byte, st network.Stream) {
			pretend(st, noise(10), func(asked []uint64) []byte { return records(0) })
		}},
		{"a record twice", "garbage", func(c *intentcast.Cast, wire []byte, st network.Stream) {
			pretend(st, append(noise(1), shortOf(c)), func(asked []uint64) []byte { return records(2, wire, wire) })
		}},
		{"forged", "garbage", func(c *intentcast.Cast, wire []byte, st network.Stream) {
			wire[len(wire)-1] ^= 1
			pretend(st, []uint64{shortOf(c)}, func(asked []uint64) []byte { return records(1, wire) })
		}},
		{"not what was asked for", "garbage", func(c *intentcast.Cast, wire []byte, st network.Stream) {
			pretend(st, noise(10), func(asked []uint64) []byte { return records(1, wire) })
		}},
		{"no end", "failed", func(_ *intentcast.Cast, _ []byte, st network.Stream) {
			_, _ = message(bufio.NewReader(st))
			time.Sleep(time.Minute)
		}},
		{"slowly", "failed", func(_ *intentcast.Cast, _ []byte, st network.Stream) {
			for range 100 {
				if _, err := st.Write([]byte{0x81}); err != nil {
					return
				}
				time.Sleep(11 * time.Second)
			}
		}},
		{"hangs up", "failed", func(*intentcast.Cast, []byte, network.Stream) {}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			simulate(t, 2, func(net *simulation) {
				asks, honest := net.nodes[0], net.nodes[1]
				known, other := stroller(t, "known"), stroller(t, "other")
				shard := known.Intent.Shard()
				net.remember(asks, known)
				net.remember(honest, other)
				net.join(net.nodes, shard)
				time.Sleep(2 * time.Minute)
				var asked atomic.Int64
				theirs := stroller(t, "third")
				wire := encode(t, theirs)
				hostile := net.answering(&asked, func(st network.Stream) { tt.answer(theirs, bytes.Clone(wire), st) })
				net.connect(asks.Host, hostile)
				time.Sleep(time.Second)
				net.connect(asks.Host, honest.Host)
				time.Sleep(2 * time.Minute)
				if got := asks.count(t, "catchup_asked_total", tt.result); got < 1 {
					t.Errorf("counted %d as %s", got, tt.result)
				}
				want := []string{other.ID.String()}
				if tt.name == "a record twice" { // the first time it is what was asked for
					want = []string{theirs.ID.String(), other.ID.String()}
				}
				if got := asks.ids(); !slices.Equal(got, want) || asks.Known() != 1+len(want) {
					t.Errorf("was told %v, knows %d", got, asks.Known())
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

// pureCheck is the check of the short id 1.
var pureCheck = func() []byte {
	s := reconcile.NewEncoder([]uint64{1}).Extend(1)[0]
	return binary.LittleEndian.AppendUint32(nil, s.Check)
}()

// wants asks n about a shard as somebody who has nothing, and returns the
// short ids of what there is.
func (net *simulation) wants(from host.Host, n *node, shard string) []uint64 {
	net.t.Helper()
	st, err := from.NewStream(net.ctx, n.ID(), gossip.Reconcile)
	if err != nil {
		net.t.Fatal(err)
	}
	defer func() { _ = st.Reset() }()
	r := bufio.NewReader(st)
	a := reconcile.NewAsker(func(reconcile.Key) []uint64 { return nil })
	for q := reconcile.NewOpen(true, []string{shard}).Encode(); q != nil; {
		if _, err := st.Write(frame(q)); err != nil {
			net.t.Fatal(err)
		}
		answer, err := message(r)
		if err != nil {
			net.t.Fatal(err)
		}
		if q, err = a.Next(answer); err != nil {
			net.t.Fatal(err)
		}
	}
	return a.Missing()
}

// say sends questions as they are and returns what comes back.
func (net *simulation) say(from host.Host, to *node, questions []byte) ([]byte, error) {
	net.t.Helper()
	st, err := from.NewStream(net.ctx, to.ID(), gossip.Reconcile)
	if err != nil {
		net.t.Fatal(err)
	}
	defer func() { _ = st.Reset() }()
	if _, err := st.Write(questions); err != nil {
		return nil, err
	}
	if err := st.CloseWrite(); err != nil {
		return nil, err
	}
	return io.ReadAll(st)
}

// The other side: what is no question is not answered, nor is who asks all
// the time.
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
		open := frame(reconcile.NewOpen(true, nil).Encode())
		for name, question := range map[string][]byte{
			"nothing":           frame(nil),
			"an unknown kind":   frame([]byte{9}),
			"unknown flags":     frame([]byte{1, 2, 0}),
			"shards in a mess":  frame(append([]byte{1, 0, 2}, make([]byte, 16)...)),
			"too many shards":   frame(append([]byte{1, 0, 0x81, 8}, make([]byte, 8*1025)...)),
			"too large":         {0xff, 0xff, 0xff, 0xff, 1},
			"an unfinished one": {9, 1},
			"a second first":    frame([]byte{2, 1}),
		} {
			if got, err := net.say(asker, n, question); err == nil || len(got) != 0 {
				t.Errorf("%s: answered by %x, %v", name, got, err)
			}
			time.Sleep(time.Minute)
		}
		for name, question := range map[string][]byte{
			"no symbols":       {2, 0},
			"all symbols":      {2, 0xff, 0xff, 0xff, 1},
			"get of nothing":   {4, 0},
			"a get in a mess":  append([]byte{4, 2}, make([]byte, 16)...),
			"open once more":   open[1:],
			"half a list":      {3, 1},
			"an answer":        {0x82, 0},
			"a list and again": append(append([]byte{3}, make([]byte, 8)...), frame(append([]byte{3}, make([]byte, 8)...))...),
		} {
			whole := append(slices.Clone(open), frame(question)...)
			if name == "a list and again" {
				whole = append(append(slices.Clone(open), 9), question...)
			}
			if _, err := net.say(asker, n, whole); err == nil {
				t.Errorf("%s: answered", name)
			}
			time.Sleep(time.Minute)
		}
		if got := n.count(t, "catchup_refused_total", "garbage"); got < 12 {
			t.Errorf("%d counted", got)
		}
		answered := 0
		time.Sleep(5 * time.Minute)
		for range 20 {
			if got, err := net.say(asker, n, open); err == nil && len(got) > 100 {
				answered++
			}
		}
		if answered != 12 {
			t.Errorf("answered %d times in a row", answered)
		}
		time.Sleep(time.Minute)
		if _, err := net.say(asker, n, open); err != nil {
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
			st, err := asker.NewStream(net.ctx, n.ID(), gossip.Reconcile)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := st.Write([]byte{0x80}); err != nil {
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

// Who asks for records and does not read them is let go, and keeps nobody
// else from being answered.
func TestAskerThatDoesNotRead(t *testing.T) {
	simulate(t, 1, func(net *simulation) {
		n := net.nodes[0]
		all := casts(t, 0, 300)
		net.remember(n, all...)
		net.join(net.nodes, all[0].Intent.Shard())
		time.Sleep(2 * time.Minute)
		asker := net.host()
		net.extra = append(net.extra, asker)
		net.connect(asker, n.Host)
		st, err := asker.NewStream(net.ctx, n.ID(), gossip.Reconcile)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = st.Reset() }()
		questions := frame(reconcile.NewOpen(false, []string{all[0].Intent.Shard()}).Encode())
		for range 200 {
			questions = append(questions, frame(append([]byte{3}, binary.LittleEndian.AppendUint64(nil, 0)...))...)
		}
		_, _ = st.Write(questions)
		if got := net.wants(asker, n, all[0].Intent.Shard()); len(got) != len(all) {
			t.Errorf("another is told of %d", len(got))
		}
		time.Sleep(time.Minute)
		if got := n.count(t, "catchup_refused_total", ""); got == 0 {
			t.Error("it was not let go")
		}
	})
}
