package scenario

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// parseYAML returns a document as a tree of values, and the line of each. Of
// YAML it takes what TOML has as well: no anchors, no tags, no second document.
func parseYAML(text []byte) (map[string]any, map[string]int, error) {
	dec := yaml.NewDecoder(bytes.NewReader(text))
	var doc, second yaml.Node
	if err := dec.Decode(&doc); errors.Is(err, io.EOF) {
		return map[string]any{}, nil, nil
	} else if err != nil {
		return nil, nil, yamlProblem(err)
	}
	if err := dec.Decode(&second); err == nil {
		return nil, nil, Problem{Line: second.Line, Reason: "a second document; a scenario is one"}
	} else if !errors.Is(err, io.EOF) {
		return nil, nil, yamlProblem(err)
	}
	y := yamlTree{lines: map[string]int{}}
	v, err := y.value("", doc.Content[0])
	if err != nil {
		return nil, nil, err
	}
	tree, ok := v.(map[string]any)
	if !ok && v != nil {
		return nil, nil, Problem{Line: doc.Content[0].Line, Reason: "want a mapping of the scenario's parts"}
	}
	return tree, y.lines, nil
}

var yamlLine = regexp.MustCompile(`^(?:line )?(\d+): (.*)`)

func yamlProblem(err error) Problem {
	reason := strings.TrimPrefix(strings.TrimPrefix(err.Error(), "yaml: "), "unmarshal errors:\n  ")
	if m := yamlLine.FindStringSubmatch(strings.TrimPrefix(reason, "line ")); m != nil {
		line, _ := strconv.Atoi(m[1])
		return Problem{Line: line, Reason: m[2]}
	}
	return Problem{Reason: reason}
}

type yamlTree struct{ lines map[string]int }

func (y yamlTree) value(path string, n *yaml.Node) (any, error) {
	if path != "" && y.lines[path] == 0 {
		y.lines[path] = n.Line
	}
	if n.Anchor != "" || n.Kind == yaml.AliasNode {
		return nil, Problem{Line: n.Line, Field: path, Reason: "anchors and aliases are not read: write the value out"}
	}
	switch n.Kind {
	case yaml.MappingNode:
		return y.mapping(path, n)
	case yaml.SequenceNode:
		list := make([]any, 0, len(n.Content))
		for i, c := range n.Content {
			v, err := y.value(fmt.Sprintf("%s[%d]", path, i), c)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		return list, nil
	}
	return yamlScalar(path, n)
}

func (y yamlTree) mapping(path string, n *yaml.Node) (any, error) {
	table := map[string]any{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if key.Kind != yaml.ScalarNode || key.ShortTag() != "!!str" {
			return nil, Problem{Line: key.Line, Field: path, Reason: "a key is a plain word"}
		}
		at := under(path, key.Value)
		if _, twice := table[key.Value]; twice {
			return nil, Problem{Line: key.Line, Field: at, Reason: "written twice"}
		}
		y.lines[at] = key.Line
		v, err := y.value(at, n.Content[i+1])
		if err != nil {
			return nil, err
		}
		table[key.Value] = v
	}
	return table, nil
}

// octal is a number that YAML 1.1 reads to the base of 8 and YAML 1.2 to that of
// ten; TOML has none such.
var octal = regexp.MustCompile(`^[-+]?0[0-9_]+$`)

func yamlScalar(path string, n *yaml.Node) (any, error) {
	switch tag := n.ShortTag(); tag {
	case "!!null":
		if path == "" {
			return nil, nil // an empty document
		}
		return nil, Problem{Line: n.Line, Field: path, Reason: "no value; leave it out to have the default"}
	case "!!str":
		return n.Value, nil
	case "!!bool", "!!int", "!!float":
		if octal.MatchString(n.Value) {
			return nil, Problem{Line: n.Line, Field: path, Reason: fmt.Sprintf("%s begins with 0, which some read as octal: write it without", n.Value)}
		}
		var v any
		if err := n.Decode(&v); err != nil {
			return nil, yamlProblem(err)
		}
		return v, nil
	default:
		return nil, Problem{Line: n.Line, Field: path, Reason: "not a number, a word, true or false (" + strings.TrimLeft(tag, "!") + ")"}
	}
}
