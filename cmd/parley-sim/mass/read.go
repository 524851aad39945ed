package main

import (
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/parley-network/parley/sim/adoption"
	"github.com/parley-network/parley/sim/graph"
	"github.com/parley-network/parley/sim/random"
	"github.com/parley-network/parley/sim/scenario"
	"github.com/parley-network/parley/sim/society"
)

// ran is one run: how many began, how many of them were vendors, how it ended.
type ran struct {
	began, vendors int
	lives, region  bool
}

func (r ran) alive() bool { return r.lives }
func (r ran) taken() bool { return r.region }

// group is the runs that differ only in how many began, and by chance.
type group struct {
	name string
	runs []ran
}

func (g group) with(keep func(ran) bool) group {
	out := group{name: g.name}
	for _, r := range g.runs {
		if keep(r) {
			out.runs = append(out.runs, r)
		}
	}
	return out
}

// span is the fewest and the most that began.
func (g group) span() (least, most float64) {
	if len(g.runs) == 0 {
		return 0, 0
	}
	by := func(a, b ran) int { return a.began - b.began }
	return float64(slices.MinFunc(g.runs, by).began), float64(slices.MaxFunc(g.runs, by).began)
}

// read takes runs.csv apart, in groups in its order. The axes of the sweep stand
// between the columns point and replicate.
func read(from io.Reader, s scenario.Scenario) ([]group, error) {
	rows, err := csv.NewReader(from).ReadAll()
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, fmt.Errorf("no rows")
	}
	column := map[string]int{}
	for i, name := range rows[0] {
		column[name] = i
	}
	for _, name := range []string{"point", "replicate", "seed", "people_share", "places_alive"} {
		if _, ok := column[name]; !ok {
			return nil, fmt.Errorf("no column %s", name)
		}
	}
	var groups []group
	number := map[string]int{}
	for i, row := range rows[1:] {
		r, err := one(row, column, s)
		if err != nil {
			return nil, fmt.Errorf("row %d: %w", i+1, err)
		}
		var name []string
		for c := column["point"] + 1; c < column["replicate"]; c++ {
			if rows[0][c] != "adoption.seeds" {
				name = append(name, rows[0][c]+" "+row[c])
			}
		}
		key := strings.Join(name, ", ")
		if _, ok := number[key]; !ok {
			number[key] = len(groups)
			groups = append(groups, group{name: key})
		}
		g := &groups[number[key]]
		g.runs = append(g.runs, r)
	}
	return groups, nil
}

// one is a row. "Lives" is a town alive at the end, "region" more than half of
// all people inside.
func one(row []string, column map[string]int, s scenario.Scenario) (ran, error) {
	point, err := strconv.Atoi(row[column["point"]])
	if err != nil {
		return ran{}, fmt.Errorf("point: %w", err)
	}
	seed, err := strconv.ParseUint(row[column["seed"]], 10, 64)
	if err != nil {
		return ran{}, fmt.Errorf("seed: %w", err)
	}
	people, err := strconv.ParseFloat(row[column["people_share"]], 64)
	if err != nil {
		return ran{}, fmt.Errorf("people_share: %w", err)
	}
	alive, err := strconv.ParseFloat(row[column["places_alive"]], 64)
	if err != nil {
		return ran{}, fmt.Errorf("places_alive: %w", err)
	}
	at, _, err := s.Point(point)
	if err != nil {
		return ran{}, err
	}
	vendors, err := begun(at, seed)
	if err != nil {
		return ran{}, err
	}
	return ran{began: at.Adoption.Seeds, vendors: vendors, lives: alive > 0, region: people > 0.5}, nil
}

// begun draws again who began, as society.Live does, and counts the vendors.
func begun(s scenario.Scenario, seed uint64) (int, error) {
	p, err := society.NewPopulation(s, seed)
	if err != nil {
		return 0, err
	}
	g, err := graph.Build(s.Network, p.People+p.Vendors, p.Place, random.New(seed, "graph"))
	if err != nil {
		return 0, err
	}
	first, err := adoption.Seeds(s.Adoption.Seeding, s.Adoption.Seeds, g,
		adoption.Traits{Place: p.Place, Category: p.Kind}, random.New(seed, "seeds"))
	if err != nil {
		return 0, err
	}
	n := 0
	for _, a := range first {
		if int(a) >= p.People {
			n++
		}
	}
	return n, nil
}
