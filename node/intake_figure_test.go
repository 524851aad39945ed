package node

import (
	"crypto/ed25519"
	crand "crypto/rand"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/crypto"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/gossip/intentcast/example"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/keystore"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/node/store/sqlite"
	"github.com/parley-network/parley/node/transport"
	"github.com/parley-network/parley/sim/figure"
)

const (
	intakeRounds = 7
	intakeBatch  = 256 // as the gossip service delivers at most
	intakeBlock  = 512 // casts a round and way
)

// BenchmarkFigureNetIntake takes valid intents in as a node does, decoded,
// their signatures checked, held against the ledger, and durable and indexed in
// the store as it ships; one at a time and many at once, in turns, and compares
// the rates. Both ways must leave the same.
func BenchmarkFigureNetIntake(b *testing.B) {
	one, many := newIntake(b), newIntake(b)
	casts := strangersCasts(b, intakeRounds*intakeBlock)
	var ratios, rates []float64
	for round := range intakeRounds {
		block := casts[round*intakeBlock : (round+1)*intakeBlock]
		single := timed(func() {
			for _, wire := range block {
				one.take(b, [][]byte{wire})
			}
		})
		batched := timed(func() {
			for batch := range slices.Chunk(block, intakeBatch) {
				many.take(b, batch)
			}
		})
		ratios = append(ratios, single.Seconds()/batched.Seconds())
		rates = append(rates, intakeBlock/batched.Seconds())
	}
	one.sameAs(b, many)
	slices.Sort(ratios)
	slices.Sort(rates)
	if !figure.AtLeast(os.Stdout, "intake-batch-over-single", ratios[intakeRounds/2], 4) {
		b.Log("taking in batches falls short")
	}
	figure.Info(os.Stdout, "intake-batch-casts-per-second", rates[intakeRounds/2])
}

func timed(fn func()) time.Duration {
	start := time.Now()
	fn()
	return time.Since(start)
}

// intake is a node that is not running, and the ledger that stands before it.
type intake struct {
	*Node
	ledger *intentcast.Ledger
}

func newIntake(b *testing.B) *intake {
	disk, err := sqlite.Open(filepath.Join(b.TempDir(), "node.db"))
	if err != nil {
		b.Fatal(err)
	}
	key, _, err := crypto.GenerateEd25519Key(crand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	h, err := transport.New(transport.Config{Key: key})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { h.Close(); disk.Close() })
	n, err := New(Config{Name: "hearer", Host: h, Store: disk, Keys: keystore.Memory()})
	if err != nil {
		b.Fatal(err)
	}
	return &intake{n, intentcast.NewLedger(0)}
}

// take takes in what came together.
func (in *intake) take(b *testing.B, wires [][]byte) {
	casts, errs := intentcast.DecodeCasts(wires)
	now := time.Now()
	for i, c := range casts {
		if errs[i] != nil {
			b.Fatal(errs[i])
		}
		if _, err := in.ledger.Apply(c, 0, now); err != nil {
			b.Fatal(err)
		}
	}
	in.hearMany(b.Context(), casts)
}

// heard are the records of the intents taken in.
func (in *intake) heard(b *testing.B) (recs []store.Record) {
	if err := in.cfg.Store.View(b.Context(), func(tx store.Tx) (err error) {
		recs, err = tx.List(store.Query{Kind: kindHeard})
		return err
	}); err != nil {
		b.Fatal(err)
	}
	return recs
}

func (in *intake) sameAs(b *testing.B, other *intake) {
	mine, theirs := in.heard(b), other.heard(b)
	if len(mine) != intakeRounds*intakeBlock || len(mine) != len(theirs) {
		b.Fatalf("%d and %d intents kept", len(mine), len(theirs))
	}
	for i := range mine {
		if !reflect.DeepEqual(mine[i], theirs[i]) {
			b.Fatalf("kept otherwise: %+v and %+v", mine[i], theirs[i])
		}
	}
}

// strangersCasts are n valid casts, each by an author of its own.
func strangersCasts(t testing.TB, n int) (wires [][]byte) {
	t.Helper()
	now := time.Now()
	route := intentcast.Route{
		Peer: "12D3KooWEZXjE41uU4EL2gpkAQeDXYok6wghN7wwNVPF5bwkaNfS", Addrs: []string{"/ip4/192.0.2.7/udp/4001/quic-v1"},
		Slot: make([]byte, 32), Key: make([]byte, intentcast.ReplyKeySize),
	}
	route.Slot[0] = 1
	for i := range n {
		signer := strangerSigner(i)
		c, err := intentcast.Sign(example.Stroller(signer.DID(), route, now), signer, now)
		if err != nil {
			t.Fatal(err)
		}
		wire, err := c.Encode()
		if err != nil {
			t.Fatal(err)
		}
		wires = append(wires, wire)
	}
	return wires
}

func strangerSigner(i int) identity.Signer {
	seed := sha256.Sum256([]byte(fmt.Sprint("stranger ", i)))
	return identity.NewKeySigner(ed25519.NewKeyFromSeed(seed[:]))
}
