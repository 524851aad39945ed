package mesh

import (
	"strings"
	"time"
)

// Twelve returns the twelve attacks of the GossipSub v1.1 evaluation
// (Vyzovitis, Napora, McCormick, Dias and Psaras, PL-TechRep-2020-001, 2020;
// its test plans are github.com/libp2p/gossipsub-hardening, scripts/configs,
// one file each: 1k-attack-<name>.json). Numbers of nodes, connections and
// times are theirs. What is ours:
//
//   - the node: its degrees, scores and thresholds are package gossip's, it
//     does not publish to all peers (theirs did), and one cast goes out a
//     second instead of 120, since a quiet topic is what ours has to defend;
//   - the same names with "-oppgraft" mend their meshes more often. There that
//     is every 10 beats instead of every 60, here as often as the node does;
//   - a censor knows whose a cast is. In Parley it can't;
//   - sybils that lie in wait keep to the whole protocol until they strike.
func Twelve() []Situation {
	base := Situation{
		Honest: 1000, Dials: 20, Publishers: 100, Sybils: 4000, Target: "all", Mend: 60,
		Plan: Plan{Drop: 1, Censor: -1},
		From: 30 * time.Second, Gap: time.Second, Until: 210 * time.Second,
	}
	with := func(name string, change func(*Situation)) Situation {
		s := base
		s.Name = name
		change(&s)
		return s
	}
	flash := func(s *Situation) { // setup is longer, and the attack is on from 2 to 5 minutes
		s.Reach, s.Lurk, s.Plan.Strike, s.Until = 20, true, 2*time.Minute, 330*time.Second
	}
	dawn := func(s *Situation) { s.Reach, s.Awake = 20, 10*time.Second }
	cold := func(s *Situation) { s.Reach = 20 }
	mended := func(f func(*Situation)) func(*Situation) {
		return func(s *Situation) { f(s); s.Mend = 0 }
	}
	return []Situation{
		with("censor-single", func(s *Situation) {
			s.Sybils, s.Reach, s.Attack, s.Plan.Censor = 2000, 100, time.Minute, 0
		}),
		with("cold-boot", cold),
		with("cold-boot-oppgraft", mended(cold)),
		with("cold-boot-covert-flash", flash),
		with("cold-boot-covert-flash-oppgraft", mended(flash)),
		with("dawn", dawn),
		with("dawn-oppgraft", mended(dawn)),
		with("degrade-0.5", func(s *Situation) {
			s.Sybils, s.Reach, s.Attack, s.Plan.Drop = 2000, 100, time.Minute, .5
		}),
		with("eclipse-net", func(s *Situation) { s.Reach, s.Attack = 100, time.Minute }),
		with("eclipse-publishers", func(s *Situation) {
			s.Sybils, s.Reach, s.Attack, s.Target = 1000, 100, time.Minute, "publishers"
		}),
		with("eclipse-single", func(s *Situation) {
			s.Sybils, s.Reach, s.Attack, s.Target = 1000, 1, time.Minute, "one"
		}),
		with("colocation", func(s *Situation) { s.Reach, s.Together = 20, 160 }),
	}
}

// kinds name the twelve by a scenario's kinds of attack. Who withholds from all
// is in the place of who surrounds all.
var kinds = map[string]string{
	"censor": "censor-single", "cold-boot": "cold-boot", "covert-flash": "cold-boot-covert-flash",
	"dawn": "dawn", "eclipse-one": "eclipse-single", "eclipse-all": "eclipse-net", "withhold": "eclipse-net",
	"eclipse-publishers": "eclipse-publishers", "degradation": "degrade-0.5", "colocation": "colocation",
}

// Named returns the one of the twelve that a scenario means by a kind of attack.
func Named(kind string) (Situation, bool) {
	if kinds[kind] == "" {
		return Situation{}, false
	}
	return Of(kind)[0], true
}

// Scaled is a situation of other numbers: honest nodes that dial so many others
// each, and sybils. How many targets a sybil dials, and who casts, are the same
// share of the honest; meshes are mended as the node that ships does.
func (s Situation) Scaled(honest, sybils, dials int) Situation {
	scale := float64(honest) / float64(s.Honest)
	s.Reach = max(1, int(float64(s.Reach)*scale))
	s.Publishers = max(1, int(float64(s.Publishers)*scale))
	s.Honest, s.Sybils, s.Dials, s.Mend = honest, sybils, dials, 0
	return s
}

// Of returns those of the twelve that a scenario's attack.kind names, the one of
// the same name first and its variants after it: all twelve of none, and no
// situation of a kind that the evaluation does not have.
func Of(kind string) (out []Situation) {
	for _, s := range Twelve() {
		if kind == "" || kind == "none" || strings.TrimSuffix(s.Name, "-oppgraft") == kinds[kind] {
			out = append(out, s)
		}
	}
	return out
}

// Lab returns the sieges that are also played on real nodes
// (sim/net_siege_test.go), at so many honest nodes and four sybils to each:
// withholding, spam, eclipse of the caster, and claiming.
func Lab(honest int) []Situation {
	base := Situation{
		Honest: honest, Dials: 4, Lured: 4, Sybils: 4 * honest, Reach: 3, Target: "all",
		Plan: Plan{Drop: 1, Censor: -1, Every: 25 * time.Second},
		From: 10450 * time.Millisecond, Gap: 3 * time.Second, Until: 100450 * time.Millisecond, Last: 70450 * time.Millisecond,
	}
	spam, eclipse, claim := base, base, base
	base.Name, spam.Name, eclipse.Name, claim.Name = "withholding", "spam", "eclipse", "claiming"
	spam.Plan.Spam = true
	eclipse.Kept, eclipse.Ring, eclipse.Caster = 2, 30, true
	claim.Plan.Claims = true
	return []Situation{base, spam, eclipse, claim}
}
