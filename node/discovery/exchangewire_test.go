package discovery

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"strings"
	"testing"

	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/record"
	ma "github.com/multiformats/go-multiaddr"

	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/peerbook"
)

func newKey(t testing.TB) (crypto.PrivKey, peer.ID) {
	t.Helper()
	k, _, err := crypto.GenerateEd25519Key(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	id, _ := peer.IDFromPrivateKey(k)
	return k, id
}

// signedRecord is what the key's holder says of the peer id, true or not.
func signedRecord(t testing.TB, k crypto.PrivKey, id peer.ID, addrs ...string) []byte {
	t.Helper()
	r := &peer.PeerRecord{PeerID: id, Seq: 1}
	for _, a := range addrs {
		r.Addrs = append(r.Addrs, ma.StringCast(a))
	}
	e, err := record.Seal(r, k)
	if err != nil {
		t.Fatal(err)
	}
	b, err := e.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestOpenRecord(t *testing.T) {
	k, id := newKey(t)
	_, victim := newKey(t)
	good := signedRecord(t, k, id, "/ip4/192.168.1.1/tcp/22", "/ip4/1.2.3.4/tcp/4001")
	info, err := openRecord(good, peerbook.Public)
	if err != nil || info.ID != id || len(info.Addrs) != 1 || info.Addrs[0].String() != "/ip4/1.2.3.4/tcp/4001" {
		t.Errorf("%v, %v: want the public address alone", info, err)
	}
	if info, err := openRecord(good, peerbook.Local); err != nil || len(info.Addrs) != 2 {
		t.Errorf("within one network: %v, %v", info, err)
	}
	var many []string
	for i := range 100 {
		many = append(many, fmt.Sprintf("/ip4/8.8.8.%d/tcp/1", i))
	}
	if info, err := openRecord(signedRecord(t, k, id, many...), peerbook.Public); err != nil || len(info.Addrs) != peerbook.MaxAddrs {
		t.Errorf("%d addresses, %v", len(info.Addrs), err)
	}
	for i := range 10_000 {
		many = append(many, fmt.Sprintf("/ip4/8.8.%d.%d/tcp/1", i>>8, i&255))
	}
	for want, bad := range map[string][]byte{
		"at most 4096":     signedRecord(t, k, id, many...),
		"did not sign it":  signedRecord(t, k, victim, "/ip4/1.2.3.4/tcp/1"),
		"no address of":    signedRecord(t, k, id, "/ip4/127.0.0.1/tcp/22", "/ip4/169.254.169.254/tcp/80"),
		"invalid signatur": append(append([]byte{}, good[:len(good)-1]...), good[len(good)-1]^1),
		"peer record":      nil,
	} {
		if _, err := openRecord(bad, peerbook.Public); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q: %v", want, err)
		}
	}
}

func TestAnswerIsBounded(t *testing.T) {
	for name, a := range map[string]answer{
		"too many peers":    {Version: 1, Peers: make([][]byte, maxAsked+1)},
		"another version":   {Version: 2},
		"busy, with peers":  {Version: 1, Busy: true, Peers: [][]byte{{1}}},
		"more than a frame": {Version: 1, Peers: [][]byte{make([]byte, maxAnswer)}},
	} {
		b, err := dagcbor.Marshal(a)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := decodeAnswer(b); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	if b, _ := dagcbor.Marshal(question{1, 1 << 40}); true {
		if _, err := decodeQuestion(b); err == nil {
			t.Error("a question for a million million is taken")
		}
	}
	if b, _ := encodeQuestion(9999); true {
		if n, err := decodeQuestion(b); err != nil || n != maxAsked {
			t.Errorf("a question for 9999 is one for %d, %v", n, err)
		}
	}
}

func FuzzExchange(f *testing.F) {
	k, id := newKey(f)
	r := signedRecord(f, k, id, "/ip4/1.2.3.4/tcp/1")
	a, _ := dagcbor.Marshal(answer{Version: 1, Peers: [][]byte{r}})
	q, _ := encodeQuestion(3)
	f.Add(a)
	f.Add(q)
	f.Add(r)
	f.Fuzz(func(t *testing.T, b []byte) {
		if a, err := decodeAnswer(b); err == nil {
			if again, _ := dagcbor.Marshal(a); !bytes.Equal(again, b) {
				t.Errorf("answer %x is another way to write %x", b, again)
			}
		}
		_, _ = decodeQuestion(b)
		if info, err := openRecord(b, peerbook.Public); err == nil {
			for _, a := range info.Addrs {
				if peerbook.ScopeOf(a) != peerbook.Public {
					t.Errorf("took %s", a)
				}
			}
		}
	})
}
