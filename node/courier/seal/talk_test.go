package seal_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"testing"

	"github.com/parley-network/parley/node/courier/seal"
	"pgregory.net/rapid"
)

// After a letter and its answer both ends have one session, and whoever has only
// one of the two receipts' keys has another.
func TestTalk(t *testing.T) {
	vendor, route := newKey(t), newKey(t)
	asked, askedKey, err := seal.Seal(vendor.Public(), letter(10))
	if err != nil {
		t.Fatal(err)
	}
	_, heardKey, err := vendor.Open(asked)
	if err != nil {
		t.Fatal(err)
	}
	answer, answerKey, err := seal.Seal(route.Public(), letter(20))
	if err != nil {
		t.Fatal(err)
	}
	_, openedKey, err := route.Open(answer)
	if err != nil {
		t.Fatal(err)
	}
	person, node := seal.Talk(askedKey, openedKey), seal.Talk(heardKey, answerKey)
	for n := range uint64(3) {
		sealed, err := person.SealRequest(n, []byte("a word"))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := node.OpenRequest(n, sealed); err != nil || string(got) != "a word" {
			t.Errorf("request %d: %q, %v", n, got, err)
		}
	}
	sealed, err := person.SealRequest(3, []byte("a word"))
	if err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]*seal.Session{
		"who asked by another's route": seal.Talk(askedKey, make([]byte, 32)), "who has the route alone": seal.Talk(make([]byte, 32), openedKey),
		"the other way round": seal.Talk(openedKey, askedKey),
	} {
		if _, err := s.OpenRequest(3, sealed); !errors.Is(err, seal.ErrUnreadable) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The secret of a talk, for whoever writes another node: HMAC-SHA256 of 32 bytes 02
// under 32 bytes 01, expanded (computed with Python's hmac).
func TestTalkVector(t *testing.T) {
	s := seal.Talk(bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32))
	if got := hex.EncodeToString(s.Tag(0)); got != talkTag0 {
		t.Errorf("tag of request 0: %s, want %s", got, talkTag0)
	}
}

// What is closed opens under its name and key, and in no other way.
func TestBox(t *testing.T) {
	mine, others := box(t), box(t)
	rapid.Check(t, func(t *rapid.T) {
		name, plain := rapid.SliceOfN(rapid.Byte(), 1, 20).Draw(t, "name"), rapid.SliceOf(rapid.Byte()).Draw(t, "plain")
		closed, err := mine.Close(name, plain)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := mine.Open(name, closed); err != nil || !bytes.Equal(got, plain) {
			t.Fatalf("%x, %v", got, err)
		}
		if _, err := mine.Open(append(name, 0), closed); !errors.Is(err, seal.ErrUnreadable) {
			t.Fatalf("under another name: %v", err)
		}
		if _, err := others.Open(name, closed); !errors.Is(err, seal.ErrUnreadable) {
			t.Fatalf("with another key: %v", err)
		}
		closed[rapid.IntRange(0, len(closed)-1).Draw(t, "byte")] ^= 1
		if _, err := mine.Open(name, closed); !errors.Is(err, seal.ErrUnreadable) {
			t.Fatalf("changed: %v", err)
		}
		if _, err := mine.Open(name, closed[:min(len(closed), 23)]); !errors.Is(err, seal.ErrUnreadable) {
			t.Fatalf("cut: %v", err)
		}
	})
}

// A mark is its name's, and its box's.
func TestMark(t *testing.T) {
	key := newKey(t)
	mine, err := seal.NewBox(key)
	if err != nil {
		t.Fatal(err)
	}
	again, err := seal.NewBox(key)
	if err != nil {
		t.Fatal(err)
	}
	mark := mine.Mark([]byte("card"))
	if again.Mark([]byte("card")) != mark {
		t.Error("another mark for the same name")
	}
	if mine.Mark([]byte("card 2")) == mark || box(t).Mark([]byte("card")) == mark {
		t.Error("the same mark for another name, or at another node")
	}
}

func box(t *testing.T) *seal.Box {
	t.Helper()
	b, err := seal.NewBox(newKey(t))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// A letter on its own is read as strictly as one in a seal.
func TestEncodeLetter(t *testing.T) {
	b, err := seal.EncodeLetter(letter(10))
	if err != nil {
		t.Fatal(err)
	}
	if l, err := seal.DecodeLetter(b); err != nil || l.Kind != "offer" {
		t.Errorf("%+v, %v", l, err)
	}
	bad := letter(1)
	bad.Kind = ""
	if _, err := seal.EncodeLetter(bad); err == nil {
		t.Error("a letter of no kind")
	}
	for name, b := range map[string][]byte{"nothing": nil, "more behind": append(bytes.Clone(b), 0), "cut": b[:len(b)-1], "no letter": {0xa0}} {
		if _, err := seal.DecodeLetter(b); !errors.Is(err, seal.ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

const talkTag0 = "cbd242601444a79eb639c85b52c22788"
