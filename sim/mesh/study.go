package mesh

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/parley-network/parley/sim/outcome"
	"github.com/parley-network/parley/sim/random"
	"github.com/parley-network/parley/sim/scenario"
)

// Study runs a scenario that asks something of the overlay alone, by its Study:
// "cost", "admission" or "siege". It is the same to the bit for a seed. done
// hears of the progress and may be nil.
func Study(ctx context.Context, s scenario.Scenario, seed uint64, done func(float64)) (outcome.Outcome, error) {
	studies := map[string]func(context.Context, scenario.Scenario, uint64, func(float64)) (outcome.Outcome, error){
		"cost": costStudy, "admission": admissionStudy, "siege": siegeStudy,
	}
	study := studies[s.Study]
	if study == nil {
		return outcome.Outcome{}, fmt.Errorf("study %q: there are cost, admission and siege", s.Study)
	}
	out, err := study(ctx, s, seed, done)
	if err != nil {
		return outcome.Outcome{}, fmt.Errorf("study %q: %w", s.Study, err)
	}
	return out, nil
}

// unitSeconds is how long a step of the scenario's clock is.
func unitSeconds(unit string) float64 {
	day := 24 * time.Hour.Seconds()
	switch unit {
	case "hour":
		return time.Hour.Seconds()
	case "week":
		return 7 * day
	case "month":
		return 30 * day
	case "year":
		return 365 * day
	}
	return day
}

func value(name string, x float64) outcome.Value { return outcome.Value{Name: name, Number: x} }

// costStudy is CostOf as an outcome.
func costStudy(ctx context.Context, s scenario.Scenario, seed uint64, done func(float64)) (outcome.Outcome, error) {
	c, err := CalibrationOf(s, Default())
	if err != nil {
		return outcome.Outcome{}, err
	}
	f, err := Measure(ctx, s.Protocol, c, seed)
	if err != nil {
		return outcome.Outcome{}, err
	}
	cost, err := CostOf(ctx, s, f, c, seed, done)
	if err != nil {
		return outcome.Outcome{}, err
	}
	delay := outcome.Sample{Name: "delay_seconds", Count: int(math.Min(cost.Followers*float64(cost.Casts), math.MaxInt32))}
	for _, us := range cost.Delay {
		delay.Of = append(delay.Of, us/1e6)
	}
	heard := 0.0
	if cost.Casts > 0 {
		heard = float64(cost.Heard) / float64(cost.Casts)
	}
	return outcome.Outcome{Values: []outcome.Value{
		value("participants", float64(cost.People+cost.Vendors)), value("intents", float64(cost.Casts)),
		value("topics_in_use", float64(cost.Topics)), value("heard_share", heard),
		value("followers_per_intent", cost.Followers),
		value("intent_per_follower_bytes", cost.Each), value("intent_total_bytes", cost.All),
		value("intent_per_participant_bytes", cost.All/float64(cost.People+cost.Vendors)),
		value("vendor_mean_bytes", cost.Vendor.Mean), value("vendor_p50_bytes", cost.Vendor.P50),
		value("vendor_p99_bytes", cost.Vendor.P99), value("vendor_max_bytes", cost.Vendor.Max),
		value("person_mean_bytes", cost.Person.Mean), value("person_p99_bytes", cost.Person.P99),
		value("idle_bytes", cost.Idle),
		value("delay_p50_seconds", cost.Delay[50]/1e6), value("delay_p99_seconds", cost.Delay[99]/1e6),
	}, Samples: []outcome.Sample{delay}}, nil
}

// Phone is how many tries a second people's devices make: a phone without SHA
// instructions (admission.MaxBits).
const Phone = 1e6

// FloodOf is what a scenario's admission, people and attacker come to on one
// topic: its people cast there at the rate of the whole scenario.
func FloodOf(s scenario.Scenario) Flood {
	f := Flood{
		Honest: float64(s.People.Count) * s.People.Intents / unitSeconds(s.Clock.Unit),
		Life:   24 * time.Hour, Patience: 30 * time.Second, Phone: Phone,
		Sybils: s.Attack.Sybils, Rate: s.Attack.Rate, Budget: s.Attack.Budget, SpamLife: 24 * time.Hour, // the longest that costs no more than a short one
		Work: s.Protocol.Work, Quota: s.Protocol.Quota,
		Hours: float64(s.Clock.Steps) * unitSeconds(s.Clock.Unit) / 3600,
	}
	n := float64(s.People.Count + s.Vendors.Count)
	// Each sybil is a neighbour of some node.
	f.Touched = 1 - random.Exp(-float64(s.Attack.Sybils)/math.Max(n, 1))
	f.Loud = s.Attack.Kind == "spam" && s.Attack.Budget == 0 && s.Protocol.Work > 0
	return f
}

func admissionStudy(ctx context.Context, s scenario.Scenario, seed uint64, done func(float64)) (outcome.Outcome, error) {
	if err := ctx.Err(); err != nil {
		return outcome.Outcome{}, err
	}
	c, err := CalibrationOf(s, Default())
	if err != nil {
		return outcome.Outcome{}, err
	}
	l := FloodOf(s).Live(random.New(seed, "mesh/flood"))
	if done != nil {
		done(1)
	}
	wait := outcome.Sample{Name: "work_seconds", Count: int(l.Honest)}
	for _, d := range l.Wait {
		wait.Of = append(wait.Of, d.Seconds())
	}
	f, err := Play(max(min(s.People.Count+s.Vendors.Count, 1000), 2), s.Protocol, c, seed, 20)
	if err != nil {
		return outcome.Outcome{}, err
	}
	return outcome.Outcome{Values: []outcome.Value{
		value("spam_per_hour", l.Spam), value("intents_per_hour", l.Honest), value("spam_share", l.Share),
		value("spam_bytes_per_node_and_hour", float64(l.Spam*f.Bytes)),
		value("lost_share", l.Lost), value("ledger_full_share", l.Full), value("difficulty_mean_bits", l.Bits),
		value("kept_share", l.Kept), value("work_mean_seconds", l.Work.Seconds()),
		value("work_p50_seconds", l.Wait[50].Seconds()), value("work_p99_seconds", l.Wait[99].Seconds()),
		value("attacker_tries_per_spam", l.Tries),
	}, Samples: []outcome.Sample{wait}}, nil
}

// siegeStudy plays all twelve situations, or those that attack.kind names, on all
// cores. Their numbers of nodes are the evaluation's.
func siegeStudy(ctx context.Context, s scenario.Scenario, seed uint64, done func(float64)) (outcome.Outcome, error) {
	c, err := CalibrationOf(s, Default())
	if err != nil {
		return outcome.Outcome{}, err
	}
	chosen := Of(s.Attack.Kind)
	if len(chosen) == 0 {
		return outcome.Outcome{}, fmt.Errorf("attack.kind %q is none of the twelve situations", s.Attack.Kind)
	}
	found, errs := make([]Siege, len(chosen)), make([]error, len(chosen))
	var g sync.WaitGroup
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	var mu sync.Mutex
	ready := 0
	for i, one := range chosen {
		g.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			if errs[i] = ctx.Err(); errs[i] != nil {
				return
			}
			found[i], errs[i] = one.Play(s.Protocol, c, random.New(seed, "mesh/siege/"+one.Name))
			mu.Lock()
			defer mu.Unlock()
			if ready++; done != nil {
				done(float64(ready) / float64(len(chosen)))
			}
		})
	}
	g.Wait()
	var out outcome.Outcome
	for i, siege := range found {
		if errs[i] != nil {
			return outcome.Outcome{}, errs[i]
		}
		out.Values = append(out.Values, siege.values()...)
	}
	return out, nil
}

func (s Siege) values() []outcome.Value {
	name := strings.NewReplacer("-", "_", ".", "").Replace(s.Name) + "_"
	all := []outcome.Value{
		value(name+"first_share", s.First.Share()), value(name+"after_share", s.After.Share()),
		value(name+"quiet_p99_seconds", s.Quiet.P99.Seconds()), value(name+"first_p99_seconds", s.First.P99.Seconds()),
		value(name+"after_p99_seconds", s.After.P99.Seconds()), value(name+"after_max_seconds", s.After.Max.Seconds()),
		value(name+"slower", s.Slower()), value(name+"sybil_places_share", s.Sybils),
	}
	if s.Victim.Owed > 0 {
		all = append(all, value(name+"victim_share", s.Victim.Share()), value(name+"victim_p99_seconds", s.Victim.P99.Seconds()))
	}
	return all
}

// StudyExpect is what a study takes on one core: processor time, and memory in
// bytes. It says so without looking.
func StudyExpect(s scenario.Scenario) (time.Duration, int64) {
	switch s.Study {
	case "cost":
		agents, topics := int64(s.People.Count+s.Vendors.Count), int64(1)
		if s.Vendors.Count == 0 {
			agents += agents / customers
		}
		if s.Protocol.Sharded {
			topics = int64(s.People.Places) * int64(s.People.Categories)
		}
		return 2*time.Second + time.Duration(agents)*400*time.Nanosecond, 32<<20 + 12*topics
	case "siege":
		return 40 * time.Second, 400 << 20
	}
	return time.Second, 64 << 20
}
