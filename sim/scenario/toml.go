package scenario

import (
	"errors"
	"fmt"
	"sort"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// parseTOML returns a document as a tree of values, and the line of each.
func parseTOML(text []byte) (map[string]any, map[string]int, error) {
	tree := map[string]any{}
	if err := toml.Unmarshal(text, &tree); err != nil {
		p := Problem{Reason: strings.TrimPrefix(err.Error(), "toml: ")}
		var at *toml.DecodeError
		if errors.As(err, &at) {
			p.Line, _ = at.Position()
		}
		return nil, nil, p
	}
	l := tomlLines{lines: map[string]int{}, tables: map[string]int{}}
	for i, c := range text {
		if c == '\n' {
			l.ends = append(l.ends, i)
		}
	}
	l.read(text)
	return tree, l.lines, nil
}

// tomlLines finds the lines of what a valid document says.
type tomlLines struct {
	ends   []int // offsets of the line feeds
	lines  map[string]int
	tables map[string]int // how often each [[table]] has come
}

func (l *tomlLines) read(text []byte) {
	var p unstable.Parser
	p.Reset(text)
	table := ""
	for p.NextExpression() {
		switch e := p.Expression(); e.Kind {
		case unstable.Table:
			table = l.keys("", e.Key())
		case unstable.ArrayTable:
			name := l.keys("", e.Key())
			table = fmt.Sprintf("%s[%d]", name, l.tables[name])
			l.tables[name]++
			l.note(table, e.Child())
		case unstable.KeyValue:
			l.pair(table, e)
		}
	}
}

// keys notes the line of each part of a dotted key beneath prefix, and returns
// the path of the whole.
func (l *tomlLines) keys(prefix string, it unstable.Iterator) string {
	for it.Next() {
		prefix = under(prefix, string(it.Node().Data))
		l.note(prefix, it.Node())
	}
	return prefix
}

func (l *tomlLines) pair(prefix string, e *unstable.Node) {
	l.value(l.keys(prefix, e.Key()), e.Value())
}

func (l *tomlLines) value(path string, v *unstable.Node) {
	it := v.Children()
	switch v.Kind {
	case unstable.Array:
		for i := 0; it.Next(); i++ {
			element := fmt.Sprintf("%s[%d]", path, i)
			l.note(element, it.Node())
			l.value(element, it.Node())
		}
	case unstable.InlineTable:
		for it.Next() {
			l.pair(path, it.Node())
		}
	}
}

// note keeps the first line of a path: that of a part that comes in pieces.
func (l *tomlLines) note(path string, n *unstable.Node) {
	if _, known := l.lines[path]; !known && n.Raw.Length > 0 {
		l.lines[path] = 1 + sort.SearchInts(l.ends, int(n.Raw.Offset))
	}
}

// under is the path of a key beneath another.
func under(prefix, key string) string {
	if prefix == "" {
		return key
	}
	return prefix + "." + key
}
