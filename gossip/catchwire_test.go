package gossip

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/parley-network/parley/gossip/reconcile"
)

// A stream is cut into the frames it was made of, and never past a bound.
func FuzzReadFrame(f *testing.F) {
	f.Add([]byte{1, 'a', 2, 'b', 'c'})
	f.Add([]byte{0x80, 0})
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, b []byte) {
		const most = 1000
		r := bufio.NewReader(bytes.NewReader(b))
		var again bytes.Buffer
		for {
			data, err := readFrame(r, most)
			if err == io.EOF && again.Len() != len(b) {
				t.Fatalf("%d of %d bytes read", again.Len(), len(b))
			}
			if err != nil {
				break
			}
			if len(data) == 0 || len(data) > most {
				t.Fatalf("a frame of %d bytes", len(data))
			}
			if err := writeFrame(&again, data); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.HasPrefix(b, again.Bytes()) {
			t.Fatalf("%x read as %x", b, again.Bytes())
		}
	})
}

func TestReadFrameStops(t *testing.T) {
	for name, tt := range map[string]struct {
		b    []byte
		want error
	}{
		"nothing":         {nil, io.EOF},
		"cut in a length": {[]byte{0x80}, io.ErrUnexpectedEOF},
		"cut in a frame":  {[]byte{2, 1}, io.ErrUnexpectedEOF},
		"an empty frame":  {[]byte{0}, reconcile.ErrGarbage},
		"too long":        {[]byte{101}, reconcile.ErrGarbage},
		"a long length":   {[]byte{0x81, 0}, reconcile.ErrGarbage},
		"endless length":  {bytes.Repeat([]byte{0xff}, 100), reconcile.ErrGarbage},
	} {
		if _, err := readFrame(bufio.NewReader(bytes.NewReader(tt.b)), 100); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v", name, err)
		}
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
	a := asked{news: make(chan struct{}, 1)}
	if !a.begin("p", now) || a.begin("p", now) {
		t.Error("one peer is asked twice at a time")
	}
	a.rest("p", now, time.Minute)
	a.end("p")
	if a.begin("p", now) || !a.begin("p", now.Add(time.Minute)) || !a.resting("p", now) {
		t.Error("it rests for another time than told")
	}
	a.later("q", now.Add(time.Second))
	a.later("r", now.Add(time.Minute))
	if peers, wait := a.due(now); len(peers) != 0 || wait != time.Second {
		t.Errorf("due at once: %v, the next in %s", peers, wait)
	}
	if peers, wait := a.due(now.Add(2 * time.Second)); len(peers) != 1 || peers[0] != "q" || wait != 58*time.Second {
		t.Errorf("due after a second: %v, the next in %s", peers, wait)
	}
	for range 2 * maxResting {
		a.later("s", now)
	}
	if len(a.again) > maxResting {
		t.Errorf("%d appointments", len(a.again))
	}
}
