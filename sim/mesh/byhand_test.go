package mesh

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/parley-network/parley/gossip/admission"
	"github.com/parley-network/parley/sim/random"
	"github.com/parley-network/parley/sim/scenario"
)

// What a neighbour is seen to do about a cast (scoreconduct.go, delivered): it
// brings a copy, unless "I have it" reaches it before its own leaves; and it says
// so itself in time, unless it is the author.
func TestSignsOfANeighbour(t *testing.T) {
	const second = 1_000_000
	for name, c := range map[string]struct {
		change        func(m *Mesh)
		had           int32 // when the neighbour had it
		brought, said bool
	}{
		"it was the first":                    {func(m *Mesh) { m.way.d.From[0] = 1 }, second - 52_000, true, false},
		"it never had it":                     {nil, never, false, false},
		"it had it of us":                     {func(m *Mesh) { m.way.d.From[1] = 0 }, second + 52_000, false, false},
		"it had it when we had":               {nil, second, true, true},
		"ours reaches it a moment too late":   {nil, second + 47_999, true, true},
		"ours reaches it as its copy leaves":  {nil, second + 48_000, false, true},
		"it has it later":                     {nil, second + 300_000, false, true},
		"it said so half a second before":     {nil, second - 550_000, true, true},
		"it said so longer before":            {nil, second - 550_001, true, false},
		"it is the author":                    {func(m *Mesh) { m.way.source = 1 }, 0, true, false},
		"casts are short":                     {func(m *Mesh) { m.way.haves = false }, second + 300_000, true, false},
		"a sybil that relays nothing":         {func(m *Mesh) { m.watch.role[1] = hostile }, second, false, false},
		"a sybil that claims":                 {func(m *Mesh) { m.watch.role[1], m.watch.plan.Claims = hostile, true }, never, false, true},
		"a sybil that relays all":             {func(m *Mesh) { m.watch.role[1], m.watch.plan.Drop = hostile, 0 }, second, true, false},
		"a sybil that relays and has nothing": {func(m *Mesh) { m.watch.role[1], m.watch.plan.Drop = hostile, 0 }, never, false, false},
		"a sybil that has it of us":           {func(m *Mesh) { m.watch.role[1], m.watch.plan.Drop, m.way.d.From[1] = hostile, 0, 0 }, second + 1, false, false},
		"one that lies in wait":               {func(m *Mesh) { m.watch.role[1] = lurking }, second, true, true},
	} {
		m := star(t, 3, 0, true)
		m.watch.plan.Drop = 1
		m.layOut()
		m.way.begin(m, 2)
		m.way.d.At[0], m.way.d.From[0] = second, 3
		m.way.d.At[1], m.way.d.From[1] = c.had, 2
		m.way.source = 2
		if c.change != nil {
			c.change(m)
		}
		brought, said := m.signs(m.net.start[0], 0, m.way.source)
		if brought != c.brought || said != c.said {
			t.Errorf("%s: it brought %v and said %v, want %v and %v", name, brought, said, c.brought, c.said)
		}
	}
}

// Who brings a cast first is credited, at most ten times, and passes for an hour;
// who brought nothing is counted, and twice over where the cast had to be asked
// for outside the mesh.
func TestWhatACastTeaches(t *testing.T) {
	for name, c := range map[string]struct {
		from           int32
		pulled         bool
		missed, failed []uint8 // of neighbours 1 to 4
	}{
		// 1 and 2 are in the mesh, and 4 is not; 3 is and has it of elsewhere, too late.
		"by a neighbour":         {1, false, []uint8{0, 6, 5, 5}, []uint8{0, 2, 2, 2}},
		"asked of a neighbour":   {1, true, []uint8{0, 6, 5, 5}, []uint8{0, 2, 2, 2}},
		"asked of a stranger":    {4, true, []uint8{6, 6, 0, 5}, []uint8{3, 3, 3, 2}},
		"unasked, of a stranger": {4, false, []uint8{6, 6, 0, 5}, []uint8{2, 2, 2, 2}},
	} {
		m := star(t, 4, 0, true)
		m.p.Low = 9 // nobody is made to rest
		e := m.net.start[0]
		for k := range int32(3) {
			m.enter(e + k)
		}
		for k := range int32(4) {
			m.watch.missed[e+k], m.watch.failed[e+k] = 5, 2
		}
		m.layOut()
		m.way.begin(m, 4)
		m.way.source = 4
		m.way.d.At[0], m.way.d.From[0], m.way.pulled[0] = 900_000, c.from, c.pulled
		m.way.d.At[3], m.way.d.From[3] = 1_100_000, 4 // says so, and brings nothing
		if c.from == 1 {
			m.way.d.At[3] = never
			m.watch.missed[e+2], m.watch.failed[e+2] = 4, 2
		}
		m.watch.first[e+c.from-1] = 9.5
		m.watch.delivered(m, 0, 4)
		for k := range int32(4) {
			if got := [2]uint8{m.watch.missed[e+k], m.watch.failed[e+k]}; got != [2]uint8{c.missed[k], c.failed[k]} {
				t.Errorf("%s: neighbour %d missed and failed %v, want %v and %v", name, k+1, got, c.missed[k], c.failed[k])
			}
			first, proven := float32(0), int32(0)
			if k+1 == c.from {
				first, proven = 10, millis(m.now+time.Hour)
			}
			if m.watch.first[e+k] != first || m.watch.proven[e+k] != proven {
				t.Errorf("%s: neighbour %d brought %v first and passes until %d, want %v and %d", name, k+1, m.watch.first[e+k], m.watch.proven[e+k], first, proven)
			}
		}
	}
}

// Delays of links are spread evenly between the least and the most.
func TestDelaysOfLinks(t *testing.T) {
	dials := atRandom(4000, 10, seeded(1))
	k, err := connect(4000, dials, shipped(20*ms, 80*ms), seeded(2))
	if err != nil {
		t.Fatal(err)
	}
	var tenths [10]float64
	n, low, high := 0.0, int32(math.MaxInt32), int32(0)
	for e, d := range k.delay {
		if k.flag[e]&dialled != 0 {
			tenths[min((d-20_000)/6_000, 9)]++
			n, low, high = n+1, min(low, d), max(high, d)
		}
	}
	for i, c := range tenths {
		if math.Abs(c-n/10) > 4*math.Sqrt(n*0.09) {
			t.Errorf("%v of %v delays are in tenth %d", c, n, i)
		}
	}
	if low < 20_000 || low > 20_050 || high > 80_000 || high < 79_950 {
		t.Errorf("delays from %d to %d", low, high)
	}
}

// What was counted of messages, as shares of what was owed.
func TestPointOfATally(t *testing.T) {
	s := tally{casts: 4, owed: 12, delivered: 9, copies: 30, bytes: 1600}
	for i := range int32(201) {
		s.took = append(s.took, 10*(200-i))
	}
	pt := s.point(4)
	if pt.Nodes != 4 || pt.Copies != 2.5 || pt.Missed != 0.25 || pt.Bytes != 100 || pt.Mean != 1000 {
		t.Errorf("%+v", pt)
	}
	for _, i := range []int{0, 1, 50, 99, 100} {
		if pt.Delay[i] != float64(20*i) {
			t.Errorf("quantile %d is %v, want %d", i, pt.Delay[i], 20*i)
		}
	}
	for q, want := range map[float64]time.Duration{-1: 0, 0: 0, .5: 1000, .501: 1020, .99: 1980, 1: 2000, 7: 2000} {
		if got := pt.Quantile(q); got != want*time.Microsecond {
			t.Errorf("quantile %v is %s, want %d µs", q, got, want)
		}
	}
	if (&tally{}).point(1) != (Point{Nodes: 1}) {
		t.Error("of nothing there is something")
	}
}

// A profile is read between its sizes by their logarithm, and beyond by what a
// doubling adds.
func TestProfileIsReadByLogarithm(t *testing.T) {
	f := &Profile{later: 7}
	for k := 1; k <= 3; k++ { // of 2, 4 and 8 nodes
		pt := Point{Nodes: float64(int(1) << k), Mean: float64(100 * k), Copies: float64(k), Bytes: float64(1000 * k), Missed: float64(k) / 10}
		for i := range pt.Delay {
			pt.Delay[i] = float64(100*k + i)
		}
		f.points = append(f.points, pt)
	}
	for n, want := range map[float64]float64{0: 1, 1: 1, 2: 1, math.Sqrt(8): 1, 3: 1 + math.Log2(1.5), 4: 2, 6: 2 + math.Log2(1.5), 8: 3} {
		if n == math.Sqrt(8) {
			want = 1.5
		}
		pt := f.At(n)
		if math.Abs(pt.Mean-100*want) > 1e-9 || math.Abs(pt.Copies-want) > 1e-9 || math.Abs(pt.Bytes-1000*want) > 1e-9 || math.Abs(pt.Missed-want/10) > 1e-9 ||
			math.Abs(pt.Delay[30]-100*want-30) > 1e-9 || pt.Nodes != n {
			t.Errorf("of %v nodes: %v, %v, %v, %v, %v; want %v", n, pt.Mean, pt.Copies, pt.Bytes, pt.Missed, pt.Delay[30], want)
		}
	}
	for n, doublings := range map[float64]float64{16: 1, 8 * math.Sqrt2: .5, 8192: 10} {
		pt := f.At(n)
		if math.Abs(pt.Mean-300-7*doublings) > 1e-6 || math.Abs(pt.Delay[0]-300-7*doublings) > 1e-6 || pt.Copies != 3 || pt.Bytes != 3000 {
			t.Errorf("of %v nodes: %+v", n, pt.Mean)
		}
	}
}

// A flood by the formulas: who pays nothing sends what it likes, who pays sends
// what its tries buy, and who waits for a stamp gives up as an exponential has it.
func TestFloodsByHand(t *testing.T) {
	f := Flood{Sybils: 2, Rate: 0.005, SpamLife: 24 * time.Hour, Life: 24 * time.Hour, Phone: 1e6, Patience: time.Second, Hours: 10}
	if l := f.Live(seeded(1)); l.Spam != 36 || l.Share != 1 || l.Bits != 0 || l.Tries != 0 || l.Honest != 0 || l.Lost != 0 || l.Full != 0 || l.Kept != 1 {
		t.Errorf("two who send one in 200 seconds each: %+v", l)
	}
	price := float64(admission.Expected(18))
	f.Work, f.Rate, f.Budget = 18, 1, price/50
	if l := f.Live(seeded(1)); math.Abs(l.Spam-72) > 0.11 || l.Tries != price || l.Bits != 18 {
		t.Errorf("one stamp in 50 seconds: %v an hour at %v tries, of %v; %v bits", l.Spam, l.Tries, price, l.Bits)
	}
	f.Sybils, f.Budget, f.Honest = 0, 0, 0.3 // 10,800 in all, for which there is room
	l := f.Live(seeded(1))
	n, mean := 10_800., admission.Duration(18, 1e6).Seconds()
	lost := math.Exp(-1 / mean)
	if math.Abs(l.Lost-lost) > 4*math.Sqrt(lost*(1-lost)/n) || l.Spam != 0 || l.Share != 0 || l.Bits != 18 {
		t.Errorf("%v are lost, want %v; %+v", l.Lost, lost, l.Bits)
	}
	if math.Abs(l.Honest-1080*(1-lost)) > 4*math.Sqrt(1080/10) {
		t.Errorf("%v get out an hour, want %v", l.Honest, 1080*(1-lost))
	}
	for _, q := range []int{50, 99} { // of an exponential cut off at a second
		want := -mean * math.Log(1-float64(q)/100*(1-lost))
		if got := l.Wait[q].Seconds(); math.Abs(got-want) > 0.06*want {
			t.Errorf("%d of a hundred wait %v, want %v", q, got, want)
		}
	}
	// The mean of an exponential cut off at 1: m − e^(−1/m)/(1 − e^(−1/m)).
	if want := mean - lost/(1-lost); math.Abs(l.Work.Seconds()-want) > 0.03*want {
		t.Errorf("a phone works %s, want %v", l.Work, want)
	}
}

// An attacker's quota is the node's of a peer, or the scenario's where that is
// less; and a ledger that spam fills is full from then on.
func TestQuotasAndLedgers(t *testing.T) {
	for quota, want := range map[float64][2]float64{0: {200, 2000}, 6: {0.1, 6}, 0.5: {0.5 / 60, 1}, 60: {1, 60}, 12_000: {200, 2000}, 1e9: {200, 2000}} {
		f := Flood{Quota: quota}
		if got := [2]float64{f.perSecond(), f.burst()}; math.Abs(got[0]-want[0]) > 1e-12 || got[1] != want[1] {
			t.Errorf("%v a minute: %v a second, %v at once; want %v", quota, got[0], got[1], want)
		}
	}
	// Four a second, free: 16,384 places are full after 4,096 of 7,200 seconds.
	f := Flood{Sybils: 4, Rate: 1, SpamLife: 24 * time.Hour, Life: time.Hour, Phone: 1e6, Patience: time.Second, Hours: 2, Budget: 1e15}
	if l := f.Live(seeded(1)); math.Abs(l.Full-3104./7200) > 0.001 {
		t.Errorf("full for %v of the time, want %v", l.Full, 3104./7200)
	}
}

// What a scenario says of admission is what the flood is of.
func TestFloodOfAScenario(t *testing.T) {
	s := scenario.Default()
	s.People.Count, s.People.Intents, s.Vendors.Count, s.Clock.Unit, s.Clock.Steps = 900, 0.2, 100, "hour", 12
	s.Attack = scenario.Attack{Kind: "spam", Sybils: 500, Rate: 3, Budget: 0}
	s.Protocol.Work, s.Protocol.Quota = 14, 2
	want := Flood{Honest: 900 * 0.2 / 3600, Life: 24 * time.Hour, Patience: 30 * time.Second, Phone: 1e6, Sybils: 500, Rate: 3, SpamLife: 24 * time.Hour,
		Loud: true, Work: 14, Quota: 2, Hours: 12}
	got := FloodOf(s)
	if math.Abs(got.Touched-(1-math.Exp(-0.5))) > 1e-12 {
		t.Errorf("%v of the nodes have a sybil for a neighbour", got.Touched)
	}
	if got.Touched = 0; got != want {
		t.Errorf("%+v\nwant\n%+v", got, want)
	}
	for name, change := range map[string]func(*scenario.Scenario){
		"works": func(s *scenario.Scenario) { s.Attack.Budget = 1 }, "no floor": func(s *scenario.Scenario) { s.Protocol.Work = 0 },
		"no spam": func(s *scenario.Scenario) { s.Attack.Kind = "none" },
	} {
		other := s
		change(&other)
		if FloodOf(other).Loud {
			t.Errorf("%s: an attacker is loud", name)
		}
	}
	for unit, seconds := range map[string]float64{"hour": 3600, "day": 86_400, "week": 604_800, "month": 2_592_000, "year": 31_536_000} {
		if got := unitSeconds(unit); got != seconds {
			t.Errorf("a %s has %v seconds", unit, got)
		}
	}
}

// Each value of the admission study is the flood's number of that name.
func TestAdmissionsValues(t *testing.T) {
	s := scenario.Default()
	s.Study, s.People.Count, s.People.Intents, s.Vendors.Count, s.Clock.Unit, s.Clock.Steps = "admission", 60, 1, 4, "hour", 3
	s.Attack, s.Protocol.Work = scenario.Attack{Kind: "spam", Sybils: 20, Rate: 2, Budget: 3e6}, 16
	out, err := Study(t.Context(), s, 5, nil)
	if err != nil {
		t.Fatal(err)
	}
	l := FloodOf(s).Live(random.New(5, "mesh/flood"))
	p, err := Play(64, s.Protocol, Default(), 5, 20)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]float64{"spam_per_hour": l.Spam, "intents_per_hour": l.Honest, "spam_share": l.Share, "spam_bytes_per_node_and_hour": l.Spam * p.Bytes, "lost_share": l.Lost,
		"ledger_full_share": l.Full, "difficulty_mean_bits": l.Bits, "kept_share": l.Kept, "work_mean_seconds": l.Work.Seconds(), "work_p50_seconds": l.Wait[50].Seconds(),
		"work_p99_seconds": l.Wait[99].Seconds(), "attacker_tries_per_spam": l.Tries}
	for _, v := range out.Values {
		if x, ok := want[v.Name]; !ok || x != v.Number {
			t.Errorf("%s is %v, want %v (%v)", v.Name, v.Number, x, ok)
		}
		delete(want, v.Name)
	}
	if len(want) > 0 || len(out.Samples) != 1 || out.Samples[0].Count != int(l.Honest) || out.Samples[0].Of[99] != l.Wait[99].Seconds() {
		t.Errorf("%v are missing; samples %v", want, out.Samples[0].Count)
	}
	if l.Wait[50] == 0 || l.Wait[50] == l.Wait[99] || l.Spam == 0 || l.Honest == 0 {
		t.Errorf("this tells nothing: %+v", l)
	}
}

// Each value of a siege is the number of that name, a victim's only where there
// is one.
func TestSiegesValues(t *testing.T) {
	s := Siege{Name: "degrade-0.5", Quiet: Felt{Owed: 1, Got: 1, P99: 2 * time.Second, Max: 4 * time.Second}, First: Felt{Owed: 8, Got: 6, P99: 3 * time.Second},
		After: Felt{Owed: 10, Got: 9, P99: 5 * time.Second, Max: 6 * time.Second}, Sybils: .3}
	want := map[string]float64{"first_share": .75, "after_share": .9, "quiet_p99_seconds": 2, "first_p99_seconds": 3, "after_p99_seconds": 5, "after_max_seconds": 6,
		"slower": 1.5, "sybil_places_share": .3}
	check := func() {
		t.Helper()
		var names []string
		for _, v := range s.values() {
			names = append(names, v.Name)
			if x, ok := want[v.Name[len("degrade_05_"):]]; !ok || x != v.Number {
				t.Errorf("%s is %v, want %v", v.Name, v.Number, x)
			}
		}
		slices.Sort(names)
		if len(slices.Compact(names)) != len(want) {
			t.Errorf("%v", names)
		}
	}
	check()
	s.Victim = Felt{Owed: 4, Got: 1, P99: 7 * time.Second}
	want["victim_share"], want["victim_p99_seconds"] = .25, 7
	check()
}

// A victim is told of where one node is the target or censored, and what it felt
// is of others' casts to it and its own to others, after the first minute.
func TestWhoIsAVictim(t *testing.T) {
	var peace, war record
	for cast := range 100 { // one a second from the start
		for to := 1; to < 3; to++ {
			peace.all = append(peace.all, delivery{cast, 0, to, 100_000}, delivery{cast, 1, 0, 100_000})
			war.all = append(war.all, delivery{cast, 0, to, 100_000 + 1000*cast}, delivery{cast, 1, 2, 900_000})
		}
		peace.copies, war.copies = append(peace.copies, 1), append(war.copies, 2)
	}
	war.all = append(war.all, delivery{99, 2, 0, never})
	for name, c := range map[string]struct {
		change func(*Situation)
		want   Felt
	}{
		"all":      {func(s *Situation) { s.Target = "all" }, Felt{}},
		"one":      {func(s *Situation) { s.Target = "one" }, Felt{Casts: 40, Owed: 81, Got: 80, P50: 179 * ms, P99: 199 * ms, Max: 199 * ms, Copies: 2}},
		"censored": {func(s *Situation) { s.Plan.Censor = 0 }, Felt{Casts: 40, Owed: 81, Got: 80, P50: 179 * ms, P99: 199 * ms, Max: 199 * ms, Copies: 2}},
	} {
		s := Situation{Honest: 3, Plan: Plan{Censor: -1}, Gap: time.Second, Until: 100 * time.Second}
		c.change(&s)
		got := s.sum(peace, war)
		if got.Victim.Copies = math.Round(got.Victim.Copies*1e9) / 1e9; got.Victim != c.want || (got.VictimQuiet.Casts > 0) != (c.want.Casts > 0) {
			t.Errorf("%s: %+v, want %+v; in peace %+v", name, got.Victim, c.want, got.VictimQuiet)
		}
		if got.First.Casts != 60 || got.After.Casts != 40 || got.Quiet.Casts != 100 || got.Quiet.Max != 100*ms || math.Abs(got.Slower()-9) > 1e-9 {
			t.Errorf("%s: %d and %d casts, %d in peace; %v times as slow", name, got.First.Casts, got.After.Casts, got.Quiet.Casts, got.Slower())
		}
	}
}

// In the end the caster alone casts, if there is one; else anybody does.
func TestTheCasterAlone(t *testing.T) {
	for _, caster := range []bool{true, false} {
		s := Situation{Honest: 8, Dials: 3, From: 10 * time.Second, Gap: 500 * ms, Until: 40 * time.Second, Last: 25 * time.Second, Caster: caster, Plan: Plan{Censor: -1}}
		rec, err := s.live(shipped(50*ms, 50*ms), Default(), 3)
		if err != nil {
			t.Fatal(err)
		}
		early, late := map[int]bool{}, map[int]bool{}
		for _, d := range rec.all {
			if at := s.From + time.Duration(d.cast)*s.Gap; at >= s.Last {
				late[d.from] = true
			} else {
				early[d.from] = true
			}
		}
		if len(early) < 6 || caster && (len(late) != 1 || !late[0]) || !caster && len(late) < 6 {
			t.Errorf("caster %v: %d cast at first, %d at last", caster, len(early), len(late))
		}
	}
}

// Eight casts that a neighbour did not bring, or three that had to be asked for,
// make it silent.
func TestWhoIsSilent(t *testing.T) {
	m := star(t, 1, 0, true)
	for _, c := range []struct {
		missed, failed uint8
		want           bool
	}{{0, 0, false}, {7, 2, false}, {8, 0, true}, {0, 3, true}, {200, 200, true}} {
		m.watch.missed[0], m.watch.failed[0] = c.missed, c.failed
		if got := m.watch.silent(0); got != c.want {
			t.Errorf("%d missed and %d failed: silent %v", c.missed, c.failed, got)
		}
	}
	if add(199, 1) != 200 || add(200, 1) != 201 || add(255, 1) != 201 {
		t.Error("what is missed runs over")
	}
}

// A cast is handed past a mesh to nobody who rests or is gone, and a neighbour
// that has fallen silent does not count as one that brings.
func TestAsideAvoidsTheSilent(t *testing.T) {
	for name, c := range map[string]struct {
		change func(m *Mesh, e int32)
		want   []int32
	}{
		"all are well":         {func(*Mesh, int32) {}, []int32{2, 3, 4, 5}},
		"a neighbour is not":   {func(m *Mesh, e int32) { m.watch.failed[e+1] = 3 }, []int32{2, 3, 4, 5, 6}},
		"a stranger rests":     {func(m *Mesh, e int32) { m.watch.resting[e+3] = millis(m.now) + 1 }, []int32{2, 3, 5, 6}},
		"a stranger rested":    {func(m *Mesh, e int32) { m.watch.resting[e+3] = millis(m.now) }, []int32{2, 3, 4, 5}},
		"a stranger is gone":   {func(m *Mesh, e int32) { m.here[4] = false }, []int32{2, 3, 5, 6}},
		"a stranger is cut":    {func(m *Mesh, e int32) { m.net.flag[e+3] &^= up }, []int32{2, 3, 5, 6}},
		"a stranger is unsung": {func(m *Mesh, e int32) { m.watch.proven[e+3] = millis(m.now) }, []int32{2, 3, 5, 6}},
	} {
		m := star(t, 6, 0, true)
		e := m.net.start[0]
		m.enter(e + 1) // 2 and 3 are the mesh, all but 1 brought something once
		m.enter(e + 2)
		for k := int32(1); k < 6; k++ {
			m.watch.proven[e+k] = millis(m.now) + 1
		}
		m.net.flag[e+3] |= dialled // 4 was dialled, then 5: they come before 6
		m.net.flag[e+4] |= dialled
		c.change(m, e)
		m.layOut()
		m.way.begin(m, 0)
		m.way.bucket(m)
		var got []int32
		for v := int32(1); v <= 6; v++ {
			if m.way.d.At[v] != never {
				got = append(got, v)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v are sent it, want %v", name, got, c.want)
		}
	}
}
