package reconcile_test

import (
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/parley-network/parley/gossip/reconcile"
	"github.com/parley-network/parley/sim/figure"
)

// prefix is how many symbols a node keeps made, as package gossip does.
const prefix = 256

// BenchmarkFigureReconcile prints what catching up costs: all bytes of both
// directions, with the short ids asked for and what frames the records, and
// without the records themselves. Of many tries, the worst counts.
func BenchmarkFigureReconcile(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	const live, allIDs = 10_000, 10_000 * 32
	worst, total := cost{}, 0
	var rounds []int
	const tries = 200
	for range tries {
		asker, other := pair(rng, live-live/100, 0, live/100)
		k := key(rng)
		missing, c := pull(b, k, asker, other, prefix)
		if !c.complete || !slices.Equal(missing, lacks(k, asker, other)) {
			b.Fatal("not the difference")
		}
		worst.bytes, worst.rounds = max(worst.bytes, c.bytes), max(worst.rounds, c.rounds)
		total += c.bytes
		rounds = append(rounds, c.rounds)
	}
	figure.AtMost(os.Stdout, "reconcile-10k-1pct-bytes-per-all-ids", float64(worst.bytes)/allIDs, .02)
	figure.AtMost(os.Stdout, "reconcile-10k-1pct-round-trips", float64(worst.rounds), 3)
	figure.Info(os.Stdout, "reconcile-10k-1pct-bytes-mean", float64(total)/tries)
	bothWays := 0
	for range tries / 10 {
		asker, other := pair(rng, live-live/100, live/100, live/100)
		k := key(rng)
		missing, c := pull(b, k, asker, other, prefix)
		if !c.complete || !slices.Equal(missing, lacks(k, asker, other)) {
			b.Fatal("not the difference")
		}
		bothWays = max(bothWays, c.bytes)
	}
	figure.Info(os.Stdout, "reconcile-10k-1pct-each-way-bytes-per-all-ids", float64(bothWays)/allIDs)
	asker, other := pair(rng, live-live/100, 0, live/100)
	k := key(rng)
	bytes, turns := rangeBased(asker.shorts(k), other.shorts(k))
	figure.Info(os.Stdout, "reconcile-10k-1pct-bytes-range-based-here", bytes)
	figure.Info(os.Stdout, "reconcile-10k-1pct-round-trips-range-based-here", turns)
	slices.Sort(rounds)
	figure.Info(os.Stdout, "reconcile-10k-1pct-round-trips-median", rounds[len(rounds)/2])
}

// BenchmarkFigureReconcileServe prints what one conversation costs who serves as
// many records as a ledger holds.
func BenchmarkFigureReconcileServe(b *testing.B) {
	rng := rand.New(rand.NewPCG(5, 6))
	_, other := pair(rng, 0, 0, 16<<10)
	shorts := other.shorts(key(rng))
	sketch := reconcile.NewSketch(prefix)
	for _, s := range shorts {
		sketch.Add(s)
	}
	verify := figure.Verify()
	figure.Info(os.Stdout, "reconcile-16k-opened-verifies", figure.Ratio(func() {
		reconcile.NewAnswerer(reconcile.Key{}, sketch, shorts).Opened()
	}, verify))
	figure.Info(os.Stdout, "reconcile-16k-made-anew-verifies", figure.Ratio(func() {
		reconcile.NewEncoder(shorts).Extend(1024)
	}, verify))
	figure.Info(os.Stdout, "reconcile-16k-asker-verifies", figure.Ratio(func() {
		d := reconcile.NewDecoder(shorts)
		_ = d.Add(make([]reconcile.Symbol, prefix)) // as many as a small difference takes
	}, verify))
}

// BenchmarkFigureReconcileMillion prints the same for a million records with a
// hundred differences scattered among them, and what it costs in time.
func BenchmarkFigureReconcileMillion(b *testing.B) {
	rng := rand.New(rand.NewPCG(3, 4))
	const live, differ = 1_000_000, 100
	asker, other := pair(rng, live-differ, 0, differ)
	worst := 0
	for range 2 {
		k := key(rng)
		shorts := other.shorts(k)
		start := time.Now()
		sketch := reconcile.NewSketch(prefix)
		for _, s := range shorts {
			sketch.Add(s)
		}
		made := time.Since(start)
		start = time.Now()
		missing, c := converse(b, reconcile.NewAnswerer(k, sketch, shorts), asker)
		asked := time.Since(start)
		if !c.complete || len(missing) != differ {
			b.Fatal("not the difference")
		}
		if worst = max(worst, c.bytes); c.rounds > 3 {
			b.Errorf("%d round trips", c.rounds)
		}
		figure.Info(os.Stdout, "reconcile-1m-sketch-made-once", made)
		figure.Info(os.Stdout, "reconcile-1m-asker", asked)
		start = time.Now()
		for range 1000 {
			sketch.Remove(shorts[0])
			sketch.Add(shorts[0])
		}
		figure.Info(os.Stdout, "reconcile-sketch-kept-up-per-record", time.Since(start)/2000)
		start = time.Now()
		reconcile.NewAnswerer(k, sketch, shorts).Opened()
		figure.Info(os.Stdout, "reconcile-1m-answered-from-sketch", time.Since(start))
	}
	figure.AtMost(os.Stdout, "reconcile-1m-100-bytes", float64(worst), 8192)
	k := key(rng)
	bytes, turns := rangeBased(asker.shorts(k), other.shorts(k))
	figure.Info(os.Stdout, "reconcile-1m-100-bytes-range-based-here", bytes)
	figure.Info(os.Stdout, "reconcile-1m-100-round-trips-range-based-here", turns)
	figure.Info(os.Stdout, "reconcile-1m-100-bytes-published-range-based", 164_000)
	figure.Info(os.Stdout, "reconcile-1m-100-bytes-published-riblt", 3_200)
}
