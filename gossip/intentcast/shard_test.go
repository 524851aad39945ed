package intentcast_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/parley-network/parley/gossip/intentcast"
)

var cars = intentcast.Category{Taxonomy: "parley", Value: "travel/car-rental"}

func TestShard(t *testing.T) {
	for _, tt := range []struct {
		place *intentcast.Place
		want  string
	}{
		{&intentcast.Place{Geohash: "9x0q"}, "parley/travel/9x0"},
		{&intentcast.Place{Geohash: "9x0"}, "parley/travel/9x0"},
		{&intentcast.Place{Geohash: "9x"}, "parley/travel/_"},
		{&intentcast.Place{Region: "US-UT"}, "parley/travel/_"},
		{nil, "parley/travel/_"},
	} {
		if got := intentcast.Shard(cars, tt.place); got != tt.want {
			t.Errorf("%+v: %q, want %q", tt.place, got, tt.want)
		}
	}
}

func TestShardsOfAVendor(t *testing.T) {
	strollers := intentcast.Category{Taxonomy: "parley", Value: "baby/strollers"}
	got, err := intentcast.ShardsFor([]intentcast.Category{cars, strollers, cars}, []intentcast.Place{{Geohash: "9x0q"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"parley/travel/9x0", "parley/baby/9x0", "parley/travel/_"} {
		if !slices.Contains(got, want) {
			t.Errorf("%v lacks %s", got, want)
		}
	}
	if !slices.IsSorted(got) || len(slices.Compact(slices.Clone(got))) != len(got) {
		t.Errorf("not sorted, or twice: %v", got)
	}
	if per := (len(got) - 2) / 2; per < 4 || per > 12 {
		t.Errorf("one town takes %d cells", per)
	}
}

func TestShardsWithoutArea(t *testing.T) {
	got, err := intentcast.ShardsFor([]intentcast.Category{cars}, nil)
	if err != nil || !slices.Equal(got, []string{"parley/travel/_"}) {
		t.Errorf("%v, %v", got, err)
	}
	if got, err := intentcast.ShardsFor(nil, nil); err != nil || len(got) != 0 {
		t.Errorf("of nothing: %v, %v", got, err)
	}
}

func TestShardsAreBounded(t *testing.T) {
	for name, area := range map[string]intentcast.Place{
		"the whole earth": {Geohash: "s", Radius: 20_000_000},
		"beyond it":       {Geohash: "s", Radius: math.MaxUint64},
		"no geohash":      {Radius: 100},
		"a bad geohash":   {Geohash: "aaa"},
	} {
		_, err := intentcast.ShardsFor([]intentcast.Category{cars}, []intentcast.Place{area})
		if err == nil || !strings.Contains(err.Error(), "areas[0]") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := intentcast.ShardsFor([]intentcast.Category{{Taxonomy: "X"}}, nil); err == nil {
		t.Error("a category that is none")
	}
	for name, area := range map[string]intentcast.Place{
		"France":        {Geohash: "u05", Radius: 450_000},
		"western USA":   {Geohash: "9xh", Radius: 1_500_000},
		"Grand Rapids":  {Geohash: "dpeh", Radius: 10_000},
		"Spitsbergen":   {Geohash: "umj", Radius: 100_000},
		"the date line": {Geohash: "rcx", Radius: 100_000},
	} {
		got, err := intentcast.ShardsFor([]intentcast.Category{cars}, []intentcast.Place{area})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		t.Logf("%s takes %d topics", name, len(got))
	}
}

// No intent whose circle touches a vendor's area is published on a topic that
// the vendor does not follow, wherever on earth, cell edges, poles and the
// date line among it.
func TestNoIntentNearbyIsMissed(t *testing.T) {
	hash := rapid.StringMatching(`[0-9bcdefghjkmnpqrstuvwxyz]{4,5}`)
	rapid.Check(t, func(t *rapid.T) {
		area := intentcast.Place{Geohash: hash.Draw(t, "area"), Radius: uint64(rapid.IntRange(0, 300_000).Draw(t, "radius"))}
		shards, err := intentcast.ShardsFor([]intentcast.Category{cars}, []intentcast.Place{area})
		if err != nil {
			return // near a pole, too many cells: said, not cut
		}
		lat, lon := centre(area.Geohash)
		radius := rapid.Float64Range(0, intentcast.MaxRadius).Draw(t, "intent's radius")
		// An intent just near enough, in any direction.
		far := (float64(area.Radius) + radius) * rapid.Float64Range(0, 0.999).Draw(t, "share")
		lat, lon = travel(lat, lon, rapid.Float64Range(0, 2*math.Pi).Draw(t, "bearing"), far)
		in := intentcast.Place{Geohash: geohash(lat, lon, 5), Radius: uint64(radius)}
		if shard := intentcast.Shard(cars, &in); !slices.Contains(shards, shard) {
			t.Fatalf("area %+v follows %v, intent at %f,%f (%s) is %.0f m away", area, shards, lat, lon, shard, far)
		}
	})
}

const base32 = "0123456789bcdefghjkmnpqrstuvwxyz"

// geohash and centre are written from the definition, apart from the package.
func geohash(lat, lon float64, length int) string {
	latLo, latHi, lonLo, lonHi := -90.0, 90.0, -180.0, 180.0
	var s strings.Builder
	for bit, v := 0, 0; s.Len() < length; {
		if bit%2 == 0 {
			if mid := (lonLo + lonHi) / 2; lon >= mid {
				v, lonLo = v*2+1, mid
			} else {
				v, lonHi = v*2, mid
			}
		} else if mid := (latLo + latHi) / 2; lat >= mid {
			v, latLo = v*2+1, mid
		} else {
			v, latHi = v*2, mid
		}
		if bit++; bit%5 == 0 {
			s.WriteByte(base32[v])
			v = 0
		}
	}
	return s.String()
}

func centre(hash string) (lat, lon float64) {
	latLo, latHi, lonLo, lonHi := -90.0, 90.0, -180.0, 180.0
	for i := range 5 * len(hash) {
		one := strings.IndexByte(base32, hash[i/5])>>(4-i%5)&1 == 1
		lo, hi := &latLo, &latHi
		if i%2 == 0 {
			lo, hi = &lonLo, &lonHi
		}
		if mid := (*lo + *hi) / 2; one {
			*lo = mid
		} else {
			*hi = mid
		}
	}
	return (latLo + latHi) / 2, (lonLo + lonHi) / 2
}

// travel goes some metres from a point on the sphere.
func travel(lat, lon, bearing, metres float64) (float64, float64) {
	const radius = 6_371_008.8
	d, p, l := metres/radius, lat*math.Pi/180, lon*math.Pi/180
	p2 := math.Asin(math.Sin(p)*math.Cos(d) + math.Cos(p)*math.Sin(d)*math.Cos(bearing))
	l2 := l + math.Atan2(math.Sin(bearing)*math.Sin(d)*math.Cos(p), math.Cos(d)-math.Sin(p)*math.Sin(p2))
	lon = math.Mod(l2*180/math.Pi+540, 360) - 180
	return p2 * 180 / math.Pi, lon
}

func TestGeohashOfKnownPlaces(t *testing.T) {
	// The example of the geohash article: 57.64911, 10.40744 is u4pruydqqvj.
	if got := geohash(57.64911, 10.40744, 5); got != "u4pru" {
		t.Fatalf("the test's own geohash is wrong: %s", got)
	}
	for place, want := range map[[2]float64]string{
		{40.65, -111.50}: parkCity().Place.Geohash, {42.96, -85.67}: stroller().Place.Geohash,
	} {
		if got := geohash(place[0], place[1], 4); got != want {
			t.Errorf("%v is in %s, the example says %s", place, got, want)
		}
	}
}
