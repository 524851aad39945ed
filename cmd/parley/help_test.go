package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/alecthomas/kong"
)

// leafCommands lists the commands that do something, by their paths.
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

func grammar(t *testing.T) *kong.Kong {
	t.Helper()
	var out bytes.Buffer
	return parser(new(cli), &out, &out, func(int) {})
}

// TestHelpExamples parses the examples that the help of every command gives.
func TestHelpExamples(t *testing.T) {
	t.Chdir(t.TempDir()) // where the folders that examples name are
	for _, dir := range []string{"contractors_10_30", "restaurants_33_99"} {
		if err := os.MkdirAll(filepath.Join("marketplace", dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, cmd := range leafCommands(grammar(t).Model.Node) {
		path := strings.TrimPrefix(cmd.FullPath(), "parley ")
		_, text, found := strings.Cut(cmd.Detail, "Example:\n")
		if !found {
			t.Errorf("%s: the help has no example", path)
			continue
		}
		own := false
		for _, line := range examples(text) {
			args := command(t, line)
			if len(args) == 0 {
				continue
			}
			ctx, err := grammar(t).Parse(args)
			if err != nil {
				t.Errorf("%s: %q: %v", path, line, err)
				continue
			}
			own = own || ctx.Selected() != nil && strings.HasPrefix(ctx.Selected().FullPath(), cmd.FullPath())
		}
		if !own {
			t.Errorf("%s: no example of its help is of it", path)
		}
	}
}

// examples joins what continues a line to it.
func examples(text string) []string {
	var out []string
	for line := range strings.Lines(text) {
		switch trimmed := strings.TrimSpace(line); {
		case trimmed == "":
		case strings.Contains(trimmed, "parley ") && !strings.HasPrefix(trimmed, "--") || len(out) == 0:
			out = append(out, trimmed)
		default:
			out[len(out)-1] += " " + trimmed
		}
	}
	return out
}

// command returns the arguments of the one parley command in an example, as a
// shell would part them.
func command(t *testing.T, line string) []string {
	t.Helper()
	_, line, found := strings.Cut(line, "parley ")
	if !found {
		return nil
	}
	var args []string
	var word strings.Builder
	quote, in := rune(0), false
	for _, r := range line {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(r)
		case r == '\'' || r == '"':
			quote, in = r, true
		case strings.ContainsRune("|&<>(", r):
			return args
		case r == ' ':
			if in {
				args = append(args, word.String())
			}
			word.Reset()
			in = false
		default:
			word.WriteRune(r)
			in = true
		}
	}
	if quote != 0 {
		t.Errorf("%q: a quote is open", line)
	}
	if in {
		args = append(args, word.String())
	}
	return args
}

// TestHelpFitsThePage prints the help of every command.
func TestHelpFitsThePage(t *testing.T) {
	t.Setenv("COLUMNS", "80")
	nodes := []*kong.Node{grammar(t).Model.Node}
	for i := 0; i < len(nodes); i++ {
		nodes = append(nodes, nodes[i].Children...)
		var out, errOut bytes.Buffer
		args := strings.Fields(strings.TrimPrefix(nodes[i].FullPath(), "parley"))
		args = slices.DeleteFunc(args, func(s string) bool { return strings.ContainsAny(s, "<[") })
		if code := run(t.Context(), append(args, "--help"), nil, &out, &errOut); code != exitOK {
			t.Errorf("%v: exit %d: %s", args, code, &errOut)
		}
		for line := range strings.Lines(out.String()) {
			line = strings.TrimRight(line, "\n")
			if utf8.RuneCountInString(line) > pageWidth && strings.Contains(strings.TrimSpace(line), " ") && !strings.Contains(line, "/p2p/") {
				t.Errorf("%v: %d wide: %s", args, utf8.RuneCountInString(line), line)
			}
		}
	}
}

// TestHelpAndVersionSucceed checks what a person types first.
func TestHelpAndVersionSucceed(t *testing.T) {
	for _, args := range [][]string{{}, {"help"}, {"--help"}, {"help", "card", "amend"}, {"card", "--help"}, {"version"}, {"--version"}} {
		var out, errOut bytes.Buffer
		if code := run(t.Context(), args, nil, &out, &errOut); code != exitOK || out.Len() == 0 || errOut.Len() > 0 {
			t.Errorf("%q: exit %d, %d bytes, %s", args, code, out.Len(), &errOut)
		}
	}
	if code := run(t.Context(), []string{"help", "nonsense"}, nil, new(bytes.Buffer), new(bytes.Buffer)); code == exitOK {
		t.Error("there is help for nonsense")
	}
}
