package adoption_test

import (
	"syscall"
	"testing"
	"time"

	"github.com/parley-network/parley/sim/adoption"
	"github.com/parley-network/parley/sim/graph"
	"github.com/parley-network/parley/sim/random"
)

func BenchmarkSpread(b *testing.B) {
	g, err := graph.BarabasiAlbert(1_000_000, 4, random.New(1, "network"))
	if err != nil {
		b.Fatal(err)
	}
	s, err := adoption.NewSpread(g)
	if err != nil {
		b.Fatal(err)
	}
	r := random.New(1, "spread")
	var c adoption.Course
	before := processor()
	for b.Loop() {
		if c, err = s.Run(.002, .01, 50, nil, false, r); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(50e6*float64(b.N)/(processor()-before).Seconds(), "agent-steps/s")
	b.Logf("%v", c.Count)
}

func BenchmarkBarabasiAlbert(b *testing.B) {
	for b.Loop() {
		if _, err := graph.BarabasiAlbert(10_000_000, 4, random.New(1, "network")); err != nil {
			b.Fatal(err)
		}
	}
}

// processor is the time that this process has had of all processors.
func processor() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
