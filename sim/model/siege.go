package model

import (
	"slices"
	"strconv"
	"time"

	"github.com/parley-network/parley/sim/mesh"
	"github.com/parley-network/parley/sim/random"
)

// besieged is how many honest nodes a siege is played with at most; the
// attacker's are as many to each as in the scenario, at most four.
const besieged = 120

// attacked has a topic's messages fare as a siege of its kind has them: as many
// arrive, later by as much, at first as in its first minute (t.early), then as
// after it.
func (f *followed) attacked(t *topic) error {
	a := f.s.Attack
	if a.Kind == "none" || a.Kind == "" || a.Sybils < 1 {
		return nil
	}
	played := mesh.Of(a.Kind)
	if len(played) == 0 {
		return nil // no attack on the mesh
	}
	seen, err := f.scaled(played[0], t.followers).Play(f.s.Protocol, f.c, random.New(f.seed, "model/siege/"+strconv.Itoa(t.followers)))
	if err != nil {
		return err
	}
	early := t.suffered(seen.First, seen.Quiet)
	*t = *t.suffered(seen.After, seen.Quiet)
	t.early = early
	return nil
}

// scaled is a situation of fewer honest nodes, each with as many connections
// and as many of the attacker's identities to it as in the scenario.
func (f *followed) scaled(s mesh.Situation, followers int) mesh.Situation {
	honest := max(min(followers, besieged), 4)
	scale := float64(honest) / float64(s.Honest)
	sybils := float64(f.s.Attack.Sybils) * float64(honest) / float64(max(followers, 1))
	s.Sybils = min(4*honest, max(1, int(sybils)))
	s.Dials = max(1, f.s.Protocol.Peers/2)
	s.Reach = max(1, int(float64(s.Reach)*scale))
	s.Publishers = max(1, int(float64(s.Publishers)*scale))
	s.Honest, s.Mend = honest, 0
	return s
}

// suffered is a topic in which medians and 99th hundredths are later by the
// ratios of felt to quiet, and what lies between and beyond in proportion.
func (t *topic) suffered(felt, quiet mesh.Felt) *topic {
	out := *t
	out.reach = float64(t.reach * felt.Share())
	middle, late := slower(felt.P50, quiet.P50), slower(felt.P99, quiet.P99)
	median, last := t.at(.5), t.at(.99)
	slope := middle
	if last > median {
		slope = max(float64(float64(last*late)-float64(median*middle))/(last-median), 0)
	}
	out.traces = make([][]float32, len(t.traces))
	for i, way := range t.traces {
		out.traces[i] = make([]float32, len(way))
		for j, x := range way {
			x := float64(x)
			later := float64(x * middle)
			if x > median {
				later = float64(median*middle) + float64((x-median)*slope)
			}
			out.traces[i][j] = float32(later)
		}
	}
	return &out
}

func slower(felt, quiet time.Duration) float64 {
	if quiet <= 0 {
		return 1
	}
	return max(1, float64(felt)/float64(quiet))
}

// at is a quantile of all followed deliveries, in seconds.
func (t *topic) at(q float64) float64 {
	all := slices.Concat(t.traces...)
	slices.Sort(all)
	return float64(all[int(q*float64(len(all)-1))])
}
