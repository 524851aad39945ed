package model

import (
	"runtime"
	"runtime/debug"
	"syscall"
	"testing"
	"time"

	"github.com/parley-network/parley/sim/scenario"
)

// taken runs a scenario and returns its processor time and the most memory it
// held at once, what the collector had not yet freed included.
func taken(t testing.TB, s scenario.Scenario) (time.Duration, int64) {
	t.Helper()
	debug.FreeOSMemory()
	var before runtime.MemStats
	runtime.ReadMemStats(&before)
	stop, most := make(chan struct{}), make(chan int64)
	go func() {
		peak := int64(0)
		for {
			var now runtime.MemStats
			runtime.ReadMemStats(&now)
			peak = max(peak, int64(now.HeapInuse)-int64(before.HeapInuse))
			select {
			case <-stop:
				most <- peak
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	}()
	began := processor()
	run(t, s, 1)
	took := processor() - began
	close(stop)
	return took, <-most
}

func processor() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// What is expected is within a factor of two of what is taken where nothing else
// runs. More is left to other machines, and to those who share this one: with
// ten programs on a core, the same work was seen to take two and a half times
// the processor time.
func TestExpect(t *testing.T) {
	if testing.Short() {
		t.Skip("measures for seconds")
	}
	region := market()
	region.Adoption = scenario.Adoption{Rule: "everyone"}
	region.People.Count, region.Vendors.Count, region.People.Places, region.Clock.Steps = 20000, 2000, 40, 20
	whole := region
	whole.Protocol.Sharded, whole.Clock.Steps = false, 10
	alone := scenario.Default()
	alone.People.Count, alone.Vendors.Count, alone.People.Intents, alone.Clock.Steps = 1_000_000, 0, 0, 50
	alone.Network.Kind, alone.Network.Attach = "barabasi-albert", 4
	alone.Adoption = scenario.Adoption{Rule: "bass", P: 0.002, Q: 0.01, PerEdge: true}
	heard := alone
	heard.Network.Kind, heard.Adoption.PerEdge, heard.Adoption.Q = "none", false, 0.3
	for name, s := range map[string]scenario.Scenario{"market": region, "unsharded": whole, "spread": alone, "heard of": heard} {
		time, memory := New().Expect(s)
		took, held := taken(t, s)
		t.Logf("%s: %v expected, %v taken; %d MB expected, %d held", name, time, took, memory>>20, held>>20)
		if r := time.Seconds() / took.Seconds(); r > 3 || r < 0.2 {
			t.Errorf("%s: %v expected, %v taken", name, time, took)
		}
		if r := float64(memory) / float64(held); r > 2.5 || r < 0.4 {
			t.Errorf("%s: %d MB expected, %d MB held", name, memory>>20, held>>20)
		}
	}
}
