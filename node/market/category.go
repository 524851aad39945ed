package market

import (
	"errors"
	"strings"

	"github.com/parley-network/parley/gossip/intentcast"
)

// category is a taxonomy and a path in it, folded. Two taxonomies are not
// compared: a vendor that uses several lists its items in each.
type category struct{ taxonomy, path string }

func newCategory(c intentcast.Category) (category, error) {
	out := category{fold(c.Taxonomy), foldPath(c.Value)}
	if (out.taxonomy == "") != (out.path == "") {
		return out, errors.New("category has a taxonomy or a value, not both")
	}
	if len(c.Taxonomy)+len(c.Value) > maxName {
		return out, errors.New("category is too long")
	}
	return out, nil
}

// foldPath folds the parts of a path, each without white space around it.
func foldPath(s string) string {
	parts := strings.Split(s, "/")
	kept := parts[:0]
	for _, p := range parts {
		if p = fold(p); p != "" {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, "/")
}

// within reports whether c is d or lies beneath it.
func (c category) within(d category) bool {
	rest, ok := strings.CutPrefix(c.path, d.path)
	return ok && c.taxonomy == d.taxonomy && (rest == "" || rest[0] == '/')
}

// ancestors yields c and everything above it.
func (c category) ancestors(yield func(category) bool) {
	for path := c.path; path != ""; {
		if !yield(category{c.taxonomy, path}) {
			return
		}
		cut := strings.LastIndexByte(path, '/')
		path = path[:max(cut, 0)]
	}
}
