package odrl

import (
	"fmt"
	"strings"
)

// names resolves the names of one document by its @context.
type names struct {
	prefixes map[string]string
	odrl     bool // the ODRL context is there, with its terms
}

// schemes can't be prefixes here: a name that begins so is an IRI.
var schemes = map[string]bool{"http": true, "https": true, "urn": true, "did": true, "ipfs": true, "mailto": true, "tag": true}

// readContext takes the published forms: the address of the ODRL context, an
// object of prefixes, or a list of these.
func readContext(v any) (names, error) {
	n := names{prefixes: map[string]string{}}
	for i, e := range list(v) {
		where := fmt.Sprintf("@context[%d]", i)
		switch c := e.(type) {
		case string:
			if c != contextURL && c != strings.Replace(contextURL, "http:", "https:", 1) {
				return n, fmt.Errorf("%s: the context %.120q is not known", where, c)
			}
			n.odrl = true
			for p, iri := range contextPrefixes {
				n.prefixes[p] = iri
			}
		case map[string]any:
			if err := n.declare(c, where); err != nil {
				return n, err
			}
		default:
			return n, fmt.Errorf("%s: is neither an address nor an object", where)
		}
	}
	return n, nil
}

func (n names) declare(c map[string]any, where string) error {
	for prefix, v := range c {
		iri, ok := v.(string)
		switch {
		case strings.HasPrefix(prefix, "@"):
			return fmt.Errorf("%s: %.40q is not supported", where, prefix)
		case !ok:
			return fmt.Errorf("%s.%.40s: only a prefix with its namespace is supported", where, prefix)
		case prefix == "" || strings.ContainsAny(prefix, ":/#? ") || schemes[prefix] || contextTerms[prefix]:
			return fmt.Errorf("%s: %.40q can't be a prefix", where, prefix)
		case !strings.HasPrefix(iri, "http://") && !strings.HasPrefix(iri, "https://"),
			!strings.HasSuffix(iri, "#") && !strings.HasSuffix(iri, "/"):
			return fmt.Errorf("%s.%.40s: %.120q is not a namespace", where, prefix, iri)
		}
		n.prefixes[prefix] = iri
	}
	return nil
}

// resolve returns the short form of a name that stands for something, or an
// IRI; where is its place in the document.
func (n names) resolve(s, where string) (string, error) {
	prefix, local, colon := strings.Cut(s, ":")
	switch {
	case !colon && n.odrl && contextTerms[s]:
		return "odrl:" + s, nil
	case !colon:
		return "", fmt.Errorf("%s: %.80q is not a term of the document's context", where, s)
	case strings.HasPrefix(local, "//"), schemes[prefix]:
		return short(s), nil
	}
	ns, ok := n.prefixes[prefix]
	if !ok {
		return "", fmt.Errorf("%s: the prefix %.40q is not declared", where, prefix)
	}
	return short(ns + local), nil
}

// node is a JSON object with its names resolved.
type node struct {
	names  names
	where  string
	fields map[string]any
}

// open resolves the names of the object v. Two names for one thing are an error.
func (n names) open(v any, where string) (node, error) {
	m, ok := v.(map[string]any)
	if !ok {
		return node{}, fmt.Errorf("%s: is not an object", where)
	}
	out := node{names: n, where: where, fields: make(map[string]any, len(m))}
	for name, e := range m {
		key := name
		if !strings.HasPrefix(name, "@") {
			var err error
			if key, err = n.resolve(name, where); err != nil {
				return node{}, err
			}
		}
		if _, twice := out.fields[key]; twice {
			return node{}, fmt.Errorf("%s: %.80q is there twice under two names", where, key)
		}
		out.fields[key] = e
	}
	return out, nil
}

// only refuses fields other than these.
func (n node) only(known ...string) error {
next:
	for key := range n.fields {
		for _, k := range known {
			if k == key {
				continue next
			}
		}
		return fmt.Errorf("%s: %.120q is not known here", n.where, key)
	}
	return nil
}

// at is the place of a field.
func (n node) at(key string) string { return n.where + "." + key }

// refs reads a field that names things: each a name or {"@id": name}.
func (n node) refs(key string) ([]string, error) {
	v, ok := n.fields[key]
	if !ok {
		return nil, nil
	}
	var out []string
	for i, e := range list(v) {
		where := fmt.Sprintf("%s[%d]", n.at(key), i)
		if m, ok := e.(map[string]any); ok && len(m) == 1 {
			e = m["@id"]
		}
		s, ok := e.(string)
		if !ok {
			return nil, fmt.Errorf("%s: is neither a name nor an object with @id alone", where)
		}
		r, err := n.names.resolve(s, where)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

// ref reads a field that names at most one thing; "" is none.
func (n node) ref(key string) (string, error) {
	all, err := n.refs(key)
	switch {
	case err != nil:
		return "", err
	case len(all) > 1:
		return "", fmt.Errorf("%s: names %d things, one is allowed", n.at(key), len(all))
	case len(all) == 0:
		return "", nil
	}
	return all[0], nil
}

// text reads a field that is text, as it is or as {"@value": text}.
func (n node) text(key string) (string, error) {
	v := n.fields[key]
	if m, ok := v.(map[string]any); ok && len(m) == 1 {
		v = m["@value"]
	}
	s, ok := v.(string)
	if !ok || s == "" {
		return "", fmt.Errorf("%s: text is missing", n.at(key))
	}
	return s, nil
}

// list returns v's elements, or v alone when it is no list.
func list(v any) []any {
	if l, ok := v.([]any); ok {
		return l
	}
	return []any{v}
}
