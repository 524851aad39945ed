package stack

import (
	"testing"
	"time"

	"github.com/parley-network/parley/sim/mesh"
	"github.com/parley-network/parley/sim/scenario"
)

// few is one of the twelve among a dozen honest services.
func few(t *testing.T, kind string) mesh.Situation {
	t.Helper()
	s, ok := mesh.Named(kind)
	if !ok {
		t.Fatalf("no situation is called %q", kind)
	}
	s = s.Scaled(12, 24, 3)
	s.Attack = min(s.Attack, 40*time.Second)
	s.Plan.Strike = min(s.Plan.Strike, 50*time.Second)
	s.Reach, s.Gap, s.Until = 2, 4*time.Second, 115*time.Second
	return s
}

// links of 50 ms.
func links() scenario.Protocol {
	return scenario.Protocol{Latency: [2]scenario.Duration{scenario.Duration(50 * time.Millisecond), scenario.Duration(50 * time.Millisecond)}}
}

// Real services live through whichever of the twelve the model plays, and all
// that is cast arrives.
func TestEndure(t *testing.T) {
	for _, kind := range []string{"dawn", "covert-flash", "colocation"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			got, err := Endure(t.Context(), few(t, kind), links(), 1)
			if err != nil {
				t.Fatal(err)
			}
			if got.Quiet.Share() != 1 || got.First.Share() != 1 || got.After.Share() != 1 {
				t.Errorf("delivered %v in peace, %v at first, %v later", got.Quiet.Share(), got.First.Share(), got.After.Share())
			}
			if got.Quiet.P99 < 50*time.Millisecond || got.Quiet.P99 > time.Second || got.After.Copies < 1 || got.Quiet.Casts == 0 || got.First.Casts == 0 {
				t.Errorf("felt %+v", got)
			}
		})
	}
}

func TestEndureRefuses(t *testing.T) {
	for name, change := range map[string]func(*mesh.Situation){
		"no gap":   func(s *mesh.Situation) { s.Gap = 0 },
		"too many": func(s *mesh.Situation) { s.Sybils = MaxNodes },
		"spam":     func(s *mesh.Situation) { s.Plan.Spam = true },
	} {
		s := few(t, "dawn")
		change(&s)
		if _, err := Endure(t.Context(), s, scenario.Protocol{}, 1); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}
