package model

import (
	"math"
	"strconv"

	"github.com/parley-network/parley/sim/mesh"
	"github.com/parley-network/parley/sim/random"
)

// situations name the twelve's (mesh.Twelve) by the scenario's kinds of attack.
var situations = map[string]string{
	"censor": "censor-single", "cold-boot": "cold-boot", "covert-flash": "cold-boot-covert-flash",
	"dawn": "dawn", "eclipse-one": "eclipse-single", "eclipse-all": "eclipse-net", "withhold": "eclipse-net",
	"eclipse-publishers": "eclipse-publishers", "degradation": "degrade-0.5", "colocation": "colocation",
}

// besieged is how many honest nodes a siege is played with at most; the
// attacker's are as many to each as in the scenario, at most four.
const besieged = 120

// attacked has a topic's messages fare as a siege of its kind leaves them after
// the first minute: as many arrive, and each is later by as much.
func (f *followed) attacked(t *topic) error {
	a := f.s.Attack
	name, ok := situations[a.Kind]
	if !ok || a.Sybils < 1 {
		return nil
	}
	honest := max(min(t.followers, besieged), 4)
	for _, s := range mesh.Twelve() {
		if s.Name != name {
			continue
		}
		scale := float64(honest) / float64(s.Honest)
		s.Sybils = min(4*honest, max(1, int(float64(a.Sybils)*float64(honest)/math.Max(float64(t.followers), 1))))
		s.Dials = max(1, f.s.Protocol.Peers/2)
		s.Reach = max(1, int(float64(s.Reach)*scale))
		s.Publishers = max(1, int(float64(s.Publishers)*scale))
		s.Honest, s.Mend = honest, 0
		seen, err := s.Play(f.s.Protocol, f.c, random.New(f.seed, "model/siege/"+strconv.Itoa(t.followers)))
		if err != nil {
			return err
		}
		f.suffer(t, seen)
	}
	return nil
}

func (f *followed) suffer(t *topic, s mesh.Siege) {
	felt, quiet := s.After, s.Quiet
	t.reach = float64(t.reach * felt.Share())
	slower := 1.0
	if quiet.P99 > 0 {
		slower = math.Max(1, float64(felt.P99)/float64(quiet.P99))
	}
	for _, way := range t.traces {
		for i := range way {
			way[i] = float32(float64(float64(way[i]) * slower))
		}
	}
}
