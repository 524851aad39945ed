package transport

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if os.Getenv(idleEnv) != "" {
		idleProcess()
		return
	}
	goleak.VerifyTestMain(m)
}

func newKey(t testing.TB, fill byte) crypto.PrivKey {
	t.Helper()
	key, err := KeyFromSeed(bytes.Repeat([]byte{fill}, 32))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func newHost(t testing.TB, fill byte, cfg Config) host.Host {
	t.Helper()
	cfg.Key = newKey(t, fill)
	h, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Close() })
	return h
}

// Two hosts talk over each transport; what ParsePeer reads is what PeerAddrs
// wrote.
func TestHostsTalkOverEachTransport(t *testing.T) {
	server := newHost(t, 1, Config{})
	server.SetStreamHandler("/echo/1", func(s network.Stream) {
		defer s.Close()
		io.Copy(s, s)
	})
	addrs := PeerAddrs(server)
	if len(addrs) != 2 {
		t.Fatalf("a default host has addresses %v, want one TCP and one QUIC", addrs)
	}
	for i, addr := range addrs {
		if !strings.HasPrefix(addr, "/ip4/127.0.0.1/") {
			t.Errorf("a default host is reachable beyond loopback, at %s", addr)
		}
		info, err := ParsePeer(addr)
		if err != nil {
			t.Fatal(err)
		}
		client := newHost(t, byte(10+i), Config{})
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if err := client.Connect(ctx, info); err != nil {
			t.Fatalf("connect to %s: %v", addr, err)
		}
		s, err := client.NewStream(ctx, info.ID, "/echo/1")
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(s, "hello")
		s.CloseWrite()
		if got, err := io.ReadAll(s); err != nil || string(got) != "hello" {
			t.Errorf("over %s: echo of %q, %v", addr, got, err)
		}
		if sec := s.Conn().ConnState(); i == 0 && sec.Security != "/tls/1.0.0" {
			t.Errorf("over %s: security %s, want TLS 1.3", addr, sec.Security)
		}
	}
}

func TestIdentifyTellsNothingOfTheInstallation(t *testing.T) {
	a, b := newHost(t, 1, Config{}), newHost(t, 2, Config{})
	connect(t, a, b)
	for key, want := range map[string]string{"AgentVersion": "parley", "ProtocolVersion": "parley/1"} {
		if got, err := a.Peerstore().Get(b.ID(), key); err != nil || got != want {
			t.Errorf("%s is %v (%v), want %q", key, got, err, want)
		}
	}
}

func connect(t *testing.T, a, b host.Host) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := a.Connect(ctx, peer.AddrInfo{ID: b.ID(), Addrs: b.Addrs()}); err != nil {
		t.Fatal(err)
	}
}

// A port in use is the commonest mistake: it must be said even when the other
// address works, and leave nothing behind (goleak, TestMain).
func TestNewRefusesAnAddressInUse(t *testing.T) {
	taken, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	_, port, _ := net.SplitHostPort(taken.Addr().String())
	addr := "/ip4/127.0.0.1/tcp/" + port
	for _, listen := range [][]string{{addr}, {"/ip4/127.0.0.1/udp/0/quic-v1", addr}} {
		_, err := New(Config{Key: newKey(t, 1), Listen: listen})
		if err == nil || !strings.Contains(err.Error(), port) || !strings.Contains(err.Error(), "address already in use") {
			t.Errorf("listen on %v: error %v, want one that names the address and says it is in use", listen, err)
		}
	}
}

func TestNewRefusesBadConfig(t *testing.T) {
	rsa, _, err := crypto.GenerateKeyPair(crypto.RSA, 2048)
	if err != nil {
		t.Fatal(err)
	}
	key := newKey(t, 1)
	for _, c := range []struct {
		cfg  Config
		want string
	}{
		{Config{}, "no device key"},
		{Config{Key: rsa}, "RSA"},
		{Config{Key: key, MaxPeers: -1}, "-1 peers"},
		{Config{Key: key, MaxPeers: 1 << 20}, "1048576 peers"},
		{Config{Key: key, Listen: []string{"127.0.0.1:4001"}}, "127.0.0.1:4001"},
		{Config{Key: key, Listen: []string{"/dns/node.example/tcp/1"}}, "not on a name"},
		{Config{Key: key, Listen: []string{"/ip4/127.0.0.1/tcp/1/wss"}}, "neither tcp nor udp"},
		{Config{Key: key, Listen: []string{"/ip4/127.0.0.1/udp/1/quic-v1/webtransport/certhash/uEiAkH5a4DPGKUuOBjYw0CgwjvcJCJMD2K_1aluKR_tpevQ"}}, "neither tcp nor udp"},
		{Config{Key: key, Listen: []string{"/ip4/127.0.0.1/udp/1"}}, "neither tcp nor udp"},
		{Config{Key: key, Listen: []string{"/ip4/127.0.0.1"}}, "no host and port"},
	} {
		h, err := New(c.cfg)
		if err == nil {
			h.Close()
			t.Errorf("New(%+v) made a host, want an error with %q", c.cfg, c.want)
		} else if !strings.Contains(err.Error(), c.want) {
			t.Errorf("New(%+v): error %q, want it to say %q", c.cfg, err, c.want)
		}
	}
}

func TestMaxPeersRefusesTheRest(t *testing.T) {
	server := newHost(t, 1, Config{MaxPeers: 4})
	refused := 0
	for i := range byte(12) {
		client := newHost(t, 100+i, Config{})
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		if client.Connect(ctx, peer.AddrInfo{ID: server.ID(), Addrs: server.Addrs()}) != nil {
			refused++
		}
		cancel()
	}
	// Within the grace period nobody is closed, so the bound is 2 × 4.
	if n := len(server.Network().Peers()); n > 8 {
		t.Errorf("%d peers connected to a host of at most 4, want no more than 8", n)
	}
	if refused < 4 {
		t.Errorf("%d of 12 refused, want 4", refused)
	}
}

func TestMetricsStayOffTheDefaultRegistry(t *testing.T) {
	own := prometheus.NewRegistry()
	connect(t, newHost(t, 1, Config{Registry: own}), newHost(t, 2, Config{}))
	if names := libp2pMetrics(t, own); len(names) == 0 {
		t.Error("the registry that was given holds no libp2p metrics")
	}
	if names := libp2pMetrics(t, prometheus.DefaultGatherer); len(names) > 0 {
		t.Errorf("the default registry holds %v", names)
	}
}

func libp2pMetrics(t *testing.T, g prometheus.Gatherer) (names []string) {
	t.Helper()
	families, err := g.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if strings.HasPrefix(f.GetName(), "libp2p_") {
			names = append(names, f.GetName())
		}
	}
	return names
}

// An idle node is to stay under 60 MB resident, everything included; its host
// may take half of that.
func TestIdleHostIsSmall(t *testing.T) {
	if _, err := os.Stat(procStatus); err != nil {
		t.Skipf("resident memory is read from %s, which is not here", procStatus)
	}
	if raceDetector() {
		t.Skip("the race detector more than doubles memory")
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), idleEnv+"=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("idle process: %v\n%s", err, out)
	}
	var kB int
	if _, err := fmt.Sscanf(strings.TrimSpace(string(out)), "VmRSS: %d kB", &kB); err != nil {
		t.Fatalf("idle process said %q: %v", out, err)
	}
	t.Logf("an idle host is %d MB resident", kB>>10)
	if kB > 30<<10 {
		t.Errorf("an idle host is %d kB resident, want at most 30 MB", kB)
	}
}

const (
	idleEnv    = "PARLEY_TEST_IDLE"
	procStatus = "/proc/self/status"
)

// idleProcess makes one host, lets it idle and prints the line of procStatus
// that says how big it is.
func idleProcess() {
	key, err := KeyFromSeed(make([]byte, 32))
	if err != nil {
		panic(err)
	}
	h, err := New(Config{Key: key, Registry: prometheus.NewRegistry()})
	if err != nil {
		panic(err)
	}
	defer h.Close()
	time.Sleep(500 * time.Millisecond)
	status, err := os.ReadFile(procStatus)
	if err != nil {
		panic(err)
	}
	for line := range strings.Lines(string(status)) {
		if strings.HasPrefix(line, "VmRSS:") {
			fmt.Print(line)
		}
	}
}

func raceDetector() bool {
	info, ok := debug.ReadBuildInfo()
	return ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}
