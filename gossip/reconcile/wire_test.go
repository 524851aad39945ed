package reconcile_test

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/parley-network/parley/gossip/reconcile"
)

func TestMessagesTravel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		shards := rapid.SliceOfN(rapid.StringMatching(`[a-z]{1,8}/[a-z0-9]{3}`), 0, 20).Draw(t, "shards")
		open := reconcile.NewOpen(rapid.Bool().Draw(t, "terms"), shards)
		got, err := reconcile.DecodeOpen(open.Encode())
		if err != nil || got.Terms != open.Terms || !slices.Equal(got.Shards, open.Shards) {
			t.Fatalf("%+v, want %+v, %v", got, open, err)
		}
		for _, s := range shards {
			if _, named := slices.BinarySearch(got.Shards, reconcile.ShardID(s)); !named {
				t.Fatalf("%q is not named", s)
			}
		}
		shorts := rapid.SliceOfNDistinct(rapid.Uint64(), 1, reconcile.MaxGet, rapid.ID).Draw(t, "shorts")
		slices.Sort(shorts)
		asked, err := reconcile.DecodeGet(reconcile.EncodeGet(shorts))
		if err != nil || !slices.Equal(asked, shorts) || !reconcile.IsGet(reconcile.EncodeGet(shorts)) {
			t.Fatalf("%x, want %x, %v", asked, shorts, err)
		}
		wire := rapid.SliceOfN(rapid.Byte(), 0, 100)
		records := reconcile.Gather(shorts, func(short uint64) (reconcile.Record, bool) {
			return reconcile.Record{Kind: byte(short & 1), Wire: wire.Draw(t, "wire")}, short%3 != 0
		})
		back, err := reconcile.DecodeRecords(records.Encode(), len(shorts))
		if err != nil || back.Handled != len(shorts) || len(back.Records) != len(records.Records) {
			t.Fatalf("%d of %d, %v", back.Handled, len(shorts), err)
		}
		for i, r := range back.Records {
			if r.Kind != records.Records[i].Kind || !bytes.Equal(r.Wire, records.Records[i].Wire) {
				t.Fatalf("record %d: %+v", i, r)
			}
		}
	})
}

// One answer has so many bytes of records; the rest is asked for again.
func TestGatherIsBounded(t *testing.T) {
	shorts := []uint64{1, 2, 3, 4}
	big := reconcile.Record{Wire: make([]byte, reconcile.MaxBatch/2)}
	got := reconcile.Gather(shorts, func(uint64) (reconcile.Record, bool) { return big, true })
	if got.Handled != 2 || len(got.Records) != 2 {
		t.Errorf("%d of four halves handled", got.Handled)
	}
	if n := len(got.Encode()); n > reconcile.MaxAnswer {
		t.Errorf("%d bytes", n)
	}
	got = reconcile.Gather(shorts, func(uint64) (reconcile.Record, bool) { return reconcile.Record{}, false })
	if got.Handled != 4 || len(got.Records) != 0 {
		t.Errorf("%d of four that are gone handled", got.Handled)
	}
}

func TestOpenIsBounded(t *testing.T) {
	shards := make([]string, 2000)
	for i := range shards {
		shards[i] = string(rune('a'+i%26)) + string(rune('0'+i/26))
	}
	o := reconcile.NewOpen(true, shards)
	if len(o.Shards) != reconcile.MaxShards || len(o.Encode()) > reconcile.MaxQuestion {
		t.Errorf("%d shards in %d bytes", len(o.Shards), len(o.Encode()))
	}
}

func TestMessagesAreStrict(t *testing.T) {
	long := append([]byte{1, 0, 0x80, 0}, make([]byte, 0)...)
	for name, b := range map[string][]byte{
		"nothing": {}, "another message": {2, 0, 0}, "flags": {1, 2, 0}, "cut": {1, 0}, "a shard short": {1, 0, 1, 0, 0},
		"a byte more": {1, 0, 0, 0}, "a long number": long, "out of order": append([]byte{1, 0, 2}, make([]byte, 16)...),
		"too many": append([]byte{1, 0, 0x81, 8}, make([]byte, 8*1025)...), "an endless number": bytes.Repeat([]byte{0xff}, 20),
	} {
		if _, err := reconcile.DecodeOpen(b); !errors.Is(err, reconcile.ErrGarbage) {
			t.Errorf("open, %s: %v", name, err)
		}
	}
	for name, b := range map[string][]byte{
		"of nothing": {4, 0}, "cut": {4, 1, 0}, "out of order": append([]byte{4, 2}, make([]byte, 16)...),
		"too many": append([]byte{4, 0x81, 2}, make([]byte, 8*257)...),
	} {
		if _, err := reconcile.DecodeGet(b); !errors.Is(err, reconcile.ErrGarbage) {
			t.Errorf("get, %s: %v", name, err)
		}
	}
	for name, b := range map[string][]byte{
		"handled more": {0x84, 4, 0}, "handled nothing": {0x84, 0, 0}, "more than handled": {0x84, 1, 2, 0, 0, 0, 0},
		"unknown kind": {0x84, 1, 1, 2, 0}, "cut": {0x84, 1, 1, 0, 5, 1}, "a byte more": {0x84, 1, 0, 0},
	} {
		if _, err := reconcile.DecodeRecords(b, 3); !errors.Is(err, reconcile.ErrGarbage) {
			t.Errorf("records, %s: %v", name, err)
		}
	}
}

func FuzzDecodeOpen(f *testing.F) {
	f.Add(reconcile.NewOpen(true, []string{"parley/toys/u4p", "parley/cars/9q8"}).Encode())
	f.Add([]byte{1, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		o, err := reconcile.DecodeOpen(b)
		if err == nil && !bytes.Equal(o.Encode(), b) {
			t.Fatalf("%x encoded again as %x", b, o.Encode())
		}
	})
}

func FuzzDecodeGet(f *testing.F) {
	f.Add(reconcile.EncodeGet([]uint64{1, 2, 1 << 63}))
	f.Fuzz(func(t *testing.T, b []byte) {
		shorts, err := reconcile.DecodeGet(b)
		if err == nil && !bytes.Equal(reconcile.EncodeGet(shorts), b) {
			t.Fatalf("%x encoded again as %x", b, reconcile.EncodeGet(shorts))
		}
	})
}

func FuzzDecodeRecords(f *testing.F) {
	f.Add(reconcile.Records{Handled: 3, Records: []reconcile.Record{{Wire: []byte("abc")}, {Kind: 1}}}.Encode(), uint8(3))
	f.Fuzz(func(t *testing.T, b []byte, asked uint8) {
		r, err := reconcile.DecodeRecords(b, int(asked))
		if err != nil {
			return
		}
		if r.Handled > int(asked) || len(r.Records) > r.Handled {
			t.Fatalf("%d records, %d handled of %d", len(r.Records), r.Handled, asked)
		}
		if !bytes.Equal(r.Encode(), b) {
			t.Fatalf("%x encoded again as %x", b, r.Encode())
		}
	})
}

// An asker takes any answers to an end, without a panic and within its bounds.
func FuzzAsker(f *testing.F) {
	shorts := []uint64{3, 1 << 40, 1<<63 + 5}
	honest := answerer(reconcile.Key{1}, shorts, 8)
	more, _ := honest.Answer([]byte{2, 8})
	f.Add(honest.Opened(), more)
	f.Add([]byte{0x81}, []byte{0x83, 0})
	f.Fuzz(func(t *testing.T, first, then []byte) {
		asks := reconcile.NewAsker(func(reconcile.Key) []uint64 { return []uint64{3, 7} })
		answer := first
		for rounds := 0; ; rounds++ {
			if rounds > 64 {
				t.Fatal("no end")
			}
			question, err := asks.Next(answer)
			if err != nil && !errors.Is(err, reconcile.ErrGarbage) {
				t.Fatal(err)
			}
			if question == nil {
				break
			}
			if len(question) > reconcile.MaxQuestion {
				t.Fatalf("a question of %d bytes", len(question))
			}
			answer = then
		}
		if n := len(asks.Missing()); n > len(first)+64*len(then) {
			t.Fatalf("%d are missing", n)
		}
	})
}

// An answerer answers any questions within its bounds or not at all.
func FuzzAnswerer(f *testing.F) {
	f.Add([]byte{2, 8})
	f.Add([]byte{3, 0, 0, 0, 0, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, question []byte) {
		a := answerer(reconcile.Key{1}, []uint64{3, 9, 1 << 40}, 4)
		a.Opened()
		for range 10 {
			answer, err := a.Answer(question)
			if err != nil && !errors.Is(err, reconcile.ErrGarbage) {
				t.Fatal(err)
			}
			if len(answer) > reconcile.MaxAnswer {
				t.Fatalf("%d bytes", len(answer))
			}
		}
	})
}
