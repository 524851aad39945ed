package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

func grammar(t *testing.T) *kong.Kong {
	t.Helper()
	var out bytes.Buffer
	return parser(new(cli), &out, &out, func(int) {})
}

// leafCommands lists the commands that do something.
func leafCommands(n *kong.Node) []*kong.Node {
	if n.Leaf() {
		return []*kong.Node{n}
	}
	var out []*kong.Node
	for _, child := range n.Children {
		out = append(out, leafCommands(child)...)
	}
	return out
}

// TestHelpExamples parses the examples that the help of every command gives.
func TestHelpExamples(t *testing.T) {
	for _, cmd := range leafCommands(grammar(t).Model.Node) {
		_, text, found := strings.Cut(cmd.Detail, "Example:\n")
		if !found {
			t.Errorf("%s: the help has no example", cmd.FullPath())
			continue
		}
		own := false
		for line := range strings.Lines(text) {
			args := strings.Fields(line)
			if len(args) == 0 || args[0] != "parley-sim" {
				continue
			}
			ctx, err := grammar(t).Parse(args[1:])
			if err != nil {
				t.Errorf("%s: %q: %v", cmd.FullPath(), line, err)
				continue
			}
			own = own || strings.HasPrefix(ctx.Selected().FullPath(), cmd.FullPath())
		}
		if !own {
			t.Errorf("%s: no example of its help is of it", cmd.FullPath())
		}
	}
}
