package node

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/courier/seal"
)

// Whatever another side puts into an alarm is refused, or is one
// that is written the same way again: there is one form of each, and it is
// bounded.

func FuzzDecodeAlarm(f *testing.F) {
	id := dagcbor.Sum([]byte("a statement"))
	for _, a := range []alarmContent{
		{Version: 1, Statement: id, Reason: "two stories"},
		{Version: 2, Statement: id, Reason: "two stories"},
		{Version: 1, Statement: id, Reason: strings.Repeat("x", 4*maxReason)},
		{Version: 1},
	} {
		seed(f, a)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := decodeAlarm(b)
		if err != nil {
			return
		}
		if a.Version != 1 || len(a.Reason) > maxReason+len("…") {
			t.Errorf("let in version %d with %d bytes", a.Version, len(a.Reason))
		}
		again(t, a, b)
	})
}

func FuzzDecodeRead(f *testing.F) {
	id := bytes.Repeat([]byte{7}, seal.IDSize)
	for _, l := range []readLetter{
		{Version: 1, Letters: [][]byte{id}},
		{Version: 1, Letters: [][]byte{id, id[1:]}},
		{Version: 1, Letters: slices.Repeat([][]byte{id}, mostRead+1)},
		{Version: 2, Letters: [][]byte{id}},
		{Version: 1},
	} {
		seed(f, l)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		ids, err := decodeRead(b)
		if err != nil {
			return
		}
		if len(ids) == 0 || len(ids) > mostRead || slices.ContainsFunc(ids, func(id []byte) bool { return len(id) != seal.IDSize }) {
			t.Errorf("let in %x", ids)
		}
		again(t, readLetter{Version: 1, Letters: ids}, b)
	})
}

// seed adds v as it is written, and cut, doubled and with a bit turned.
func seed(f *testing.F, v any) {
	f.Helper()
	b, err := dagcbor.Marshal(v)
	if err != nil {
		return // such a value has no form at all
	}
	turned := bytes.Clone(b)
	turned[len(b)/2] ^= 1
	for _, s := range [][]byte{b, b[:len(b)-1], append(bytes.Clone(b), b...), turned, nil} {
		f.Add(s)
	}
}

func again(t *testing.T, v any, b []byte) {
	t.Helper()
	if w, err := dagcbor.Marshal(v); err != nil || !bytes.Equal(w, b) {
		t.Errorf("%x was let in, and is written %x: %v", b, w, err)
	}
}
