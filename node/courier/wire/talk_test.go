package wire

import (
	"bytes"
	"errors"
	"testing"

	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/courier/seal"
)

func TestTalkRequest(t *testing.T) {
	id := make([]byte, seal.IDSize)
	for name, c := range map[string]struct {
		r  TalkRequest
		ok bool
	}{
		"a letter":           {TalkRequest{Letter: []byte("letter")}, true},
		"proofs":             {TalkRequest{Proofs: []TalkProof{{id, Taken}, {id, Refused}}}, true},
		"nothing":            {TalkRequest{}, false},
		"both":               {TalkRequest{Letter: []byte("letter"), Proofs: []TalkProof{{id, Taken}}}, false},
		"too many proofs":    {TalkRequest{Proofs: make([]TalkProof, MaxReplies+1)}, false},
		"a short id":         {TalkRequest{Proofs: []TalkProof{{id[1:], Taken}}}, false},
		"proof of no status": {TalkRequest{Proofs: []TalkProof{{id, Busy}}}, false},
	} {
		b, err := EncodeTalkRequest(c.r)
		if (err == nil) != c.ok {
			t.Errorf("%s: encoded: %v", name, err)
		}
		if err != nil {
			c.r.Version = version
			if b, err = dagcbor.Marshal(c.r); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := DecodeTalkRequest(b); (err == nil) != c.ok || err != nil && !errors.Is(err, ErrFrame) {
			t.Errorf("%s: decoded: %v", name, err)
		}
	}
	b, err := dagcbor.Marshal(TalkRequest{Version: 2, Letter: []byte("letter")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := DecodeTalkRequest(b); !errors.Is(err, ErrFrame) {
		t.Errorf("version 2: %v", err)
	}
}

// An answer has as many letters as there is room for.
func TestTalkResponseHasRoom(t *testing.T) {
	for _, c := range []struct{ letters, size, want int }{{0, 0, 0}, {2, 600, 2}, {MaxReplies + 1, 600, MaxReplies}, {3, 50 << 10, 2}, {1, seal.MaxLetter, 1}} {
		r := TalkResponse{Status: Taken}
		for range c.letters {
			r.Letters = append(r.Letters, make([]byte, c.size))
		}
		b, brought, err := EncodeTalkResponse(r)
		if err != nil || brought != c.want || len(b) > seal.MaxExchange-4 {
			t.Errorf("%d of %d: %d brought in %d bytes, %v", c.letters, c.size, brought, len(b), err)
		}
		got, err := DecodeTalkResponse(b)
		if err != nil || len(got.Letters) != c.want || got.Status != Taken {
			t.Errorf("read as %d letters, %v", len(got.Letters), err)
		}
	}
	b, err := dagcbor.Marshal(TalkResponse{Version: 1, Status: Taken, Letters: make([][]byte, MaxReplies+1)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := DecodeTalkResponse(b); !errors.Is(err, ErrFrame) {
		t.Errorf("five letters: %v", err)
	}
}

// A request of a session is told from letters by its first byte, and has one of a
// session's sizes.
func TestTalkFrame(t *testing.T) {
	s := seal.Talk(make([]byte, 32), make([]byte, 32))
	sealed, err := s.SealRequest(0, []byte("body"))
	if err != nil {
		t.Fatal(err)
	}
	ask, err := DecodeLetter(EncodeTalk(sealed))
	if err != nil || !bytes.Equal(ask.Talk, sealed) || ask.Sealed != nil {
		t.Errorf("%+v, %v", ask, err)
	}
	if _, err := DecodeLetter(EncodeTalk(sealed[1:])); !errors.Is(err, ErrFrame) {
		t.Errorf("a byte short: %v", err)
	}
	long, err := s.SealRequest(1, make([]byte, seal.MaxLetter))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := DecodeLetter(EncodeTalk(long)); !errors.Is(err, ErrFrame) {
		t.Errorf("longer than any letter: %v", err)
	}
}

func FuzzTalk(f *testing.F) {
	for _, r := range []TalkRequest{{Letter: []byte("letter")}, {Proofs: []TalkProof{{make([]byte, seal.IDSize), Taken}}}} {
		b, err := EncodeTalkRequest(r)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	b, _, err := EncodeTalkResponse(TalkResponse{Status: Taken, Letters: [][]byte{[]byte("letter")}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		if r, err := DecodeTalkRequest(b); err == nil {
			if again, err := EncodeTalkRequest(r); err != nil || !bytes.Equal(again, b) {
				t.Fatalf("request %x became %x, %v", b, again, err)
			}
		}
		if r, err := DecodeTalkResponse(b); err == nil {
			if again, _, err := EncodeTalkResponse(r); err != nil || len(r.Letters) > MaxReplies || len(again) > len(b) {
				t.Fatalf("response %x became %x, %v", b, again, err)
			}
		}
	})
}
