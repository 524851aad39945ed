package main

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	ma "github.com/multiformats/go-multiaddr"

	"github.com/parley-network/parley/node/view"
)

func TestReachable(t *testing.T) {
	listen, err := reachFlags{Reachable: true}.listenOn(nil)
	if err != nil || !opens(listen) {
		t.Fatalf("--reachable listens on %v, %v", listen, err)
	}
	for _, want := range []string{"/ip4/0.0.0.0/udp/4101/quic-v1", "/ip4/0.0.0.0/udp/4101/quic-v1/webtransport", "/ip4/0.0.0.0/tcp/4101"} {
		if !strings.Contains(strings.Join(listen, " ")+" ", want+" ") {
			t.Errorf("--reachable listens on %v, and not on %s", listen, want)
		}
	}
	if opens(loopback) {
		t.Error("without it other machines can connect")
	}
	said := []string{"/ip4/192.168.1.2/udp/1/quic-v1"}
	if got, err := (reachFlags{}).listenOn(said); err != nil || len(got) != 1 || got[0] != said[0] {
		t.Errorf("--listen %v comes to %v, %v", said, got, err)
	}
	var usage *usageError
	if _, err := (reachFlags{Reachable: true}).listenOn(said); !errors.As(err, &usage) {
		t.Errorf("--reachable with --listen: %v", err)
	}
}

func TestKeptAddressesLeaveHashesOut(t *testing.T) {
	const plain = "/ip4/0.0.0.0/udp/4101/quic-v1/webtransport"
	for _, s := range []string{plain, plain + "/certhash/uEiAkH5a4DPGKUuOBjYw0CgwjvcJCJMD2K_1aluKR_tpevQ", "/ip4/127.0.0.1/tcp/1"} {
		want := s[:min(len(s), len(plain))]
		if got := dropHashes(ma.StringCast(s)).String(); got != want {
			t.Errorf("of %s %s is kept", s, got)
		}
	}
}

// Status says in plain words how the node is reached and what to do, and of
// each connection who could ever read it.
func TestStatusTellsHowItIsReached(t *testing.T) {
	var out bytes.Buffer
	near := "/ip4/192.168.1.2/udp/4101/quic-v1/p2p/12D3KooWMe"
	printStatus(&out, view.Status{
		Addresses: []string{"/ip4/8.8.8.8/tcp/1/p2p/R/p2p-circuit/p2p/12D3KooWMe"},
		Reach:     view.Reach{Kind: "relayed", Text: "Called through one relay.", Do: "Forward a port.", Near: []string{near, "/ip4/192.168.1.2/udp/4101/quic-v1/webtransport/certhash/u/p2p/12D3KooWMe"}},
		Connections: []view.Connection{
			{PeerID: "12D3KooWA", Transport: "quic", KeyExchange: "X25519MLKEM768", PostQuantum: true},
			{PeerID: "12D3KooWB", Transport: "tcp", Inbound: true, KeyExchange: "X25519", Relay: "12D3KooWR"},
			{PeerID: "12D3KooWC\x1b[2J", Transport: "tcp"},
		},
	}, "node")
	text := out.String()
	for _, want := range []string{
		"Called through one relay.", "Forward a port.", "on its own network at " + near,
		"post-quantum (X25519MLKEM768)", "classical (X25519)", "through 12D3KooWR", "unknown",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("status does not say %q", want)
		}
	}
	if strings.Contains(text, "webtransport") || strings.Contains(text, "\x1b") {
		t.Errorf("status says more than it should:\n%q", text)
	}
}
