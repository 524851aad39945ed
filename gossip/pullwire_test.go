package gossip

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/parley-network/parley/gossip/termupdate"
	"github.com/parley-network/parley/identity"
)

func TestKnownTravels(t *testing.T) {
	ranks := rapid.Custom(func(t *rapid.T) termupdate.Rank {
		return termupdate.Rank{Key: uint64(rapid.Uint32().Draw(t, "key")), Seq: rapid.Uint64().Draw(t, "seq")}
	})
	rapid.Check(t, func(t *rapid.T) {
		known := make(map[termupdate.Digest]termupdate.Rank)
		for i := range rapid.IntRange(0, 50).Draw(t, "vendors") {
			known[termupdate.DigestOf(identity.DID(fmt.Sprint(i)))] = ranks.Draw(t, "rank")
		}
		b := encodeKnown(known)
		got, err := decodeKnown(b)
		if err != nil || len(got) != len(known) || len(b) != 1+recordSize*len(known) {
			t.Fatalf("%d of %d in %d bytes, %v", len(got), len(known), len(b), err)
		}
		for d, r := range known {
			if got[d] != r {
				t.Fatalf("%x: %+v, want %+v", d, got[d], r)
			}
		}
	})
}

func FuzzDecodeKnown(f *testing.F) {
	f.Add([]byte{1})
	f.Add([]byte{})
	f.Add(encodeKnown(map[termupdate.Digest]termupdate.Rank{{1}: {Key: 1, Seq: 2}, {2}: {Key: 3, Seq: 4}}))
	f.Fuzz(func(t *testing.T, b []byte) {
		known, err := decodeKnown(b)
		if err != nil {
			return
		}
		if again := encodeKnown(known); !bytes.Equal(again, b) {
			t.Fatalf("%x encoded again as %x", b, again)
		}
	})
}

// An answer is read to its own end and no further, and never more of it than
// one answer may have.
func FuzzReadAnswer(f *testing.F) {
	f.Add([]byte{0, 0, 0, 0, 0})
	f.Add([]byte{0, 0, 0, 2, 'a', 'b', 0, 0, 0, 0, 1})
	f.Add(bytes.Repeat([]byte{0, 0, 0, 1, 'a'}, maxPulled+1))
	f.Fuzz(func(t *testing.T, b []byte) {
		var parts [][]byte
		r := bytes.NewReader(b)
		more, err := readAnswer(r, func(data []byte) error {
			parts = append(parts, data)
			return nil
		})
		if len(parts) > maxPulled {
			t.Fatalf("%d updates", len(parts))
		}
		if err != nil {
			return
		}
		var again []byte
		for _, p := range parts {
			again = appendFrame(again, p)
		}
		again = append(appendFrame(again, nil), 0)
		if more {
			again[len(again)-1] = 1
		}
		if !bytes.Equal(again, b[:len(b)-r.Len()]) {
			t.Fatalf("%x read as %x", b, again)
		}
	})
}

func TestReadAnswerStops(t *testing.T) {
	all := func([]byte) error { return nil }
	for name, b := range map[string][]byte{
		"one update too many": bytes.Repeat(appendFrame(nil, []byte{1}), maxPulled+1),
		"a byte too many":     bytes.Repeat(appendFrame(nil, make([]byte, termupdate.MaxUpdate)), maxPulledBytes/termupdate.MaxUpdate+1),
		"an update too large": appendFrame(nil, make([]byte, termupdate.MaxUpdate+1)),
		"another last byte":   {0, 0, 0, 0, 2},
	} {
		if _, err := readAnswer(bytes.NewReader(b), all); !errors.Is(err, errGarbage) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := readAnswer(bytes.NewReader([]byte{0, 0, 0, 0}), all); !errors.Is(err, io.EOF) || errors.Is(err, errGarbage) {
		t.Errorf("cut off: %v", err)
	}
	enough := errors.New("enough")
	if _, err := readAnswer(bytes.NewReader(appendFrame(nil, []byte{1})), func([]byte) error { return enough }); !errors.Is(err, enough) {
		t.Errorf("the taker's own error: %v", err)
	}
}

func TestPacer(t *testing.T) {
	start := time.Date(2026, 3, 16, 9, 0, 0, 0, time.UTC)
	p := newPacer[string](time.Minute, 3)
	count := func(k string, at time.Duration) (n int) {
		for p.wait(k, start.Add(at)) <= 0 {
			p.take(k, start.Add(at))
			n++
		}
		return n
	}
	for _, tt := range []struct {
		key  string
		at   time.Duration
		want int
	}{
		{"a", 0, 3}, {"b", 0, 3}, {"a", 30 * time.Second, 0}, {"a", time.Minute, 1},
		{"a", 3 * time.Minute, 2}, {"a", time.Hour, 3}, {"b", time.Hour, 3},
	} {
		if got := count(tt.key, tt.at); got != tt.want {
			t.Errorf("%s after %s: %d, want %d", tt.key, tt.at, got, tt.want)
		}
	}
	if got := p.wait("a", start.Add(time.Hour)); got != time.Minute {
		t.Errorf("has to wait %s", got)
	}
	for i := range pacerLimit {
		p.take(fmt.Sprint(i), start.Add(time.Hour))
	}
	if p.wait("new", start.Add(time.Hour)) <= 0 {
		t.Error("a full pacer takes one more")
	}
	if p.wait("new", start.Add(2*time.Hour)) > 0 || len(p.dry) != 0 {
		t.Errorf("%d stay behind", len(p.dry))
	}
}

func TestWhoToAskIsBounded(t *testing.T) {
	now := time.Now()
	var a asked
	if !a.begin("p", now) || a.begin("p", now) {
		t.Error("one peer is asked twice at a time")
	}
	a.rest("p", now, time.Minute)
	a.end("p")
	if a.begin("p", now) || !a.begin("p", now.Add(time.Minute)) || !a.resting("p", now) {
		t.Error("it rests for another time than told")
	}
}
