package intentcast

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
)

// ShardLength is how many characters of a geohash name an area's topic. Three
// are a cell of 1.4 by 1.4 degrees, 156 km from north to south. With the margin
// that ShardsFor adds, a shop in one town follows about nine cells and one
// that serves all of France a hundred. Two characters (1,250 by 625 km) would
// send a town's intents to half a continent; four (39 by 20 km) would make it
// a hundred cells for the shop, with topics so small that the few who follow
// one could tell who asks.
const ShardLength = 3

// MaxShards is the most topics ShardsFor returns. Each costs its follower a
// mesh of its own.
const MaxShards = 1024

// nowhere stands for the area in the topic of intents without one.
const nowhere = "_"

// Shard names the topic of everything wanted of a category at a place: the
// taxonomy, the category's root and a cell, as in "shopify/baby-toddler/dps".
// The cell is "_" where there is no place or one too coarse to have a cell.
func Shard(c Category, p *Place) string {
	cell := nowhere
	if p != nil && len(p.Geohash) >= ShardLength {
		cell = p.Geohash[:ShardLength]
	}
	return shardName(c, cell)
}

func shardName(c Category, cell string) string {
	root, _, _ := strings.Cut(c.Value, "/")
	return c.Taxonomy + "/" + root + "/" + cell
}

// Shard names the one topic that in is published to: that of its place's own
// cell, however far its radius reaches. It is the vendors who follow more
// cells than their own; see ShardsFor. The other way round, an intent near an
// edge would be sent twice by every node that follows both.
func (in *Intent) Shard() string { return Shard(in.Category, in.Place) }

// ShardsFor returns the topics that a vendor of these categories, serving
// these areas, has to follow, sorted: each cell that an area or a margin of
// MaxRadius around it touches, so that an intent whose circle overlaps an
// area is never missed; and the topic of intents without a place. An area's
// Radius may here be as wide as the business is (in metres); its Geohash may be
// of any length. It is an error to come to more than MaxShards.
func ShardsFor(categories []Category, areas []Place) ([]string, error) {
	cells := map[string]bool{nowhere: true}
	for i, a := range areas {
		if err := addCells(cells, a); err != nil {
			return nil, fmt.Errorf("areas[%d]: %w", i, err)
		}
	}
	shards := make(map[string]bool)
	for i := range categories {
		if e := categories[i].check(); e != nil {
			return nil, e.at("categories", i)
		}
		for cell := range cells {
			shards[shardName(categories[i], cell)] = true
		}
		if len(shards) > MaxShards {
			return nil, fmt.Errorf("categories[%d]: more than %d topics; serve fewer or smaller areas", i, MaxShards)
		}
	}
	return slices.Sorted(maps.Keys(shards)), nil
}

// addCells adds each cell that the area, widened by the margin, touches. The
// cells are looked at row by row within a box around the circle.
func addCells(cells map[string]bool, area Place) error {
	if area.Geohash == "" || !only(area.Geohash, geohashAlphabet) || len(area.Geohash) > 12 {
		return invalid("geohash", "%.20q is not a geohash", area.Geohash)
	}
	box := decodeGeohash(area.Geohash)
	reach := float64(area.Radius) + MaxRadius
	if reach > halfEarth {
		reach = halfEarth
	}
	// The area is a circle around its cell's centre and never less than the
	// cell itself: a coarse geohash says that all of it is meant.
	span := latCells(reach)
	from, to := max(0, row(box.south)-span), min(rows-1, row(box.north)+span)
	for y := from; y <= to; y++ {
		for x := range columns {
			cell := cellBox(x, y)
			if cell.distance(box) > reach {
				continue
			}
			if cells[encodeCell(x, y)] = true; len(cells) > MaxShards {
				return invalid("radius", "%d m touch more than %d cells", area.Radius, MaxShards)
			}
		}
	}
	return nil
}

func latCells(metres float64) int { return int(math.Ceil(metres/metresPerDegree/cellDegrees)) + 1 }
