package seal_test

import (
	"bytes"
	"errors"
	"testing"

	"pgregory.net/rapid"

	"github.com/parley-network/parley/node/courier/seal"
)

// session returns both ends of one that an exchange left behind.
func session(t testing.TB) (asker, answerer *seal.Session) {
	t.Helper()
	key := newKey(t)
	request, x, err := seal.SealRequest(key.Public(), []byte("first"))
	if err != nil {
		t.Fatal(err)
	}
	_, reply, err := key.OpenRequest(request)
	if err != nil {
		t.Fatal(err)
	}
	return x.Session(), reply.Session()
}

// Each number's request and response open at the other end, under that number,
// in that direction and in that session alone.
func TestSession(t *testing.T) {
	asker, answerer := session(t)
	stranger, _ := session(t)
	rapid.Check(t, func(t *rapid.T) {
		body, n := rapid.SliceOfN(rapid.Byte(), 0, 5000).Draw(t, "body"), rapid.Uint64().Draw(t, "n")
		request, err := asker.SealRequest(n, body)
		if err != nil || !seal.IsSession(len(request)) || !bytes.Equal(request[:seal.TagSize], answerer.Tag(n)) {
			t.Fatalf("request of %d bytes, %v", len(request), err)
		}
		if got, err := answerer.OpenRequest(n, request); err != nil || !bytes.Equal(got, body) {
			t.Fatalf("request: %v", err)
		}
		response, err := answerer.SealResponse(n, body)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := asker.OpenResponse(n, response); err != nil || !bytes.Equal(got, body) {
			t.Fatalf("response: %v", err)
		}
		changed := bytes.Clone(request)
		changed[rapid.IntRange(0, len(request)-1).Draw(t, "byte")] ^= 1
		for what, open := range map[string]func() ([]byte, error){
			"another number":              func() ([]byte, error) { return answerer.OpenRequest(n+1, request) },
			"another session":             func() ([]byte, error) { return stranger.OpenRequest(n, request) },
			"one byte changed":            func() ([]byte, error) { return answerer.OpenRequest(n, changed) },
			"cut":                         func() ([]byte, error) { return answerer.OpenRequest(n, request[:len(request)-1]) },
			"the request as its response": func() ([]byte, error) { return asker.OpenResponse(n, request[seal.TagSize:]) },
			"another's response":          func() ([]byte, error) { return stranger.OpenResponse(n, response) },
			"an earlier response":         func() ([]byte, error) { return asker.OpenResponse(n+1, response) },
		} {
			if _, err := open(); !errors.Is(err, seal.ErrUnreadable) {
				t.Errorf("%s: %v", what, err)
			}
		}
	})
}

// By its length alone a request of a session can be told from one that begins
// another.
func TestSessionSizes(t *testing.T) {
	asker, _ := session(t)
	key := newKey(t)
	for _, n := range []int{0, 1 << 10, 4 << 10, 16 << 10, 64 << 10, seal.MaxExchange - 4} {
		request, err := asker.SealRequest(0, make([]byte, n))
		if err != nil || !seal.IsSession(len(request)) {
			t.Errorf("request around %d bytes: %v", n, err)
		}
		first, _, err := seal.SealRequest(key.Public(), make([]byte, n))
		if err != nil || seal.IsSession(len(first)) {
			t.Errorf("first request around %d bytes is taken for a session's: %v", n, err)
		}
	}
	if _, err := asker.SealRequest(0, make([]byte, seal.MaxExchange)); !errors.Is(err, seal.ErrTooLarge) {
		t.Errorf("got %v", err)
	}
}

func BenchmarkSessionRequest(b *testing.B) {
	asker, answerer := session(b)
	body := make([]byte, 100)
	for n := uint64(0); b.Loop(); n++ {
		request, err := asker.SealRequest(n, body)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := answerer.OpenRequest(n, request); err != nil {
			b.Fatal(err)
		}
	}
}
