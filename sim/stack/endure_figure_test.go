package stack

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/parley-network/parley/sim/figure"
	"github.com/parley-network/parley/sim/mesh"
	"github.com/parley-network/parley/sim/random"
	"github.com/parley-network/parley/sim/scenario"
)

// besiegedAs is one of the twelve at a size that real services live through in
// minutes: a node has ten honest connections and as many sybils' as there are
// sybils to an honest node, times four.
func besiegedAs(s mesh.Situation, honest int) mesh.Situation {
	s = s.Scaled(honest, s.Sybils*honest/s.Honest, 5)
	s.Reach, s.Gap = 4, 2*time.Second
	return s
}

// feltBy are the measures of a siege that both engines have.
var feltBy = []struct {
	name string
	of   func(mesh.Siege) float64
}{
	{"delivered share", func(s mesh.Siege) float64 { return min(s.First.Share(), s.After.Share()) }},
	{"p50 of the first minute", func(s mesh.Siege) float64 { return s.First.P50.Seconds() }},
	{"p99 of the first minute", func(s mesh.Siege) float64 { return s.First.P99.Seconds() }},
	{"p50 later", func(s mesh.Siege) float64 { return s.After.P50.Seconds() }},
	{"p99 later", func(s mesh.Siege) float64 { return s.After.P99.Seconds() }},
	{"slowest later, times that in peace", mesh.Siege.Slower},
	{"copies later", func(s mesh.Siege) float64 { return s.After.Copies }},
}

// BenchmarkFigureSimEndure has real gossip services live through the attacks of
// the GossipSub v1.1 evaluation named in PARLEY_ENDURE (all twelve by default),
// at PARLEY_ENDURE_HONEST honest nodes (60) and with the seed PARLEY_ENDURE_SEED
// (1), and the model through the same under 16 seeds. They agree where the real figure is among the model's, give or take
// a tenth.
func BenchmarkFigureSimEndure(b *testing.B) {
	honest, err := strconv.Atoi(cmp.Or(os.Getenv("PARLEY_ENDURE_HONEST"), "60"))
	if err != nil {
		b.Fatal(err)
	}
	seed, err := strconv.ParseUint(cmp.Or(os.Getenv("PARLEY_ENDURE_SEED"), "1"), 10, 64)
	if err != nil {
		b.Fatal(err)
	}
	only := strings.FieldsFunc(os.Getenv("PARLEY_ENDURE"), func(r rune) bool { return r == ',' })
	agreeing := 0
	for _, s := range mesh.Twelve() {
		if strings.HasSuffix(s.Name, "-oppgraft") || len(only) > 0 && !slices.Contains(only, s.Name) {
			continue // real nodes mend their meshes as they ship, which is what those ask for
		}
		if compareSiege(b, besiegedAs(s, honest), seed) {
			agreeing++
		}
	}
	figure.AtLeast(os.Stdout, "sim-endure-agreeing", float64(agreeing), 3)
}

func compareSiege(b *testing.B, s mesh.Situation, seed uint64) bool {
	b.Helper()
	var model []mesh.Siege
	for k := range uint64(16) {
		one, err := s.Play(scenario.Default().Protocol, mesh.Default(), random.New(k, s.Name))
		if err != nil {
			b.Fatal(err)
		}
		model = append(model, one)
	}
	began, _ := Used()
	real, err := Endure(b.Context(), s, scenario.Default().Protocol, seed)
	if err != nil {
		b.Fatal(err)
	}
	took, _ := Used()
	ok := true
	for _, f := range feltBy {
		var all []float64
		for _, m := range model {
			all = append(all, f.of(m))
		}
		slices.Sort(all)
		low, high, v := all[0], all[len(all)-1], f.of(real)
		verdict := "agrees"
		if v < .9*low || v > 1.1*high {
			verdict, ok = "DIFFERS", false
		}
		figure.Info(os.Stdout, "sim-endure-"+s.Name, fmt.Sprintf("%s: real %.3f, model %.3f (%.3f to %.3f), %s", f.name, v, all[len(all)/2], low, high, verdict))
	}
	figure.Info(os.Stdout, "sim-endure-"+s.Name, fmt.Sprintf("%d honest, %d sybils, %d casts later, %.0f s on the wall, all agree: %v",
		s.Honest, s.Sybils, real.After.Casts, (took-began).Seconds(), ok))
	return ok
}
