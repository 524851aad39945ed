package seal_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/node/courier/seal"
	"pgregory.net/rapid"
)

var sent = identity.At(time.Date(2026, 3, 20, 9, 0, 0, 0, time.UTC))

// letter is a valid letter with a body of n bytes.
func letter(n int) seal.Letter {
	return seal.Letter{
		Version: seal.LetterVersion, ID: []byte("0123456789abcdef"), Kind: "offer",
		Sent: sent, Expires: identity.At(sent.Std().Add(time.Hour)), Body: bytes.Repeat([]byte{7}, n),
	}
}

func newKey(t testing.TB) *seal.PrivateKey {
	t.Helper()
	k, err := seal.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	return k
}

var sameTime = cmp.Comparer(func(a, b identity.Time) bool { return a.Std().Equal(b.Std()) })

// Any letter comes out as it went in, has one of four sizes, and sender and
// recipient alone agree on its receipts.
func TestLetterRoundTrip(t *testing.T) {
	key, other := newKey(t), newKey(t)
	rapid.Check(t, func(t *rapid.T) {
		l := letter(rapid.IntRange(0, seal.MaxLetter-256).Draw(t, "body"))
		l.ID = rapid.SliceOfN(rapid.Byte(), seal.IDSize, seal.IDSize).Draw(t, "id")
		l.Kind = rapid.StringMatching(`[a-z]{1,64}`).Draw(t, "kind")
		sealed, sendersReceipt, err := seal.Seal(key.Public(), l)
		if err != nil {
			t.Fatal(err)
		}
		if !seal.ValidSize(len(sealed)) || len(sealed)-seal.Overhead > 4*max(1024, len(l.Body)+256) {
			t.Fatalf("sealed to %d bytes", len(sealed))
		}
		got, receipt, err := key.Open(sealed)
		if err != nil {
			t.Fatal(err)
		}
		if len(l.Body) == 0 {
			l.Body = nil
		}
		if d := cmp.Diff(l, got, sameTime); d != "" {
			t.Fatal(d)
		}
		if !seal.VerifyReceipt(sendersReceipt, 1, seal.Receipt(receipt, 1)) || seal.VerifyReceipt(sendersReceipt, 2, seal.Receipt(receipt, 1)) {
			t.Fatal("receipts differ, or hold for another answer")
		}
		if _, _, err := other.Open(sealed); !errors.Is(err, seal.ErrUnreadable) {
			t.Fatalf("opened by another key: %v", err)
		}
	})
}

// A change of any one bit makes a letter unreadable.
func TestFlippedBits(t *testing.T) {
	key := newKey(t)
	sealed, _, err := seal.Seal(key.Public(), letter(10))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(sealed); i += 61 {
		bad := bytes.Clone(sealed)
		bad[i] ^= 1 << (i % 8)
		if _, _, err := key.Open(bad); !errors.Is(err, seal.ErrUnreadable) {
			t.Fatalf("byte %d: %v", i, err)
		}
	}
}

func TestSealRefuses(t *testing.T) {
	key := newKey(t)
	route := intentcast.Route{Peer: "12D3KooW", Key: key.Public()}
	for name, c := range map[string]struct {
		change func(*seal.Letter)
		want   string
	}{
		"version":     {func(l *seal.Letter) { l.Version = 2 }, "letter: v: 2 is unknown"},
		"id":          {func(l *seal.Letter) { l.ID = l.ID[1:] }, "letter: id of 15 bytes"},
		"no kind":     {func(l *seal.Letter) { l.Kind = "" }, "letter: kind of 0 bytes"},
		"long kind":   {func(l *seal.Letter) { l.Kind = strings.Repeat("k", 65) }, "letter: kind of 65 bytes"},
		"no expiry":   {func(l *seal.Letter) { l.Expires = identity.Time{} }, "letter: sent and expires"},
		"over before": {func(l *seal.Letter) { l.Expires = l.Sent }, "letter: expires 2026-03-20T09:00:00Z"},
		"too large":   {func(l *seal.Letter) { l.Body = make([]byte, seal.MaxLetter) }, "too large to be sealed"},
		"slot": {func(l *seal.Letter) {
			r := route
			r.Slot = make([]byte, 31)
			l.From = &r
		}, "letter: from: route: slot of 31 bytes"},
		"route key": {func(l *seal.Letter) {
			r := route
			r.Key = r.Key[1:]
			l.From = &r
		}, "letter: from: route: public key of 1215 bytes"},
		"no peer": {func(l *seal.Letter) { l.From = &intentcast.Route{Key: key.Public()} }, "letter: from: route: peer of 0 bytes"},
		"many addresses": {func(l *seal.Letter) {
			r := route
			r.Addrs = make([]string, 17)
			l.From = &r
		}, "letter: from: route: 17 addresses"},
	} {
		l := letter(1)
		c.change(&l)
		if _, _, err := seal.Seal(key.Public(), l); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
	for _, n := range []int{0, 32, seal.KeySize - 1, seal.KeySize + 1} {
		if _, _, err := seal.Seal(make([]byte, n), letter(1)); !errors.Is(err, seal.ErrKey) {
			t.Errorf("key of %d bytes: %v", n, err)
		}
	}
	if err := seal.CheckKey(bytes.Repeat([]byte{0xff}, seal.KeySize)); !errors.Is(err, seal.ErrKey) {
		t.Errorf("key that ML-KEM refuses: %v", err)
	}
}

func TestStoredKey(t *testing.T) {
	key := newKey(t)
	seed, err := key.Seed()
	if err != nil || len(seed) != seal.SeedSize {
		t.Fatalf("seed of %d bytes, %v", len(seed), err)
	}
	again, err := seal.NewPrivateKey(seed)
	if err != nil || !bytes.Equal(again.Public(), key.Public()) {
		t.Fatalf("another key came back: %v", err)
	}
	for _, s := range []string{key.String(), key.GoString(), fmt.Sprintf("%v %+v %#v", key, key, key)} {
		if strings.Contains(s, fmt.Sprintf("%x", seed[:8])) {
			t.Errorf("%q shows the secret", s)
		}
	}
	if _, err := seal.NewPrivateKey(seed[1:]); !errors.Is(err, seal.ErrKey) {
		t.Errorf("short seed: %v", err)
	}
}

// A request and its response can be read by the two ends alone, and the
// response belongs to that request.
func TestExchange(t *testing.T) {
	key := newKey(t)
	rapid.Check(t, func(t *rapid.T) {
		body := rapid.SliceOfN(rapid.Byte(), 0, 5000).Draw(t, "body")
		request, x, err := seal.SealRequest(key.Public(), body)
		if err != nil {
			t.Fatal(err)
		}
		got, reply, err := key.OpenRequest(request)
		if err != nil || !bytes.Equal(got, body) {
			t.Fatalf("request: %v", err)
		}
		response, err := reply.Seal(got)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := x.Open(response); err != nil || !bytes.Equal(back, body) {
			t.Fatalf("response: %v", err)
		}
		_, stranger, err := seal.SealRequest(key.Public(), body)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := stranger.Open(response); !errors.Is(err, seal.ErrUnreadable) {
			t.Fatalf("response to another's request: %v", err)
		}
		response[rapid.IntRange(0, len(response)-1).Draw(t, "byte")] ^= 1
		if _, err := x.Open(response); !errors.Is(err, seal.ErrUnreadable) {
			t.Fatalf("changed response: %v", err)
		}
		if _, _, err := key.OpenRequest(request[:len(request)-1]); !errors.Is(err, seal.ErrUnreadable) {
			t.Fatalf("cut request: %v", err)
		}
	})
}

// A letter is no request and a request no letter, though sealed to one key.
func TestPurposesAreApart(t *testing.T) {
	key := newKey(t)
	sealed, _, err := seal.Seal(key.Public(), letter(1))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := key.OpenRequest(sealed); !errors.Is(err, seal.ErrUnreadable) {
		t.Errorf("letter opened as request: %v", err)
	}
	request, _, err := seal.SealRequest(key.Public(), []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := key.Open(request); !errors.Is(err, seal.ErrUnreadable) {
		t.Errorf("request opened as letter: %v", err)
	}
}

func TestExchangeTooLarge(t *testing.T) {
	key := newKey(t)
	if _, _, err := seal.SealRequest(key.Public(), make([]byte, seal.MaxExchange)); !errors.Is(err, seal.ErrTooLarge) {
		t.Errorf("got %v", err)
	}
}

func BenchmarkSeal(b *testing.B) {
	pub, l := newKey(b).Public(), letter(3000)
	for b.Loop() {
		if _, _, err := seal.Seal(pub, l); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpen(b *testing.B) {
	key := newKey(b)
	sealed, _, err := seal.Seal(key.Public(), letter(3000))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, _, err := key.Open(sealed); err != nil {
			b.Fatal(err)
		}
	}
}
