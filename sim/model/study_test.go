package model

import (
	"path/filepath"
	"testing"

	"github.com/parley-network/parley/sim/result"
	"github.com/parley-network/parley/sim/scenario"
)

// The conclusions of docs/studies/critical-mass hold in its first replicates,
// at the numbers that tell them apart.
func TestCriticalMassStudy(t *testing.T) {
	if testing.Short() {
		t.Skip("lives through twenty-four regions of five thousand people")
	}
	s, err := scenario.Load(filepath.Join("..", "..", "docs", "studies", "critical-mass", "scenario.toml"))
	if err != nil {
		t.Fatal(err)
	}
	const replicates = 4
	mean := func(seeding string, places, seeds int64, name string) float64 {
		cells, err := result.Cells(s)
		if err != nil {
			t.Fatal(err)
		}
		sum, n := 0.0, 0
		for _, c := range cells {
			if c.Replicate >= replicates || c.At[0].Value != seeding || c.At[1].Value != places || c.At[2].Value != seeds {
				continue
			}
			p, _, err := s.Point(c.Point)
			if err != nil {
				t.Fatal(err)
			}
			sum += values(t, p, c.Seed)[name]
			n++
		}
		if n != replicates {
			t.Fatalf("%d runs of %s, %d, %d in the study", n, seeding, places, seeds)
		}
		return sum / float64(n)
	}
	for _, c := range []struct {
		what          string
		seeding       string
		places, seeds int64
		name          string
		low, high     float64
	}{
		{"spread thin, sixteen die out", "random", 2, 16, "people_share", 0, 0.02},
		{"in one town, they live and take the region", "place", 2, 24, "people_share", 0.4, 1},
		{"spread thin, a hundred do", "random", 2, 128, "people_share", 0.8, 1},
		{"where vendors serve one town, one town lives on alone", "place", 1, 64, "places_alive", 1, 1},
		{"and spreading many thin takes several", "random", 1, 256, "places_alive", 3, 50},
	} {
		if got := mean(c.seeding, c.places, c.seeds, c.name); got < c.low || got > c.high {
			t.Errorf("%s: %s is %.3f, want %v to %v", c.what, c.name, got, c.low, c.high)
		}
	}
}
