package reconcile_test

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"

	"github.com/parley-network/parley/gossip/reconcile"
)

// set is ids of records, as digests.
type set map[[32]byte]bool

func digest(rng *rand.Rand) (id [32]byte) {
	for i := range 4 {
		binary.LittleEndian.PutUint64(id[8*i:], rng.Uint64())
	}
	return id
}

// pair is two sets that have some in common and some each of their own.
func pair(rng *rand.Rand, common, onlyA, onlyB int) (a, b set) {
	a, b = make(set, common+onlyA), make(set, common+onlyB)
	for range common {
		id := digest(rng)
		a[id], b[id] = true, true
	}
	for range onlyA {
		a[digest(rng)] = true
	}
	for range onlyB {
		b[digest(rng)] = true
	}
	return a, b
}

// shorts are the short ids of the set, each once.
func (s set) shorts(k reconcile.Key) []uint64 {
	shorts := make([]uint64, 0, len(s))
	for id := range s {
		shorts = append(shorts, k.Short(id[:]))
	}
	slices.Sort(shorts)
	return slices.Compact(shorts)
}

// cost is what a conversation took.
type cost struct {
	rounds, bytes int
	listed        bool
	complete      bool
}

// failer is a test of either kind.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

// frame is what a message's length costs on a stream.
func frame(b []byte) int { return len(binary.AppendUvarint(nil, uint64(len(b)))) + len(b) }

func answerer(k reconcile.Key, shorts []uint64, prefix int) *reconcile.Answerer {
	sketch := reconcile.NewSketch(prefix)
	for _, s := range shorts {
		sketch.Add(s)
	}
	return reconcile.NewAnswerer(k, sketch, shorts)
}

// pull is one conversation in which asker asks who has other for what it
// lacks. It counts the bytes of all questions and answers without the records
// themselves, but with what frames them.
func pull(t failer, k reconcile.Key, asker, other set, prefix int) (missing []uint64, c cost) {
	t.Helper()
	return converse(t, answerer(k, other.shorts(k), prefix), asker)
}

func converse(t failer, answers *reconcile.Answerer, asker set) (missing []uint64, c cost) {
	t.Helper()
	asks := reconcile.NewAsker(asker.shorts)
	question := reconcile.NewOpen(true, []string{"parley/toys/u4p"}).Encode()
	answer := answers.Opened()
	for {
		c.rounds++
		c.bytes += frame(question) + frame(answer)
		var err error
		if question, err = asks.Next(answer); err != nil {
			t.Fatalf("answer %d: %v", c.rounds, err)
		}
		if question == nil {
			break
		}
		c.listed = c.listed || question[0] == 3
		if answer, err = answers.Answer(question); err != nil {
			t.Fatalf("question %d: %v", c.rounds, err)
		}
	}
	c.complete = asks.Complete()
	missing = asks.Missing()
	slices.Sort(missing)
	for part := range slices.Chunk(missing, reconcile.MaxGet) {
		c.rounds++
		got := reconcile.Gather(part, func(uint64) (reconcile.Record, bool) { return reconcile.Record{}, true })
		c.bytes += frame(reconcile.EncodeGet(part)) + frame(got.Encode())
	}
	return missing, c
}

// lacks is what the answer should be.
func lacks(k reconcile.Key, asker, other set) []uint64 {
	own := asker.shorts(k)
	return slices.DeleteFunc(other.shorts(k), func(s uint64) bool {
		_, has := slices.BinarySearch(own, s)
		return has
	})
}

func key(rng *rand.Rand) (k reconcile.Key) {
	binary.LittleEndian.PutUint64(k[:], rng.Uint64())
	binary.LittleEndian.PutUint64(k[8:], rng.Uint64())
	return k
}
