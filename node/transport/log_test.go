package transport

import (
	"bytes"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/hashicorp/go-hclog"
	"github.com/libp2p/go-libp2p/gologshim"
)

func TestSlog(t *testing.T) {
	for _, c := range []struct {
		name string
		say  func(*slog.Logger)
		want string
	}{
		{"plain", func(l *slog.Logger) { l.Info("up", "port", 1) }, "[INFO]  node: up: port=1"},
		{"level", func(l *slog.Logger) { l.Debug("hidden") }, ""},
		{"error", func(l *slog.Logger) { l.Error("broke", "err", "EOF") }, "[ERROR] node: broke: err=EOF"},
		{"subsystem", func(l *slog.Logger) { l.With("logger", "swarm2").Warn("slow") }, "[WARN]  node.swarm2: slow"},
		{"with", func(l *slog.Logger) { l.With("peer", "a").Info("x", "n", 2) }, "[INFO]  node: x: peer=a n=2"},
		{"group", func(l *slog.Logger) { l.WithGroup("conn").With("id", 1).Info("x", "n", 2) }, "[INFO]  node: x: conn.id=1 conn.n=2"},
		{"nested", func(l *slog.Logger) { l.Info("x", slog.Group("g", "a", 1, slog.Group("", "b", 2))) }, "[INFO]  node: x: g.a=1 g.b=2"},
		{"empty", func(l *slog.Logger) { l.WithGroup("").Info("x", slog.Attr{}) }, "[INFO]  node: x"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out bytes.Buffer
			c.say(Slog(hclog.New(&hclog.LoggerOptions{Name: "node", Level: hclog.Info, Output: &out, DisableTime: true})))
			if got := strings.TrimSpace(out.String()); got != c.want {
				t.Errorf("logged %q, want %q", got, c.want)
			}
		})
	}
}

func TestSlogOffIsOff(t *testing.T) {
	if Slog(hclog.NewNullLogger()).Enabled(t.Context(), slog.LevelError) {
		t.Error("a silent log asks for errors")
	}
}

// The bridge is the process's, so it is tried in a process of its own.
func TestBridgeLogs(t *testing.T) {
	const env = "PARLEY_TEST_BRIDGE"
	if os.Getenv(env) != "" {
		BridgeLogs(hclog.New(&hclog.LoggerOptions{Name: "parley", Output: os.Stdout, DisableTime: true}))
		gologshim.Logger("swarm2").Warn("from libp2p", "n", 1)
		return
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe, "-test.run=^TestBridgeLogs$")
	cmd.Env = append(os.Environ(), env+"=1")
	out, err := cmd.CombinedOutput()
	if want := "[WARN]  parley.swarm2: from libp2p: n=1"; err != nil || !strings.Contains(string(out), want) {
		t.Errorf("%v, output %q, want %q", err, out, want)
	}
}
