package stack

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"strconv"
	"syscall"
	"testing"
	"time"

	pubsub "github.com/libp2p/go-libp2p-pubsub"
	"github.com/libp2p/go-libp2p/core/host"

	"github.com/parley-network/parley/sim"
	"github.com/parley-network/parley/sim/figure"
	"github.com/parley-network/parley/sim/scenario"
	"github.com/parley-network/parley/sim/society"
)

const (
	// trafficTime is measured, with a message, or an intent, a second; calm is how
	// long all settle before, in both.
	trafficTime = 20 * time.Second
	calm        = 40 * time.Second
)

// pace is what a phase took.
type pace struct {
	virtual, wall, cpu time.Duration
	memory             int64 // bytes that the process holds more than before, after a collection
	copies             float64
}

func (p pace) perWall() float64 { return p.virtual.Seconds() / p.wall.Seconds() }
func (p pace) perCPU() float64  { return p.virtual.Seconds() / p.cpu.Seconds() }

// clock takes the time of a phase in a world, by three clocks.
func clock(w *sim.World, do func() error) (pace, error) {
	virtual := w.Elapsed()
	wall, cpu := Used()
	err := do()
	wallNow, cpuNow := Used()
	return pace{virtual: w.Elapsed() - virtual, wall: wallNow - wall, cpu: cpuNow - cpu}, err
}

// held is what the heap and the stacks hold now, without what pools keep.
func held() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse + m.StackInuse)
}

// bare is the yardstick: n hosts with GossipSub as it comes, each message of
// 1 KB signed and delivered to all, links of 50 ms.
func bare(n int) (pace, error) {
	var p pace
	before := held()
	err := sim.Play(1, func(w *sim.World) error {
		topics := make([]*pubsub.Topic, n)
		hosts := make([]host.Host, n)
		for i := range n {
			hosts[i] = w.Host("host " + strconv.Itoa(i))
			ctx, cancel := context.WithCancel(context.Background())
			w.Defer("pubsub", func() error { cancel(); return nil })
			ps, err := pubsub.NewGossipSub(ctx, hosts[i], pubsub.WithLogger(slog.New(slog.DiscardHandler)))
			if err != nil {
				return err
			}
			if topics[i], err = ps.Join("bare"); err != nil {
				return err
			}
			sub, err := topics[i].Subscribe()
			if err != nil {
				return err
			}
			w.Go(func(ctx context.Context) {
				for {
					if _, err := sub.Next(ctx); err != nil {
						return
					}
				}
			})
		}
		w.Wire(hosts, sim.Random(w.Rand, n, 5))
		time.Sleep(calm)
		p.memory = (held() - before) / int64(n)
		message := make([]byte, 1024)
		var err error
		took, err := clock(w, func() error {
			for i := range int(trafficTime / time.Second) {
				message[0] = byte(i)
				if err := topics[w.Rand.IntN(n)].Publish(w.T.Context(), message); err != nil {
					return err
				}
				time.Sleep(time.Second)
			}
			return nil
		})
		took.memory = p.memory
		p = took
		return err
	})
	return p, err
}

// full is n nodes with the full protocol, a share of them vendors who follow
// one topic; an intent a second is cast.
func full(n int, vendors float64) (pace, error) {
	var p pace
	before := held()
	s := scenario.Scenario{}
	s.Vendors.Count = int(float64(n) * vendors)
	s.People.Count = n - s.Vendors.Count
	s.People.Categories, s.People.Places = 50, 1
	s.Clock = scenario.Clock{Unit: "day", Steps: 1, Window: scenario.Duration(trafficTime)}
	s.Protocol.Peers = 10
	err := sim.Play(1, func(w *sim.World) error {
		m, err := NewMedium(w, s)
		if err != nil {
			return err
		}
		agents := make([]society.Agent, n)
		for i := range agents {
			agents[i] = society.Agent{ID: int32(i), Vendor: i >= s.People.Count, Categories: []int32{int32(i % 50)}, Places: []int32{0}, Price: 20}
		}
		join, err := clock(w, func() error { return m.Join(w.T.Context(), agents) })
		if err != nil {
			return err
		}
		figure.Info(os.Stdout, fmt.Sprintf("stack-%d-join", n), fmt.Sprintf("%.1f s of processor, %.1f s on the wall, costs %+v", join.cpu.Seconds(), join.wall.Seconds(), m.Costs()))
		memory := (held() - before) / int64(n)
		if err := dumpHeap(); err != nil {
			return err
		}
		intents := make([]society.Intent, int(trafficTime/time.Second))
		for i := range intents {
			intents[i] = society.Intent{Person: int32(w.Rand.IntN(s.People.Count)), Category: int32(w.Rand.IntN(50)), Most: 50}
		}
		var fates []society.Fate
		p, err = clock(w, func() error {
			fates, err = m.Trade(w.T.Context(), 0, intents)
			return err
		})
		p.memory = memory
		c := m.Costs()
		p.copies = float64(c.Copies) / float64(len(intents)) / float64(n)
		heard, offers := 0, 0
		for _, f := range fates {
			heard, offers = heard+f.Heard, offers+len(f.Offers)
		}
		figure.Info(os.Stdout, fmt.Sprintf("stack-%d-traffic", n), fmt.Sprintf("heard %d of %d, %d offers, costs %+v", heard, len(intents)*s.Vendors.Count, offers, c))
		return err
	})
	return p, err
}

// dumpHeap writes a profile of the heap to where PARLEY_STACK_HEAP says.
func dumpHeap() error {
	path := os.Getenv("PARLEY_STACK_HEAP")
	if path == "" {
		return nil
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(pprof.WriteHeapProfile(f), f.Close())
}

func say(name string, p pace) {
	figure.Info(os.Stdout, name, fmt.Sprintf("%.2f virtual s per wall s, %.2f per s of processor, %d KB a node", p.perWall(), p.perCPU(), p.memory>>10))
}

// vendorShare is how many of the nodes are vendors: each tells all others its
// terms, so that a network of vendors alone would measure little else.
const vendorShare = 0.1

// BenchmarkFigureSimStack holds nodes with the full protocol against bare hosts
// with GossipSub in the same run, at PARLEY_STACK_NODES nodes, by default 1,000.
// What each takes is told by the machine's clock and by its processors' time;
// the figure is of the latter, which what else runs on the machine changes less.
func BenchmarkFigureSimStack(b *testing.B) {
	n := 1000
	if v, err := strconv.Atoi(os.Getenv("PARLEY_STACK_NODES")); err == nil {
		n = v
	}
	yard, err := bare(n)
	if err != nil {
		b.Fatal(err)
	}
	name := fmt.Sprintf("sim-stack-%d-", n)
	say(name+"bare-hosts", yard)
	got, err := full(n, vendorShare)
	if err != nil {
		b.Fatal(err)
	}
	say(name+"nodes", got)
	out := os.Stdout
	figure.Info(out, name+"published-elsewhere", "1,000 bare hosts: 1.3 virtual s per wall s, 1.9 MB each")
	figure.AtLeast(out, name+"virtual-seconds-per-second-over-bare-hosts", got.perCPU()/yard.perCPU(), 0.7)
	figure.Info(out, name+"the-same-by-the-wall", got.perWall()/yard.perWall())
}

const (
	// sizeVendors are the vendors among the nodes of BenchmarkFigureSimStackSize:
	// each tells its terms to all, which takes 7 ms of processor time a node, so
	// that many of them would measure little else.
	sizeVendors = 10
	// sizeLimit has the collector work harder, instead of the heap grow to twice
	// what is alive, where that is more than what fits beside other programs.
	sizeLimit = 17 << 30
)

// BenchmarkFigureSimStackSize has PARLEY_STACK_MOST nodes, by default 5,000, live
// through a window in 24 GiB. It takes the better part of an hour on two cores.
func BenchmarkFigureSimStackSize(b *testing.B) {
	n := 5000
	if v, err := strconv.Atoi(os.Getenv("PARLEY_STACK_MOST")); err == nil {
		n = v
	}
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(sizeLimit))
	got, err := full(n, sizeVendors/float64(n))
	if err != nil {
		b.Fatal(err)
	}
	say(fmt.Sprintf("sim-stack-%d-nodes", n), got)
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	figure.AtMost(os.Stdout, fmt.Sprintf("sim-stack-%d-peak-gib", n), float64(used.Maxrss)/(1<<20), 24)
}

// PARLEY_STACK_NODES=200 SHARE=0.1 go test -run Probe measures nodes of which
// that share are vendors; a share below 0: bare hosts.
func TestProbe(t *testing.T) {
	n, err := strconv.Atoi(os.Getenv("PARLEY_STACK_NODES"))
	if err != nil {
		t.Skip("PARLEY_STACK_NODES")
	}
	share, _ := strconv.ParseFloat(os.Getenv("SHARE"), 64)
	var p pace
	if share < 0 {
		p, err = bare(n)
	} else {
		p, err = full(n, share)
	}
	if err != nil {
		t.Fatal(err)
	}
	say("probe", p)
}
