package mesh

import (
	"context"
	"reflect"
	"strings"
	"testing"

	"github.com/parley-network/parley/sim/scenario"
)

// The three scenarios that ship can be read, and each answers its question.
func TestStudiesThatShip(t *testing.T) {
	for _, name := range []string{"cost-per-intent", "admission", "attacks"} {
		s, err := scenario.Load("../../docs/studies/" + name + "/scenario.toml")
		if err != nil {
			t.Fatal(err)
		}
		if s.Points() > 1 {
			if s, _, err = s.Point(0); err != nil {
				t.Fatal(err)
			}
		}
		s.Clock.Steps = min(s.Clock.Steps, 6)
		if s.Study == "siege" {
			s.Attack.Kind = "eclipse-one"
		}
		if took, memory := StudyExpect(s); took <= 0 || memory <= 0 {
			t.Errorf("%s: expects %s and %d bytes", name, took, memory)
		}
		var last float64
		a, err := Study(context.Background(), s, 4, func(x float64) { last = max(last, x) })
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		b, err := Study(context.Background(), s, 4, nil)
		if err != nil || !reflect.DeepEqual(a, b) {
			t.Errorf("%s: not the same again (%v)", name, err)
		}
		if len(a.Values) < 8 || last > 1 {
			t.Errorf("%s: %d values, progress up to %v", name, len(a.Values), last)
		}
	}
}

func TestUnknownStudy(t *testing.T) {
	s := scenario.Default()
	if _, err := Study(context.Background(), s, 1, nil); err == nil || !strings.Contains(err.Error(), `"society"`) {
		t.Errorf("a society is no study of the overlay: %v", err)
	}
}
