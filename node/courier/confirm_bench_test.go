package courier

import (
	"context"
	"crypto/ed25519"
	crand "crypto/rand"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/protocol"
	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/node/courier/forward"
	"github.com/parley-network/parley/node/courier/wire"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/store/memory"
	"github.com/parley-network/parley/node/store/sqlite"
	"github.com/parley-network/parley/node/transport"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"golang.org/x/sys/unix"
)

// BenchmarkConfirmations is one change told to everybody: a person with that
// many routes sends one letter from each, every letter is answered by another,
// signed, and the answer's effect is durable. All parties are real hosts of
// this one process, so the figure is what two cores do for all of them; the
// person's store is on disk. confirmations/s counts answers in the person's
// store over the time from the first letter to the last answer.
//
// A confirmation is three letters (told, confirmed, acknowledged) and a fetch:
// seven exchanges over one hop each. What its profile taught, and where the time
// goes now:
//
//   - Whatever looked at all routes for one letter (who is used least) or into
//     the outbox for each that was sent made the time grow with the square of
//     the routes; routes are counted as they come and go, the outbox is looked
//     into when it may hold something.
//   - Sealing and opening is the largest part, a quarter to a third: five pairs
//     of hybrid key exchanges. It is paid for each route apart, since a session
//     or a batch over two routes would link them.
//   - Streams and QUIC's packets are a fifth; they were a quarter before
//     streams were kept from one exchange to the next.
//   - The store is a tenth: Updates share commits, so that many inbound letters
//     in one transaction gain little where many routes are polled at a time;
//     claiming a letter costs as much as writing it, which acknowledgements are
//     spared (type handed).
//   - Collecting garbage is a tenth, dagcbor a twentieth.
//   - A fetch in vain costs a seventh of a confirmation: hence the pauses in
//     pace.go.
func BenchmarkConfirmations(b *testing.B) {
	for _, n := range []int{1_000, 10_000} {
		for _, within := range []time.Duration{0, 10 * time.Second} {
			b.Run(fmt.Sprintf("routes=%d/answered-within=%v", n, within), func(b *testing.B) {
				t := newTelling(b, n, within)
				for b.Loop() {
					t.tellAll()
				}
				t.report()
			})
		}
	}
}

const (
	tellingHelpers = 8 // peers that hold and carry
	tellingVendors = 8 // hosts that many vendors share
	kindTell       = "tell"
	kindConfirm    = "confirm"
	kindConfirmed  = store.Kind("confirmed")
)

// telling is a person, vendors, and peers that help them.
type telling struct {
	b        *testing.B
	within   time.Duration // vendors answer at any time up to this
	person   *testNode
	vendors  []*testNode
	all      []*testNode
	routes   []intentcast.Route
	sign     ed25519.PrivateKey // of all vendors
	sample   []byte             // a signature of nothing
	took     time.Duration
	cpu      time.Duration
	verify   time.Duration // of this thread, for verifies signatures
	verifies int
	asked    []float64
	rounds   int
}

func newTelling(b *testing.B, n int, within time.Duration) *telling {
	t := &telling{b: b, within: within, asked: make([]float64, len(askedOf))}
	_, t.sign, _ = ed25519.GenerateKey(nil)
	t.sample = ed25519.Sign(t.sign, nil)
	for range tellingHelpers {
		t.all = append(t.all, t.node(memory.New(), nil))
	}
	for range tellingVendors {
		v := t.node(memory.New(), t.answer)
		t.vendors = append(t.vendors, v)
		t.all = append(t.all, v)
	}
	t.person = t.node(t.disk(), t.confirmed)
	t.all = append(t.all, t.person)
	for i, n := range t.all {
		for _, h := range t.all[:min(i, tellingHelpers)] {
			connect(b, n.host, h.host)
		}
	}
	met(b, t.all...)
	b.Cleanup(func() { shut(t.all...) })
	t.openRoutes(n)
	return t
}

// node makes a node of the benchmark. What it does for others is bounded as
// ever but for the long run, in which a person tells all that often never.
func (t *telling) node(s store.Store, handle Handler) *testNode {
	t.b.Helper()
	opts := []nodeOption{quick, func(c *Config) {
		d := DefaultLimits()
		c.Limits.Hold, c.Limits.Forward, c.Limits.Ask, c.Limits.Letters = d.Hold, d.Forward, d.Ask, d.Letters
		for _, l := range []*forward.Limits{&c.Limits.Forward, &c.Limits.Ask, &c.Limits.Letters} {
			l.PeerRate, l.PeerBytes, l.PeerBurst, l.PeerBurstBytes = 1e6, 1e9, 1e6, 1e9
		}
		if handle == nil {
			c.Handle = func(context.Context, store.Tx, Inbound) error { return nil }
		} else {
			c.Handle, c.NoHold, c.NoForward = handle, true, true
		}
	}}
	return newNodeAt(t.b, benchHost(t.b), s, opts...)
}

func (t *telling) disk() store.Store {
	s, err := sqlite.Open(filepath.Join(t.b.TempDir(), "node.db"))
	if err != nil {
		t.b.Fatal(err)
	}
	t.b.Cleanup(func() { s.Close() })
	return s
}

func (t *telling) openRoutes(n int) {
	t.b.Helper()
	t.routes = make([]intentcast.Route, n)
	var wg sync.WaitGroup
	var next atomic.Int64
	for range 32 {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
				t.routes[i] = t.person.openRoute(fmt.Sprint("card ", i))
			}
		})
	}
	wg.Wait()
	c := t.person.courier
	for _, rt := range c.routes.open { // as they will be an hour later
		rt.poll.stir(time.Now().Add(-time.Hour))
	}
	eventually(t.b, 10*time.Minute, "new routes polled", func() bool {
		c.turns.mu.Lock()
		defer c.turns.mu.Unlock()
		soon := 0
		for _, p := range c.turns.due {
			if time.Until(p.turn.due) < 20*time.Second {
				soon++
			}
		}
		return soon < n/8
	})
}

// answer is what vendors do: they send a signed receipt, now or later.
func (t *telling) answer(_ context.Context, tx store.Tx, in Inbound) error {
	v := t.vendors[in.Body[0]]
	self := v.courier.Self()
	out := Outgoing{
		To: *in.From, From: &self, Kind: kindConfirm, Direct: true,
		Body: append(ed25519.Sign(t.sign, in.Body), in.Body...), Expires: time.Now().Add(time.Hour),
	}
	if t.within == 0 {
		_, err := v.courier.Send(tx.(Tx), out)
		return err
	}
	time.AfterFunc(rand.N(t.within), func() { v.send(out) })
	return nil
}

// confirmed is what the person does with a receipt.
func (t *telling) confirmed(_ context.Context, tx store.Tx, in Inbound) error {
	body := in.Body[ed25519.SignatureSize:]
	if !ed25519.Verify(t.sign.Public().(ed25519.PublicKey), body, in.Body[:ed25519.SignatureSize]) {
		return errors.New("bad signature")
	}
	return tx.Insert(store.Record{Kind: kindConfirmed, ID: string(body[1:]), State: "confirmed", Body: in.Body})
}

func (t *telling) count() (n int) {
	if err := t.person.store.View(context.Background(), func(tx store.Tx) (err error) {
		n, err = tx.Count(store.Query{Kind: kindConfirmed})
		return err
	}); err != nil {
		t.b.Fatal(err)
	}
	return n
}

// tellAll sends a letter from every route and waits for all answers.
func (t *telling) tellAll() {
	began, before, cpu := time.Now(), t.count(), cpuTime(t.b, unix.CLOCK_PROCESS_CPUTIME_ID)
	asked := t.exchanges()
	const batch = 100 // letters of one transaction, as the node writes them
	body := make([]byte, 1000)
	for at := 0; at < len(t.routes); at += batch {
		err := t.person.store.Update(context.Background(), func(tx store.Tx) error {
			for i := at; i < min(at+batch, len(t.routes)); i++ {
				v := i % len(t.vendors)
				text := append(fmt.Appendf([]byte{byte(v)}, "%d/%d ", t.rounds, i), body...)
				if _, err := t.person.courier.Send(tx.(Tx), Outgoing{
					To: t.vendors[v].courier.Self(), From: &t.routes[i], Kind: kindTell, Body: text, Expires: time.Now().Add(time.Hour),
				}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.b.Fatal(err)
		}
		t.person.courier.Wake()
	}
	for n := 0; n < before+len(t.routes); time.Sleep(200 * time.Millisecond) {
		t.gauge()
		n = t.count()
		if testing.Verbose() && time.Since(began)/(5*time.Second) != (time.Since(began)-200*time.Millisecond)/(5*time.Second) {
			t.b.Logf("%v: %d confirmed", time.Since(began).Round(time.Second), n-before)
		}
	}
	t.took += time.Since(began)
	t.cpu += cpuTime(t.b, unix.CLOCK_PROCESS_CPUTIME_ID) - cpu
	for i, n := range t.exchanges() {
		t.asked[i] += n - asked[i]
	}
	t.rounds++
}

func (t *telling) report() {
	n := float64(t.rounds * len(t.routes))
	t.b.ReportMetric(n/t.took.Seconds(), "confirmations/s")
	// On a machine that is busy with other things the one above says little.
	t.b.ReportMetric(t.cpu.Seconds()*1000/n, "cpu-ms/confirmation")
	// So much as verifying so many signatures takes at the same time.
	t.b.ReportMetric(t.cpu.Seconds()/n/(t.verify.Seconds()/float64(t.verifies)), "verifies/confirmation")
	for i, p := range askedOf {
		t.b.ReportMetric(t.asked[i]/n, strings.Split(string(p), "/")[2]+"/confirmation")
	}
}

// askedOf is the protocols whose exchanges are counted.
var askedOf = []protocol.ID{wire.LetterProtocol, wire.HoldProtocol, wire.ForwardProtocol}

// exchanges returns how many there were of each protocol, at all nodes.
func (t *telling) exchanges() []float64 {
	sums := make([]float64, len(askedOf))
	for i, p := range askedOf {
		for _, n := range t.all {
			for s := range wire.Forbidden + 1 {
				sums[i] += testutil.ToFloat64(n.courier.count.asked.WithLabelValues(servedAs(p, s)...))
			}
		}
	}
	return sums
}

// gauge measures how fast this machine is at the moment.
func (t *telling) gauge() {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	const n = 4
	before := cpuTime(t.b, unix.CLOCK_THREAD_CPUTIME_ID)
	for range n {
		ed25519.Verify(t.sign.Public().(ed25519.PublicKey), nil, t.sample)
	}
	t.verify += cpuTime(t.b, unix.CLOCK_THREAD_CPUTIME_ID) - before
	t.verifies += n
}

// cpuTime is what this process, or thread, has used of all processors.
func cpuTime(b *testing.B, clock int32) time.Duration {
	b.Helper()
	var ts unix.Timespec
	if err := unix.ClockGettime(clock, &ts); err != nil {
		b.Fatal(err)
	}
	return time.Duration(ts.Nano())
}

func benchHost(b *testing.B) host.Host {
	b.Helper()
	key, _, err := crypto.GenerateEd25519Key(crand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	h, err := transport.New(transport.Config{Key: key})
	if err != nil {
		b.Fatal(err)
	}
	return h
}
