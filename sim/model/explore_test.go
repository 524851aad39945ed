package model

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parley-network/parley/sim/random"
	"github.com/parley-network/parley/sim/scenario"
)

func TestExplore(t *testing.T) {
	path := os.Getenv("EXPLORE")
	if path == "" {
		t.Skip()
	}
	s, err := scenario.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, kv := range strings.Fields(os.Getenv("SET")) {
		k, v, _ := strings.Cut(kv, "=")
		var x any = v
		if f, err := strconv.ParseFloat(v, 64); err == nil {
			x = f
			if i, err := strconv.ParseInt(v, 10, 64); err == nil {
				x = i
			}
		}
		if err := s.Set(k, x); err != nil {
			t.Fatal(err)
		}
	}
	reps := s.Replicates
	if r := os.Getenv("REPS"); r != "" {
		reps, _ = strconv.Atoi(r)
	}
	start := time.Now()
	for i := range s.Points() {
		p, set, err := s.Point(i)
		if err != nil {
			t.Fatal(err)
		}
		all := make([]map[string]float64, reps)
		var wg sync.WaitGroup
		for w := range 2 {
			wg.Go(func() {
				for k := w; k < reps; k += 2 {
					all[k] = values(t, p, random.Seed(s.Seed, fmt.Sprint(i, "/", k)))
				}
			})
		}
		wg.Wait()
		m := func(n string) float64 {
			x := 0.0
			for _, v := range all {
				x += v[n] / float64(reps)
			}
			return x
		}
		grew, share := 0, []string{}
		for _, v := range all {
			if v["people_share"] > 0.1 {
				grew++
			}
			share = append(share, fmt.Sprintf("%.2f", v["people_share"]))
		}
		fmt.Printf("%v grew %d/%d people %.3f vendors %.3f alive %.1f surplus %.2f gp %.2f gv %.2f fillm %.2f  %v\n", set, grew, reps, m("people_share"), m("vendors_share"), m("places_alive"), m("surplus"), m("gain_person"), m("gain_vendor"), m("end_fill_members"), share)
	}
	fmt.Println(time.Since(start))
}
