// Package yardstick runs other people's simulators beside the model, on the
// same network with the same parameters, to tell how much quicker the model is.
// What is not on this machine is told, and its published figure stands in under
// another name.
package yardstick

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
)

//go:embed spread.py
var graphToolProgram []byte

//go:embed spread.mjs
var agentscriptProgram []byte

// said is what a yardstick's program prints: seconds of the steps alone, and
// who is inside after each.
type said struct {
	Wall      float64 `json:"wall"`
	Processor float64 `json:"processor"`
	Curve     []int   `json:"curve"`
}

// program runs a yardstick on a file of edges among so many agents.
type program func(ctx context.Context, edges string, agents int) (said, error)

// findGraphTool looks for a Python that has graph-tool. Its program is written
// into dir.
func findGraphTool(ctx context.Context, dir string) (program, error) {
	script := filepath.Join(dir, "spread.py")
	if err := os.WriteFile(script, graphToolProgram, 0o600); err != nil {
		return nil, err
	}
	for _, python := range []string{"python3", "/usr/bin/python3"} {
		if exec.CommandContext(ctx, python, "-c", "import graph_tool.all").Run() == nil {
			return func(ctx context.Context, edges string, agents int) (said, error) {
				return measure(ctx, agents, python, append([]string{script, edges}, parameters(agents, "1")...)...)
			}, nil
		}
	}
	return nil, fmt.Errorf("no python3 here has graph_tool (Debian: apt-get install python3-graph-tool)")
}

// agentscriptVersion is the one that figures are told against.
const agentscriptVersion = "0.10.27"

// findAgentscript installs it among this user's caches, once. Its program is
// written into dir.
func findAgentscript(ctx context.Context, dir string) (program, error) {
	script := filepath.Join(dir, "spread.mjs")
	if err := os.WriteFile(script, agentscriptProgram, 0o600); err != nil {
		return nil, err
	}
	library, err := installAgentscript(ctx)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, edges string, agents int) (said, error) {
		return measure(ctx, agents, "node", append([]string{"--max-old-space-size=8192", script, library, edges}, parameters(agents)...)...)
	}, nil
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
