package model

import (
	"math"
	"testing"
	"time"

	"github.com/parley-network/parley/sim/mesh"
	"github.com/parley-network/parley/sim/scenario"
)

// A topic beyond the largest mesh followed is as if it had been followed: at
// sixteen times the size within a tenth.
func TestBeyond(t *testing.T) {
	s := scenario.Default()
	short, long := newFollowed(s, 1, mesh.Default()), newFollowed(s, 1, mesh.Default())
	short.most = 512
	got, err := short.topic(8192)
	if err != nil {
		t.Fatal(err)
	}
	want, err := long.follow(8192)
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range []float64{.5, .99} {
		if a, b := got.at(q), want.at(q); math.Abs(a/b-1) > 0.1 {
			t.Errorf("quantile %v: %v, followed %v", q, a, b)
		}
	}
	if math.Abs(got.copies/want.copies-1) > 0.05 || got.followers != 8192 {
		t.Errorf("%v copies, followed %v", got.copies, want.copies)
	}
}

// What the carrier says of a topic is what the mesh's own profile says.
func TestAgreesWithProfile(t *testing.T) {
	s := scenario.Default()
	profile, err := mesh.Measure(t.Context(), s.Protocol, mesh.Default(), 1)
	if err != nil {
		t.Fatal(err)
	}
	f := newFollowed(s, 2, mesh.Default())
	for _, n := range []int{8, 64, 1024} {
		got, err := f.topic(n)
		if err != nil {
			t.Fatal(err)
		}
		want := profile.At(float64(n))
		if a, b := got.at(.5), want.Quantile(.5).Seconds(); math.Abs(a/b-1) > 0.1 {
			t.Errorf("%d followers: median %v, in the profile %v", n, a, b)
		}
		if math.Abs(got.copies/want.Copies-1) > 0.1 {
			t.Errorf("%d followers: %v copies, in the profile %v", n, got.copies, want.Copies)
		}
	}
}

func TestRounded(t *testing.T) {
	for n := 1; n < 1<<20; n += 1 + n/50 {
		got := rounded(n)
		if n < 16 && got != n || math.Abs(float64(got)/float64(n)-1) > 1./16 {
			t.Errorf("%d is rounded to %d", n, got)
		}
	}
	sizes := map[int]bool{}
	for n := 2; n <= 4096; n++ {
		sizes[rounded(n)] = true
	}
	if len(sizes) > 90 {
		t.Errorf("%d sizes up to 4096", len(sizes))
	}
}

// Every kind of siege that a scenario can name is one of the twelve, and none
// makes messages faster or reach more.
func TestSieges(t *testing.T) {
	if testing.Short() {
		t.Skip("plays ten sieges")
	}
	for _, kind := range []string{"censor", "cold-boot", "covert-flash", "dawn", "eclipse-one", "eclipse-all", "withhold",
		"eclipse-publishers", "degradation", "colocation"} {
		s := scenario.Default()
		s.Attack = scenario.Attack{Kind: kind, Sybils: 150}
		got, err := newFollowed(s, 1, mesh.Default()).topic(50)
		if err != nil {
			t.Fatal(err)
		}
		s.Attack.Kind = "none"
		calm, err := newFollowed(s, 1, mesh.Default()).topic(50)
		if err != nil {
			t.Fatal(err)
		}
		if got.early == nil || got.early.reach > calm.reach || got.early.at(.99) < calm.at(.99) {
			t.Errorf("%s: its first minute is not told, or better than calm", kind)
		}
		if got.reach > calm.reach || got.reach < 0.5 || got.at(.99) < calm.at(.99) {
			t.Errorf("%s: reach %v and p99 %v, in calm %v and %v", kind, got.reach, got.at(.99), calm.reach, calm.at(.99))
		}
		t.Logf("%s: reach %.3f, p99 %.3f s; in calm %.3f s", kind, got.reach, got.at(.99), calm.at(.99))
	}
}

// A cold boot, in which sybils are there before the honest know each other, is
// felt in its first minute, and then no more: with a beat of a second, since what
// is slow then waits for one.
func TestColdBoot(t *testing.T) {
	s := scenario.Default()
	s.Protocol.Heartbeat = scenario.Duration(time.Second)
	s.Attack = scenario.Attack{Kind: "cold-boot", Sybils: 4000}
	got, err := newFollowed(s, 1, mesh.Default()).topic(400)
	if err != nil {
		t.Fatal(err)
	}
	if got.early.at(.99) < 1.3*got.at(.99) {
		t.Errorf("p99 %v in the first minute, %v after it", got.early.at(.99), got.at(.99))
	}
}
