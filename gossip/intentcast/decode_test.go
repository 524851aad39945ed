package intentcast_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity"
)

var stamp = []byte{12, 0, 0, 0, 0, 0, 0, 0x1f, 0x40}

// A stamp travels beside the signed part: the cast is the same with any.
func TestAStampIsCarriedOutsideTheSignature(t *testing.T) {
	plain := cast(t, parkCity(), "skier")
	stamped := plain.WithWork(stamp)
	wire := encode(t, stamped)
	if got := len(wire) - len(encode(t, plain)); got != 15 {
		t.Errorf("a stamp adds %d bytes, want 15", got)
	}
	got, err := intentcast.DecodeCast(wire)
	if err != nil {
		t.Fatal(err)
	}
	if got.ID != plain.ID || !bytes.Equal(got.Work, stamp) || !bytes.Equal(encode(t, got), wire) {
		t.Errorf("came back as %s with %x", got.ID, got.Work)
	}
	if !bytes.Equal(encode(t, got.WithWork(nil)), encode(t, plain)) {
		t.Error("without its stamp it is not what it was")
	}
	frame, err := intentcast.OpenCast(wire)
	if err != nil || frame.ID != plain.ID || !bytes.Equal(frame.Work, stamp) {
		t.Errorf("opened: %+v, %v", frame, err)
	}
}

func TestOnlyAStampIsWork(t *testing.T) {
	good := encode(t, cast(t, parkCity(), "skier").WithWork(stamp))
	i := bytes.LastIndex(good, []byte("work"))
	head := good[:i+4]
	for name, tail := range map[string][]byte{
		"empty":         {0x40},
		"null":          {0xf6},
		"short":         append([]byte{0x48}, stamp[1:]...),
		"long":          append([]byte{0x4a}, append(stamp, 0)...),
		"cut":           append([]byte{0x49}, stamp[1:]...),
		"not shortest":  append([]byte{0x58, 9}, stamp...),
		"text":          append([]byte{0x69}, stamp...),
		"a number":      {0x0c},
		"more after it": append(append([]byte{0x49}, stamp...), 0),
	} {
		wire := append(bytes.Clone(head), tail...)
		if _, err := intentcast.OpenCast(wire); err == nil {
			t.Errorf("%s: opened", name)
		}
		if _, err := intentcast.DecodeCast(wire); err == nil {
			t.Errorf("%s: decoded", name)
		}
	}
	offer, err := intentcast.SignOffer(rental(cast(t, parkCity(), "skier")), signer("rental"), now)
	if err != nil {
		t.Fatal(err)
	}
	wire := append(append(bytes.Clone(encode(t, offer)), "\x64work\x49"...), stamp...)
	wire[0]++
	if _, err := intentcast.DecodeOffer(wire); err == nil || !strings.Contains(err.Error(), "work") {
		t.Errorf("an offer with a stamp: %v", err)
	}
}

// However many come together, each is decoded as it is alone.
func TestManyAreDecodedAsEachAlone(t *testing.T) {
	wires := [][]byte{nil, []byte("garbage"), encode(t, cast(t, stroller(), "parent"))}
	for i := range 20 {
		in := stroller()
		in.Author = signer(fmt.Sprint(i)).DID()
		wire := encode(t, cast(t, in, fmt.Sprint(i)))
		switch i % 5 {
		case 3:
			wire[len(wire)-1] ^= 1 // another body: the signature does not hold
		case 4:
			wire = wire[:len(wire)-1]
		}
		wires = append(wires, wire)
	}
	wires = append(wires, vectorWires(t, "casts.json")...)
	rapid.Check(t, func(t *rapid.T) {
		some := rapid.SliceOfN(rapid.SampledFrom(wires), 0, 40).Draw(t, "wires")
		casts, errs := intentcast.DecodeCasts(some)
		for i, wire := range some {
			alone, err := intentcast.DecodeCast(wire)
			if !reflect.DeepEqual(alone, casts[i]) || fmt.Sprint(err) != fmt.Sprint(errs[i]) {
				t.Fatalf("%d of %d: %v, alone %v", i, len(some), errs[i], err)
			}
		}
	})
}

// What the ledger says of a cast whose signature nobody has checked is what it
// would say of the checked one, and asking changes nothing.
func TestLedgerKnowsBeforeTheSignature(t *testing.T) {
	all := lineWithForgeries(t)
	rapid.Check(t, func(t *rapid.T) {
		l, early := intentcast.NewLedger(0), 0
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			c := rapid.SampledFrom(all).Draw(t, "cast")
			at := hour(rapid.IntRange(0, 60).Draw(t, "hour"))
			before := entries(l, all)
			_, expected := l.Expects(c, 0, at)
			if !reflect.DeepEqual(before, entries(l, all)) {
				t.Fatal("asking changed the ledger")
			}
			forks := forked(l)
			err := apply(l, c, at)
			if expected == nil {
				continue
			}
			early++
			if fmt.Sprint(err) != fmt.Sprint(expected) {
				t.Fatalf("expected %v, was %v", expected, err)
			}
			if !reflect.DeepEqual(before, entries(l, all)) || forks != forked(l) {
				t.Fatalf("refused as %v, but the ledger learnt from it", expected)
			}
		}
	})
	// It does say so of what is sent most: what is known already.
	l, c := intentcast.NewLedger(0), cast(t, parkCity(), "skier")
	mustApply(t, l, c, now)
	if _, err := l.Expects(c, 0, now); !errors.Is(err, intentcast.Duplicate) {
		t.Errorf("a duplicate: %v", err)
	}
	if _, err := l.Expects(c, 0, now.Add(-time.Hour)); !errors.Is(err, intentcast.Future) {
		t.Errorf("an hour early: %v", err)
	}
}

func forked(l *intentcast.Ledger) (n int) {
	for _, e := range l.Entries() {
		if e.Forked {
			n++
		}
	}
	return n
}

// lineWithForgeries is a line of versions of different lives, its ends, a
// fork, and what others and another topic claim of it.
func lineWithForgeries(t *testing.T) []*intentcast.Cast {
	root := cast(t, parkCity(), "skier")
	all := []*intentcast.Cast{root}
	for i := range 3 {
		in := all[i].Successor(intentcast.StatusOpen, hour(i+1))
		in.Expires = identity.At(hour(50 - 20*i))
		all = append(all, cast(t, in, "skier"))
	}
	fork := all[1].Successor(intentcast.StatusOpen, hour(2))
	fork.Text = "another"
	withdrawn := all[3].Successor(intentcast.StatusWithdrawn, hour(4))
	withdrawn.Expires = identity.At(hour(6))
	moved := root.Successor(intentcast.StatusOpen, hour(2))
	moved.Place = nil
	stolen := root.Successor(intentcast.StatusWithdrawn, hour(2))
	stolen.Author = signer("thief").DID()
	return append(all, cast(t, fork, "skier"), cast(t, withdrawn, "skier"), cast(t, moved, "skier"), cast(t, stolen, "thief"))
}

func FuzzOpenCast(f *testing.F) {
	for _, wire := range vectorWires(f, "casts.json") {
		f.Add(wire)
	}
	f.Add(encode(f, cast(f, parkCity(), "skier").WithWork(stamp)))
	f.Fuzz(func(t *testing.T, b []byte) {
		frame, err := intentcast.OpenCast(b)
		c, decodeErr := intentcast.DecodeCast(b)
		if err != nil {
			if decodeErr == nil {
				t.Fatal("decoded, but not opened")
			}
			return
		}
		if decodeErr != nil {
			return
		}
		if frame.ID != c.ID || !bytes.Equal(encode(t, c), b) {
			t.Fatal("two encodings of one cast, or two ids")
		}
	})
}

func BenchmarkDecodeCasts(b *testing.B) {
	for _, n := range []int{1, 16, 64, 256} {
		var wires [][]byte
		for i := range n {
			in := stroller()
			in.Author = signer(fmt.Sprint(i)).DID()
			wires = append(wires, encode(b, cast(b, in, fmt.Sprint(i))))
		}
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				_, _ = intentcast.DecodeCasts(wires)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/1000/float64(b.N*n), "µs/cast")
		})
	}
}

func BenchmarkOpenCast(b *testing.B) {
	wire := encode(b, cast(b, parkCity(), "skier").WithWork(stamp))
	for b.Loop() {
		_, _ = intentcast.OpenCast(wire)
	}
}

// vectorWires are the wire forms of the published vectors.
func vectorWires(t testing.TB, file string) (wires [][]byte) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "vectors", file))
	if err != nil {
		t.Fatal(err)
	}
	var f struct{ Vectors []struct{ Wire []byte } }
	if err := json.Unmarshal(b, &f); err != nil {
		t.Fatal(err)
	}
	for _, v := range f.Vectors {
		wires = append(wires, v.Wire)
	}
	return wires
}
