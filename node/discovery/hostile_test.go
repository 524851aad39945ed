package discovery_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/record"
	ma "github.com/multiformats/go-multiaddr"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/courier/wire"
	"github.com/parley-network/parley/node/discovery"
	"github.com/parley-network/parley/sim"
)

// mallory is a host that answers the peer exchange as it likes.
func mallory(w *sim.World, name string, answer func(network.Stream)) host.Host {
	h := w.Host(name)
	h.SetStreamHandler(discovery.ExchangeProtocol, func(s network.Stream) {
		_, _ = wire.ReadFrame(s, 64)
		answer(s)
	})
	return h
}

// naming answers with records.
func naming(t *testing.T, records ...[]byte) func(network.Stream) {
	b, err := dagcbor.Marshal(map[string]any{"v": 1, "peers": records})
	if err != nil {
		t.Fatal(err)
	}
	return func(s network.Stream) {
		_ = wire.WriteFrame(s, b)
		_ = s.Close()
	}
}

// says is a record by a new key, of itself or of somebody else.
func says(t *testing.T, of peer.ID, addrs ...string) ([]byte, peer.ID) {
	t.Helper()
	k, _, err := crypto.GenerateEd25519Key(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if of == "" {
		of, _ = peer.IDFromPrivateKey(k)
	}
	r := &peer.PeerRecord{PeerID: of, Seq: 1}
	for _, a := range addrs {
		r.Addrs = append(r.Addrs, ma.StringCast(a))
	}
	e, err := record.Seal(r, k)
	if err != nil {
		t.Fatal(err)
	}
	b, err := e.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return b, of
}

// What hostile peers answer has no effect: nobody who is not there is believed
// to be, nothing is dialled in private networks, and honest peers are found
// nevertheless.
func TestHostileExchange(t *testing.T) {
	sim.Run(t, 3, func(w *sim.World) {
		honest := person(w, "honest")
		friend := person(w, "friend")
		friend.add(honest)
		forged, _ := says(t, friend.host.ID(), "/ip4/6.6.6.6/udp/6/quic-v1")
		inside, insider := says(t, "", "/ip4/192.168.1.1/udp/22/quic-v1", "/ip4/127.0.0.1/udp/22/quic-v1", "/ip4/169.254.169.254/udp/80/quic-v1")
		var crowd [][]byte
		for i := range 16 {
			b, _ := says(t, "", fmt.Sprintf("/ip4/7.7.7.%d/udp/1/quic-v1", i+1))
			crowd = append(crowd, b)
		}
		var wide []string
		for i := range 10_000 {
			wide = append(wide, fmt.Sprintf("/ip4/8.8.%d.%d/udp/1/quic-v1", i>>8, i&255))
		}
		tenThousand, vast := says(t, "", wide...)
		reg := prometheus.NewRegistry()
		target := person(w, "target", func(c *discovery.Config) { c.Registry = reg })
		for i, answer := range []func(network.Stream){
			naming(t, forged, inside), naming(t, crowd...), naming(t, tenThousand), naming(t, append(crowd, crowd...)...),
			func(s network.Stream) { _, _ = io.WriteString(s, "\xff\xff\xff\xffgarbage") },
			func(s network.Stream) { time.Sleep(time.Minute) }, // says nothing
			func(s network.Stream) { // never ends
				for _, err := s.Write(make([]byte, 1<<16)); err == nil; _, err = s.Write(make([]byte, 1<<16)) {
				}
			},
		} {
			w.Connect(target.host, mallory(w, fmt.Sprint("mallory", i), answer))
		}
		target.add(honest)
		w.Eventually(15*time.Minute, "the honest friend", func() bool { return target.knows(friend) })
		time.Sleep(3 * time.Minute)
		for _, p := range target.host.Peerstore().PeersWithAddrs() {
			for _, a := range target.host.Peerstore().Addrs(p) {
				if p == friend.host.ID() && a.String() == "/ip4/6.6.6.6/udp/6/quic-v1" {
					t.Error("a forged record moved the friend")
				}
				if p == insider || p == vast {
					t.Errorf("%s is known at %s", p, a)
				}
			}
		}
		if got := counted(t, reg, "parley_discovery_records_refused_total"); got < 2 {
			t.Errorf("%v records refused, want the forged and the private ones counted", got)
		}
	})
}

// counted sums a metric.
func counted(t *testing.T, reg *prometheus.Registry, name string) (sum float64) {
	t.Helper()
	all, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range all {
		if f.GetName() == name {
			for _, m := range f.GetMetric() {
				sum += m.GetCounter().GetValue()
			}
		}
	}
	return sum
}

// Servers of the DHT that answer with garbage, or not at all, do not keep a
// topic from being found, nor a node from ending.
func TestHostileDHT(t *testing.T) {
	sim.Run(t, 4, func(w *sim.World) {
		first := shop(w, "first", "toys-games")
		for i := range 6 {
			shop(w, fmt.Sprint("shop", i), "toys-games").add(first)
		}
		var hostile []host.Host
		for i := range 6 {
			h := w.Host(fmt.Sprint("hostile", i))
			h.SetStreamHandler(discovery.DHTProtocol, func(s network.Stream) {
				if i%2 == 0 {
					_, _ = s.Write([]byte("\x05\xff\xff\xff\xff\xff and more garbage"))
				}
				time.Sleep(time.Minute)
				_ = s.Reset()
			})
			hostile = append(hostile, h)
		}
		time.Sleep(time.Minute)
		pat := person(w, "pat")
		for _, h := range hostile {
			w.Connect(pat.host, h)
		}
		pat.add(first)
		time.Sleep(10 * time.Second)
		begin := time.Now()
		infos, err := pat.find.Topic(context.Background(), "shopify/toys-games/_", 4)
		if err != nil || len(infos) == 0 {
			t.Errorf("%v, %v", infos, err)
		}
		t.Logf("FIGURE %d of a topic found in %v, with 6 of 13 servers hostile", len(infos), time.Since(begin))
	})
}

// Who is unlisted, and who has no public address and serves nobody, is not named.
func TestUnlistedIsNotNamed(t *testing.T) {
	sim.Run(t, 5, func(w *sim.World) {
		hub := person(w, "hub")
		listed := person(w, "listed")
		shy := person(w, "shy", func(c *discovery.Config) { c.Unlisted = true })
		listed.add(hub)
		shy.add(hub)
		time.Sleep(5 * time.Second)
		fresh := person(w, "fresh")
		fresh.add(hub)
		w.Eventually(time.Minute, "the listed one", func() bool { return fresh.knows(listed) })
		time.Sleep(10 * time.Minute)
		// The unlisted one is told of others, and may come by itself.
		for _, c := range fresh.host.Network().ConnsToPeer(shy.host.ID()) {
			if c.Stat().Direction == network.DirOutbound {
				t.Error("the unlisted one was named, and dialled")
			}
		}
	})
}

// A person's node is no server of the DHT and is found under no key.
func TestPersonsAdvertiseNothing(t *testing.T) {
	sim.Run(t, 6, func(w *sim.World) {
		a := shop(w, "a", "toys-games")
		b := shop(w, "b", "toys-games")
		b.add(a)
		pat := person(w, "pat")
		pat.add(a)
		time.Sleep(time.Minute)
		for _, p := range pat.host.Mux().Protocols() {
			if p == discovery.DHTProtocol {
				t.Error("a person's node serves the DHT")
			}
		}
		infos, err := b.find.Topic(context.Background(), "shopify/toys-games/_", 10)
		if err != nil {
			t.Fatal(err)
		}
		for _, info := range infos {
			if info.ID == pat.host.ID() {
				t.Error("a person's node is found under a topic")
			}
		}
	})
}
