package node

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
)

// Names of own routes and keys. A label never leaves the node.
func intentLabel(author identity.DID) string { return "intent/" + string(author) }
func authorKey(author identity.DID) string   { return "author/" + string(author) }
func isCardLabel(label string) bool          { return strings.HasPrefix(label, "card/") }
func cardLabel(offer dagcbor.CID) string     { return "card/" + offer.String() }

// short returns the end of a CID, enough to tell a few apart in a sentence.
func short(c dagcbor.CID) string {
	s := c.String()
	return "…" + s[max(0, len(s)-8):]
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// summary says in one line what an intent asks for.
func summary(in *intentcast.Intent) string {
	var parts []string
	for _, w := range in.Items {
		name := w.Name
		for _, alt := range []string{w.GTIN, w.SKU, in.Category.Value} {
			if name == "" {
				name = alt
			}
		}
		parts = append(parts, w.Quantity+" × "+name)
	}
	if len(parts) == 0 {
		parts = append(parts, in.Category.Value)
	}
	s := strings.Join(parts, ", ")
	if in.Place != nil && in.Place.Name != "" {
		s = fmt.Sprintf("%s, in %s", s, in.Place.Name)
	}
	return s
}
