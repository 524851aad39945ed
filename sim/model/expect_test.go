package model

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
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

// TestExpectOfSmallRuns: what a run takes once is most of what a small one takes.
func TestExpectOfSmallRuns(t *testing.T) {
	if testing.Short() {
		t.Skip("measures for a second")
	}
	gossip := scenario.Default()
	gossip.People.Count, gossip.Vendors.Count, gossip.People.Intents, gossip.Clock.Steps = 300, 60, 0.05, 3
	gossip.Adoption = scenario.Adoption{Rule: "everyone"}
	spam := gossip
	spam.People.Count, spam.Vendors.Count = 800, 200
	spam.Attack.Kind, spam.Attack.Sybils, spam.Attack.Rate, spam.Attack.Budget = "spam", 500, 5, 2e7
	spam.Protocol.Work = 14
	for name, s := range map[string]scenario.Scenario{"gossip": gossip, "spam": spam} {
		expected, _ := New().Expect(s)
		began := processor()
		for range 5 {
			run(t, s, 1)
		}
		took := (processor() - began) / 5
		t.Logf("%s: %v expected, %v taken", name, expected, took)
		if r := expected.Seconds() / took.Seconds(); r > 3 || r < 0.3 {
			t.Errorf("%s: %v expected, %v taken", name, expected, took)
		}
	}
}

// TestExpectOfAnEdgeList: its edges count, by the length of the file.
func TestExpectOfAnEdgeList(t *testing.T) {
	s := scenario.Default()
	s.People.Count, s.Vendors.Count, s.People.Intents = 100_000, 0, 0
	s.Network.Kind = "file"
	s.Network.File = filepath.Join(t.TempDir(), "friends.txt")
	var list bytes.Buffer
	const edges = 200_000
	for i := range edges {
		fmt.Fprintln(&list, i%100_000, (i*7919+1)%100_000)
	}
	if err := os.WriteFile(s.Network.File, list.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if n := listed(s.Network.File, 100_000); n < edges/2 || n > edges*3/2 {
		t.Errorf("%.0f edges expected of %d", n, edges)
	}
	with, more := New().Expect(s)
	s.Network.File = "nowhere"
	without, less := New().Expect(s)
	if with < without+50*time.Millisecond || more < less+8<<20 {
		t.Errorf("%v and %d MB with the list, %v and %d without", with, more>>20, without, less>>20)
	}
}
