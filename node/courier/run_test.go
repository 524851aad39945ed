package courier

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	ma "github.com/multiformats/go-multiaddr"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/keystore"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/store/memory"
	"github.com/prometheus/client_golang/prometheus"
)

// badSecrets is a keystore that can't be read, or not be written.
type badSecrets struct {
	*keystore.Store
	get, put error
}

func (s badSecrets) Get(name string) ([]byte, error) {
	if s.get != nil {
		return nil, s.get
	}
	return s.Store.Get(name)
}

func (s badSecrets) PutAll(m map[string][]byte) error {
	if s.put != nil {
		return s.put
	}
	return s.Store.PutAll(m)
}

func TestNewRefuses(t *testing.T) {
	failed := errors.New("disk failed")
	good := func() Config {
		return Config{
			Host: &bareHost{}, Store: memory.New(), Secrets: keystore.Memory(), Rand: rand.NewPCG(1, 2),
			Handle: func(context.Context, store.Tx, Inbound) error { return nil },
		}
	}
	if _, err := New(good()); err != nil {
		t.Fatal(err)
	}
	short := keystore.Memory()
	if err := short.Put(selfSecret, []byte("short")); err != nil {
		t.Fatal(err)
	}
	for what, change := range map[string]func(*Config){
		"no host":              func(c *Config) { c.Host = nil },
		"no store":             func(c *Config) { c.Store = nil },
		"no handler":           func(c *Config) { c.Handle = nil },
		"no chance":            func(c *Config) { c.Rand = nil },
		"keys can't be read":   func(c *Config) { c.Secrets = badSecrets{Store: keystore.Memory(), get: failed} },
		"keys can't be stored": func(c *Config) { c.Secrets = badSecrets{Store: keystore.Memory(), put: failed} },
		"damaged key":          func(c *Config) { c.Secrets = short },
	} {
		cfg := good()
		change(&cfg)
		if _, err := New(cfg); err == nil {
			t.Errorf("%s: no error", what)
		}
	}
}

// The key of the direct route is made once and stays.
func TestSelfSurvivesRestart(t *testing.T) {
	n := loopback(t, 1, everybody, quick)[0]
	before := n.courier.Self()
	n.stop()
	n.start(quick)
	defer shut(n)
	if after := n.courier.Self(); !bytes.Equal(before.Key, after.Key) || before.Peer != after.Peer || len(after.Addrs) == 0 || len(after.Slot) != 0 {
		t.Errorf("before %+v, after %+v", before.Peer, after.Peer)
	}
}

func TestRunTwice(t *testing.T) {
	n := loopback(t, 1, everybody, quick)[0]
	defer shut(n)
	if err := n.courier.Run(context.Background()); err == nil {
		t.Error("a second Run began")
	}
}

func TestRoutesNeedRun(t *testing.T) {
	n := loopback(t, 1, everybody, quick)[0]
	n.stop()
	ctx := context.Background()
	if _, err := n.courier.OpenRoute(ctx, "x", time.Now().Add(time.Hour)); !errors.Is(err, ErrNotRunning) {
		t.Errorf("OpenRoute: %v", err)
	}
	if err := n.courier.CloseRoute(ctx, "x"); !errors.Is(err, ErrNotRunning) {
		t.Errorf("CloseRoute: %v", err)
	}
	n.host.Close()
}

func TestOpenRouteRefuses(t *testing.T) {
	nodes := loopback(t, 2, everybody, quick)
	defer shut(nodes...)
	ctx := context.Background()
	for what, c := range map[string]struct {
		label   string
		expires time.Time
		want    string
	}{
		"no label":     {"", time.Now().Add(time.Hour), "label of 0 bytes"},
		"long label":   {strings.Repeat("x", 513), time.Now().Add(time.Hour), "label of 513 bytes"},
		"over already": {"x", time.Now(), "want it in the future"},
		"no expiry":    {"x", time.Time{}, "want it in the future"},
		"for ever":     {"x", time.Now().AddDate(11, 0, 0), "within ten years"},
	} {
		if _, err := nodes[0].courier.OpenRoute(ctx, c.label, c.expires); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", what, err, c.want)
		}
	}
}

// A route whose making was cut short is cleared at the next start: its record,
// and its keys if they were stored.
func TestUnfinishedRoutesAreCleared(t *testing.T) {
	n := loopback(t, 1, everybody, quick)[0]
	n.stop()
	ctx := context.Background()
	r := routeRecord{Created: identity.At(time.Now()), Expires: identity.At(time.Now().Add(time.Hour)), Route: n.courier.Self(), Holder: []byte{1}}
	for label, state := range map[string]string{"opening": routeOpening, "closing": routeClosing, "keys lost": routeOpen} {
		if err := n.courier.putRoute(ctx, label, state, r); err != nil {
			t.Fatal(err)
		}
		if state == routeOpen {
			continue
		}
		if err := n.secrets.Put(routeSecret(label), make([]byte, 64)); err != nil {
			t.Fatal(err)
		}
	}
	n.start(quick)
	defer shut(n)
	if names := n.secrets.Names(); len(names) != 1 {
		t.Errorf("secrets left: %q", names)
	}
	if st := n.courier.Routing(); st.Routes != 0 {
		t.Errorf("%d routes", st.Routes)
	}
}

// After the start a node waits a little for a second peer, rather than tell
// the first whose route it is.
func TestOpenRouteWaitsForCompany(t *testing.T) {
	synctestNodes(t, 3, func(i, j int) bool { return i+j == 1 }, func(t *testing.T, nodes []*testNode) {
		person := nodes[0] // knows nodes[1] alone
		time.AfterFunc(2*time.Second, func() { connect(t, person.host, nodes[2].host) })
		began := time.Now()
		person.openRoute("intent")
		if took := time.Since(began); took < 2*time.Second || took > 4*time.Second {
			t.Errorf("opened after %v", took)
		}
		if st := person.courier.Routing(); st.Exposed != 0 {
			t.Errorf("the route is known to be this node's: %+v", st)
		}
	})
}

// The largest letter goes by holder and forwarder; with the least there is
// beyond, it is refused.
func TestLargestLetter(t *testing.T) {
	nodes := loopback(t, 4, everybody, quick)
	defer shut(nodes...)
	route, self := nodes[0].openRoute("intent"), nodes[1].courier.Self()
	body := make([]byte, 60<<10)
	id := nodes[1].send(Outgoing{To: route, From: &self, Kind: "x", Body: body, Expires: time.Now().Add(time.Hour)})
	eventually(t, 20*time.Second, "delivered", func() bool { return nodes[1].letter(id).State == StateDelivered })
	if got := nodes[0].effects(); len(got) != 1 || len(got[0]) != len(body) {
		t.Error("another body came out")
	}
}

func TestMetrics(t *testing.T) {
	reg := prometheus.NewRegistry()
	nodes := loopback(t, 2, everybody, quick, func(c *Config) {
		if reg != nil {
			c.Registry = reg
		}
		reg = nil // the first node's alone
	})
	defer shut(nodes...)
	registry := nodes[0].courier.cfg.Registry.(*prometheus.Registry)
	nodes[1].send(Outgoing{To: nodes[0].courier.Self(), Kind: "x", Expires: time.Now().Add(time.Hour), Direct: true})
	nodes[1].openRoute("held at the first node")
	want := map[string]float64{"parley_courier_letters_received_total": 1, "parley_courier_held_slots": 1}
	eventually(t, 10*time.Second, "counted", func() bool {
		families, err := registry.Gather()
		if err != nil {
			t.Fatal(err)
		}
		seen := 0
		for _, f := range families {
			m := f.GetMetric()[0]
			if v, ok := want[f.GetName()]; ok && m.GetCounter().GetValue()+m.GetGauge().GetValue() == v {
				seen++
			}
		}
		return seen == len(want)
	})
	cfg := nodes[0].courier.cfg
	if _, err := New(cfg); err == nil {
		t.Error("a second courier took the same registry")
	}
}

func TestRoutingWords(t *testing.T) {
	for want, st := range map[string]Routing{
		"no peer is known":       {},
		"only one peer can help": {Holders: 1, Forwarders: 1},
		"only one peer":          {Holders: 2},
		"of 5 peers":             {Holders: 4, Forwarders: 5, Routes: 3, Connected: 1},
		"1 of 3 reply routes":    {Holders: 4, Forwarders: 4, Routes: 3, Exposed: 1, Connected: 4},
		"none learns both":       {Holders: 4, Forwarders: 5, Routes: 3, Connected: 2},
	} {
		if got := st.words(); !strings.Contains(got, want) {
			t.Errorf("%+v: %q, want %q", st, got, want)
		}
	}
}

// What a node tells others of where it is.
func TestRouteAddrs(t *testing.T) {
	const circuit = "/ip4/8.8.8.8/tcp/1/p2p/12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN/p2p-circuit"
	parse := func(in ...string) (out []ma.Multiaddr) {
		for _, s := range in {
			out = append(out, ma.StringCast(s))
		}
		return out
	}
	for what, c := range map[string]struct {
		in   []ma.Multiaddr
		want string
	}{
		"loopback where there is nothing else": {parse("/ip4/127.0.0.1/tcp/1"), "/ip4/127.0.0.1/tcp/1"},
		"no loopback beside others":            {parse("/ip4/127.0.0.1/tcp/1", "/ip4/1.2.3.4/tcp/1"), "/ip4/1.2.3.4/tcp/1"},
		"no relays":                            {parse(circuit, "/ip4/1.2.3.4/tcp/1"), "/ip4/1.2.3.4/tcp/1"},
		"each once":                            {parse("/ip4/1.2.3.4/tcp/1", "/ip4/1.2.3.4/tcp/1"), "/ip4/1.2.3.4/tcp/1"},
		"at most four": {parse("/ip4/1.2.3.4/tcp/1", "/ip4/1.2.3.4/tcp/2", "/ip4/1.2.3.4/tcp/3", "/ip4/1.2.3.4/tcp/4", "/ip4/1.2.3.4/tcp/5"),
			"/ip4/1.2.3.4/tcp/1 /ip4/1.2.3.4/tcp/2 /ip4/1.2.3.4/tcp/3 /ip4/1.2.3.4/tcp/4"},
	} {
		if got := strings.Join(routeAddrs(c.in), " "); got != c.want {
			t.Errorf("%s: %q, want %q", what, got, c.want)
		}
	}
}
