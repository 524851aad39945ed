package mesh

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// What is felt: shares of what was owed, ranks of what was got, and the copies
// of the casts that count.
func TestFelt(t *testing.T) {
	r := record{copies: []float64{2, 4, 100}}
	for i := range 100 { // 10 to 1,000 ms, not in order
		r.all = append(r.all, delivery{cast: i % 2, from: 0, to: 1, took: (100 - i) * 10_000})
	}
	r.all = append(r.all, delivery{cast: 0, took: never}, delivery{cast: 1, took: 3_000_000}, delivery{cast: 1, took: 3_000_001},
		delivery{cast: 2, took: 1})
	f := r.felt(func(d delivery) bool { return d.cast < 2 })
	want := Felt{Casts: 2, Owed: 103, Got: 102, Late: 1, P50: 510 * ms, P99: 3 * time.Second, Max: 3_000_001 * time.Microsecond, Copies: 3}
	if f != want {
		t.Errorf("felt %+v, want %+v", f, want)
	}
	if got := f.Share(); got != 102./103 {
		t.Errorf("%v of what was owed", got)
	}
	none := r.felt(func(delivery) bool { return false })
	if none != (Felt{}) || none.Share() != 1 {
		t.Errorf("of nothing %+v was felt, and %v of it arrived", none, none.Share())
	}
}

// A rank is the nearest: of ten, the median is the fifth.
func TestRank(t *testing.T) {
	ten := []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}
	for q, want := range map[float64]time.Duration{0: 1, .1: 1, .11: 2, .5: 5, .51: 6, .99: 10, 1: 10} {
		if got := rank(ten, q); got != want*time.Microsecond {
			t.Errorf("rank %v is %s, want %d µs", q, got, want)
		}
	}
	if rank(nil, .5) != 0 {
		t.Error("a rank of nothing")
	}
}

// The attack's first minute begins when all is in place: the honest awake, the
// sybils connected, those in wait striking; but with the first cast at least.
func TestWhenTheFirstMinuteIs(t *testing.T) {
	base := Situation{From: 30 * time.Second, Gap: time.Second, Until: 5 * time.Minute}
	for name, c := range map[string]struct {
		change       func(*Situation)
		first, after int
	}{
		"from the start":          {func(*Situation) {}, 0, 60},
		"sybils a minute later":   {func(s *Situation) { s.Attack = time.Minute }, 30, 90},
		"half a second after":     {func(s *Situation) { s.Attack = time.Minute + 500*ms }, 31, 91},
		"in wait for two minutes": {func(s *Situation) { s.Plan.Strike = 2 * time.Minute }, 90, 150},
		"dawn before the casts":   {func(s *Situation) { s.Awake = 10 * time.Second }, 0, 60},
		"every four seconds":      {func(s *Situation) { s.Attack, s.Gap = time.Minute, 4*time.Second }, 8, 23},
		"named":                   {func(s *Situation) { s.Attack, s.Last = 40*time.Second, 70*time.Second }, 10, 40},
	} {
		s := base
		c.change(&s)
		if first, after := s.split(); first != c.first || after != c.after {
			t.Errorf("%s: casts %d and %d, want %d and %d", name, first, after, c.first, c.after)
		}
	}
}

// Whoever is besieged, sybils dial as many as they may reach, all of them where
// that is all; some surround node 0 as well, and some are dialled by the honest.
func TestWhomSybilsDial(t *testing.T) {
	base := Situation{Honest: 20, Publishers: 5, Sybils: 8, Reach: 3, Target: "all"}
	for name, c := range map[string]struct {
		change        func(*Situation)
		dials         int
		highest, zero int // the highest target; dials of sybils to node 0, -1: any
		lured         int
	}{
		"all":              {func(*Situation) {}, 8 * 3, 19, -1, 0},
		"publishers":       {func(s *Situation) { s.Target = "publishers" }, 8 * 3, 4, -1, 0},
		"every publisher":  {func(s *Situation) { s.Target, s.Reach = "publishers", 9 }, 8 * 5, 4, 8, 0},
		"one":              {func(s *Situation) { s.Target = "one" }, 8, 0, 8, 0},
		"and a ring":       {func(s *Situation) { s.Target, s.Ring, s.Reach = "publishers", 6, 5 }, 8*5 + 6, 4, 8 + 6, 0},
		"and are dialled":  {func(s *Situation) { s.Lured, s.Reach = 2, 1 }, 8 + 20*2, 19, -1, 40},
		"but there is not": {func(s *Situation) { s.Sybils, s.Lured = 0, 2 }, 0, 0, 0, 0},
	} {
		s := base
		c.change(&s)
		dials, zero, lured := s.besiege(rand.New(rand.NewPCG(1, 2))), 0, 0
		for _, d := range dials {
			sybil, target := int(d.a), int(d.b)
			if sybil < s.Honest {
				sybil, target = target, sybil
				lured++
			} else if target == 0 {
				zero++
			}
			if sybil < s.Honest || sybil >= s.Honest+s.Sybils || target > c.highest {
				t.Errorf("%s: %d and %d are connected", name, d.a, d.b)
			}
		}
		if len(dials) != c.dials || c.zero >= 0 && zero != c.zero || lured != c.lured {
			t.Errorf("%s: %d connections, %d of them to node 0, %d dialled by the honest; want %d, %d, %d", name, len(dials), zero, lured, c.dials, c.zero, c.lured)
		}
	}
}

// Who is surrounded keeps its first connections and no other; all others keep
// theirs.
func TestWhatIsKept(t *testing.T) {
	dials := func() []dial { return []dial{{1, 0}, {1, 2}, {0, 3}, {2, 0}, {3, 2}, {0, 2}} }
	s := Situation{Kept: 2}
	if got, want := fmt.Sprint(s.keep(dials())), "[{1 0} {1 2} {0 3} {3 2}]"; got != want {
		t.Errorf("kept %s, want %s", got, want)
	}
	s.Kept = 0
	if got := s.keep(dials()); len(got) != 6 {
		t.Errorf("nobody is surrounded, and %d of 6 connections are left", len(got))
	}
}

// Sybils live so many at an address, the honest each at their own.
func TestAddresses(t *testing.T) {
	s := Situation{Honest: 2, Sybils: 5, Together: 2}
	if got, want := fmt.Sprint(s.addresses()), "[0 0 1 1 2 2 3]"; got != want {
		t.Errorf("addresses %s, want %s", got, want)
	}
	s.Together = 0
	if s.addresses() != nil {
		t.Error("each has its own, and they are told")
	}
}

// Peace and attack differ by the sybils alone: whatever these are, what peace was
// like is the same for a seed.
func TestPeaceIsTheSameWhateverComes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := Situation{Honest: 12, Dials: 3, Sybils: rapid.IntRange(0, 20).Draw(t, "sybils"), Reach: rapid.IntRange(1, 12).Draw(t, "reach"),
			Target: rapid.SampledFrom([]string{"all", "one"}).Draw(t, "target"), Ring: rapid.IntRange(0, 3).Draw(t, "ring"),
			Kept: rapid.IntRange(0, 2).Draw(t, "kept"), Lured: rapid.IntRange(0, 2).Draw(t, "lured"), Lurk: rapid.Bool().Draw(t, "lurk"),
			Plan: Plan{Drop: rapid.Float64Range(0, 1).Draw(t, "drop"), Censor: -1, Strike: 12 * time.Second},
			From: 10 * time.Second, Gap: time.Second, Until: 20 * time.Second}
		seed := rapid.Uint64().Draw(t, "seed")
		got, err := s.Play(shipped(50*ms, 50*ms), Default(), seeded(seed))
		if err != nil {
			t.Fatal(err)
		}
		none := s
		none.Sybils, none.Lured, none.Kept, none.Ring = 0, 0, 0, 0
		want, err := none.Play(shipped(50*ms, 50*ms), Default(), seeded(seed))
		if err != nil {
			t.Fatal(err)
		}
		if p := s.InPeace(); p.Sybils+p.Lured+p.Kept+p.Ring != 0 || p.Honest != s.Honest || p.Reach != s.Reach {
			t.Fatalf("peace is %+v", p)
		}
		if got.Quiet != want.Quiet {
			t.Fatalf("in peace %+v, and %+v where nobody would come", got.Quiet, want.Quiet)
		}
		if want.Sybils != 0 || want.Refused != 0 {
			t.Fatalf("nobody came, and sybils hold %v of the places; %d messages were invalid", want.Sybils, want.Refused)
		}
	})
}

func TestSituationsAreRefused(t *testing.T) {
	good := Situation{Name: "good", Honest: 4, Dials: 2, Gap: time.Second, Until: time.Second, Plan: Plan{Censor: -1}}
	for name, change := range map[string]func(*Situation){
		"no gap": func(s *Situation) { s.Gap = 0 }, "alone": func(s *Situation) { s.Honest = 1 }, "fewer than none": func(s *Situation) { s.Sybils = -1 },
	} {
		s := good
		s.Name = name
		change(&s)
		if _, err := s.Play(shipped(50*ms, 50*ms), Default(), seeded(1)); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	bad := shipped(50*ms, 50*ms)
	bad.Low = 9
	if _, err := good.Play(bad, Default(), seeded(1)); err == nil || !strings.Contains(err.Error(), `situation "good"`) {
		t.Errorf("an impossible mesh: %v", err)
	}
	if s := (Siege{}); s.Slower() != 1 {
		t.Errorf("nothing was felt in peace, and it is %v times as slow", s.Slower())
	}
}

// Casts are numbered one by one from the first on, come from those who publish,
// and at last from node 0 alone where it is the caster; everybody else is owed
// each, once.
func TestWhoCasts(t *testing.T) {
	s := Situation{Honest: 6, Dials: 2, Publishers: 3, From: 30 * time.Second, Gap: 2 * time.Second, Until: 50 * time.Second,
		Last: 44 * time.Second, Caster: true, Plan: Plan{Censor: -1}}
	for _, caster := range []bool{true, false} {
		s.Caster = caster
		rec, err := s.live(shipped(50*ms, 50*ms), Default(), 3)
		if err != nil {
			t.Fatal(err)
		}
		from, owed := map[int]int{}, map[[2]int]int{}
		for _, d := range rec.all {
			from[d.cast] = d.from
			owed[[2]int{d.cast, d.to}]++
			if d.to == d.from || d.took <= 0 || d.took == never {
				t.Errorf("delivery %+v", d)
			}
		}
		if len(from) != 10 || len(rec.copies) != 10 || len(owed) != 10*5 || len(rec.all) != 10*5 {
			t.Errorf("%d casts, %d deliveries, want 10 and 50", len(from), len(rec.all))
		}
		others := 0
		for cast := range 10 {
			if from[cast] >= s.Publishers {
				t.Errorf("cast %d is of node %d, which does not publish", cast, from[cast])
			}
			if cast >= 7 && from[cast] != 0 {
				others++
			}
			if cast < 7 && from[cast] != 0 {
				others += 100
			}
		}
		if caster && others%100 != 0 || others < 100 {
			t.Errorf("caster %v: of the last three %d are another's, of those before %d", caster, others%100, others/100)
		}
	}
}

// Nodes that wake up late are connected with nobody before: what is cast until
// then reaches nobody by gossip, and all that is cast later everybody.
func TestAwakeAtDawn(t *testing.T) {
	s := Situation{Honest: 8, Dials: 3, Awake: 20 * time.Second, From: 5 * time.Second, Gap: 5 * time.Second, Until: 60 * time.Second, Plan: Plan{Censor: -1}}
	rec, err := s.live(shipped(50*ms, 50*ms), Default(), 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range rec.all {
		if at := s.From + time.Duration(d.cast)*s.Gap; (d.took == never) != (at < s.Awake) && at != s.Awake {
			t.Errorf("of cast %d, at %s, node %d had it after %d µs", d.cast, at, d.to, d.took)
		}
	}
}
