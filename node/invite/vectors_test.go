package invite_test

import (
	"encoding/json"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/parley-network/parley/node/invite"
)

var update = flag.Bool("update", false, "write the vectors")

// vector is one of testdata/vectors.json.
type vector struct {
	Name  string `json:"name"`
	Seed  byte   `json:"seed,omitempty"` // of the key: 32 times this byte
	Link  string `json:"link"`
	Peer  string `json:"peer,omitempty"`
	Error string `json:"error,omitempty"` // part of it
}

// TestVectors holds the format still: what is in testdata is opened, or refused,
// by every release.
func TestVectors(t *testing.T) {
	const file = "testdata/vectors.json"
	if *update {
		writeVectors(t, file)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var all []vector
	if err := json.Unmarshal(b, &all); err != nil || len(all) < 4 {
		t.Fatalf("%d vectors: %v", len(all), err)
	}
	for _, v := range all {
		t.Run(v.Name, func(t *testing.T) { v.check(t) })
	}
}

func (v vector) check(t *testing.T) {
	in, err := invite.Open(v.Link, now)
	if v.Error != "" {
		if err == nil || !strings.Contains(err.Error(), v.Error) {
			t.Errorf("%v, want %q", err, v.Error)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if info, err := in.Info(); err != nil || info.ID.String() != v.Peer {
		t.Errorf("of %s, %v", info.ID, err)
	}
	if again := sign(t, key(t, v.Seed), in); again != v.Link { // Ed25519 leaves nothing to chance
		t.Errorf("signed again it is %s", again)
	}
}

func writeVectors(t *testing.T, file string) {
	t.Helper()
	card, bare, old := sample(), sample(), sample()
	card.Card = proposal(t)
	bare.Addrs, bare.Name = nil, ""
	old.Made, old.Expires = 1, 2
	var all []vector
	for i, v := range []struct {
		name string
		in   invite.Invitation
	}{{"with two addresses and a name", sample()}, {"with a card", card}, {"with nothing that may be left out", bare}} {
		seed := byte(i + 1)
		id, _ := peer.IDFromPrivateKey(key(t, seed))
		all = append(all, vector{Name: v.name, Seed: seed, Link: sign(t, key(t, seed), v.in), Peer: id.String()})
	}
	forged := decoded(t, all[0].Link)
	forged.Name = "Bank"
	all = append(all,
		vector{Name: "another name", Link: encoded(t, forged), Error: "was changed"},
		vector{Name: "over for long", Link: sign(t, key(t, 1), old), Error: "expired"},
		vector{Name: "bytes more", Link: all[0].Link + "AAAA", Error: "not an invitation"})
	b, err := json.MarshalIndent(all, "", "  ")
	if err == nil {
		err = os.MkdirAll("testdata", 0o755)
	}
	if err == nil {
		err = os.WriteFile(file, append(b, '\n'), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}
