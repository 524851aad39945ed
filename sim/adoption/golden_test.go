package adoption_test

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"io"
	"testing"

	"github.com/parley-network/parley/sim/adoption"
	"github.com/parley-network/parley/sim/graph"
	"github.com/parley-network/parley/sim/random"
	"github.com/parley-network/parley/sim/scenario"
)

// Who joins and leaves when is the same on every machine and in every later
// version: these digests were the same on amd64 and arm64.
func TestRunsAreTheSameEverywhere(t *testing.T) {
	g, err := graph.BarabasiAlbert(2000, 3, random.New(1, "net"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		a    scenario.Adoption
		want string
	}{
		{scenario.Adoption{Rule: "bass", P: .01, Q: .3}, "882dae400f7cab6f"},
		{scenario.Adoption{Rule: "bass", P: .01, Q: .03, PerEdge: true}, "616c69572148997d"},
		{scenario.Adoption{Rule: "threshold", Threshold: 2, Spread: 1}, "35ae922e9fab5d6b"},
		{scenario.Adoption{Rule: "fraction", Threshold: .3, Spread: .2}, "d3d5b4fdbb28cd14"},
		{scenario.Adoption{Rule: "complex", Threshold: 2, Q: .3}, "0e7a27b116d78867"},
		{scenario.Adoption{Rule: "utility", P: .02, Q: .3, Patience: 4}, "0d3dc0a76be9a9eb"},
	} {
		rule, err := adoption.New(c.a, g.Len(), random.New(1, c.a.Rule))
		if err != nil {
			t.Fatal(err)
		}
		crowd, h, r := adoption.NewCrowd(g), sha256.New(), random.New(1, "gains")
		first, err := adoption.Seeds("influential", 20, g, adoption.Traits{}, r)
		if err != nil {
			t.Fatal(err)
		}
		crowd.Join(first)
		e := adoption.Experience{Gain: make([]float64, g.Len())}
		for range 30 {
			for a := range e.Gain {
				e.Gain[a] = random.Normal(r, 0, 1)
			}
			join, leave := rule.Step(crowd, e)
			crowd.Join(join)
			crowd.Leave(leave)
			write(t, h, join)
			write(t, h, leave)
		}
		if got := digest(h); got != c.want {
			t.Errorf("%s, per edge %v: digest %s, want %s", c.a.Rule, c.a.PerEdge, got, c.want)
		}
	}
	s, err := adoption.NewSpread(g)
	if err != nil {
		t.Fatal(err)
	}
	course, err := s.Run(.01, .03, 30, nil, true, random.New(1, "spread"))
	if err != nil {
		t.Fatal(err)
	}
	h := sha256.New()
	write(t, h, course.When)
	if got, want := digest(h), "e1cb27b485362d7f"; got != want {
		t.Errorf("the fast path: digest %s, want %s", got, want)
	}
}

func write(t *testing.T, w io.Writer, numbers []int32) {
	if err := binary.Write(w, binary.BigEndian, append([]int32{int32(len(numbers))}, numbers...)); err != nil {
		t.Fatal(err)
	}
}

func digest(h interface{ Sum([]byte) []byte }) string { return hex.EncodeToString(h.Sum(nil)[:8]) }
