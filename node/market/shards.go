package market

import (
	"cmp"
	"slices"
	"strings"

	"github.com/parley-network/parley/gossip/intentcast"
)

// Categories returns the root category of every item that has one, each once,
// sorted: what a vendor with this catalogue has to listen for.
func (c *Catalogue) Categories() []intentcast.Category {
	roots := map[intentcast.Category]bool{}
	for i := range c.entries {
		if k := c.entries[i].item.Category; k.Value != "" {
			roots[intentcast.Category{Taxonomy: k.Taxonomy, Value: firstPart(k.Value)}] = true
		}
	}
	out := make([]intentcast.Category, 0, len(roots))
	for k := range roots {
		out = append(out, k)
	}
	slices.SortFunc(out, func(a, b intentcast.Category) int {
		return cmp.Or(cmp.Compare(a.Taxonomy, b.Taxonomy), cmp.Compare(a.Value, b.Value))
	})
	return out
}

func firstPart(path string) string {
	root, _, _ := strings.Cut(path, "/")
	return strings.ToLower(root)
}

// Place returns the area as a place whose cells can be followed, false for a
// region, which has no place on the map.
func (a Area) Place() (intentcast.Place, bool) {
	switch {
	case a.Geohash != "":
		return intentcast.Place{Geohash: a.Geohash}, true
	case a.Metres != 0:
		return intentcast.Place{Geohash: geohash(a.Lat, a.Lon, 12), Radius: a.Metres}, true
	}
	return intentcast.Place{}, false
}

// geohash returns the cell of n characters around a point.
func geohash(lat, lon float64, n int) string {
	south, north, west, east := -90.0, 90.0, -180.0, 180.0
	var out []byte
	bit, five, even := 16, 0, true
	for len(out) < n {
		low, high, at := &south, &north, lat
		if even {
			low, high, at = &west, &east, lon
		}
		if middle := (*low + *high) / 2; at >= middle {
			five |= bit
			*low = middle
		} else {
			*high = middle
		}
		even = !even
		if bit >>= 1; bit == 0 {
			out = append(out, geohashLetters[five])
			bit, five = 16, 0
		}
	}
	return string(out)
}
