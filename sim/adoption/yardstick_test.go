package adoption_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
)

// said is what a yardstick's program prints: seconds of the steps alone, and
// who is inside after each.
type said struct {
	Wall      float64 `json:"wall"`
	Processor float64 `json:"processor"`
	Curve     []int   `json:"curve"`
}

// program runs a yardstick on a file of edges among so many agents.
type program func(ctx context.Context, edges string, agents int) (said, error)

func findGraphTool(b *testing.B) (program, bool) {
	for _, python := range []string{"python3", "/usr/bin/python3"} {
		if exec.CommandContext(b.Context(), python, "-c", "import graph_tool.all").Run() == nil {
			return func(ctx context.Context, edges string, agents int) (said, error) {
				return measure(ctx, agents, python, append([]string{"testdata/yardstick/spread.py", edges}, parameters(agents, "1")...)...)
			}, true
		}
	}
	fmt.Println("info sim-spread-graph-tool SKIPPED: no python3 here has graph_tool (Debian: apt-get install python3-graph-tool); its published figure stands in")
	return nil, false
}

// agentscriptVersion is the one that figures are told against.
const agentscriptVersion = "0.10.27"

// findAgentscript installs it among this user's caches, once.
func findAgentscript(b *testing.B) (program, bool) {
	library, err := installAgentscript(b.Context())
	if err != nil {
		fmt.Printf("info sim-spread-agentscript SKIPPED: %v; its published figure stands in\n", err)
		return nil, false
	}
	return func(ctx context.Context, edges string, agents int) (said, error) {
		return measure(ctx, agents, "node", append([]string{"--max-old-space-size=8192", "testdata/yardstick/spread.mjs", library, edges}, parameters(agents)...)...)
	}, true
}

func installAgentscript(ctx context.Context) (string, error) {
	if _, err := exec.LookPath("node"); err != nil {
		return "", fmt.Errorf("find node: %w", err)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find a cache: %w", err)
	}
	dir := filepath.Join(cache, "parley-yardstick", "agentscript-"+agentscriptVersion)
	library := filepath.Join(dir, "agentscript2d.mjs")
	if _, err := os.Stat(library); err == nil {
		return library, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	npm := exec.CommandContext(ctx, "npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", dir, "agentscript@"+agentscriptVersion)
	if out, err := npm.CombinedOutput(); err != nil {
		return "", fmt.Errorf("npm install agentscript@%s: %w: %.200s", agentscriptVersion, err, out)
	}
	text, err := os.ReadFile(filepath.Join(dir, "node_modules/agentscript/dist/agentscript2d.js"))
	if err != nil {
		return "", fmt.Errorf("agentscript %s: %w", agentscriptVersion, err)
	}
	return library, os.WriteFile(library, text, 0o644)
}

func parameters(agents int, more ...string) []string {
	number := func(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }
	return append([]string{strconv.Itoa(agents), number(spreadP), number(spreadQ), strconv.Itoa(steps)}, more...)
}

func measure(ctx context.Context, agents int, name string, args ...string) (said, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), "OMP_NUM_THREADS=1", "PYTHONWARNINGS=ignore")
	out, err := cmd.Output()
	if err != nil {
		return said{}, fmt.Errorf("run %s: %w", cmd, err)
	}
	var s said
	if err := json.Unmarshal(out, &s); err != nil {
		return said{}, fmt.Errorf("run %s: %w: %.100q", cmd, err, out)
	}
	if len(s.Curve) != steps+1 || !(s.Wall > 0 && s.Processor > 0) || s.Curve[steps] > agents {
		return said{}, fmt.Errorf("run %s: %d steps in %v s", cmd, len(s.Curve)-1, s.Wall)
	}
	return s, nil
}
