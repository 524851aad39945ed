package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/parley-network/parley/node/view"
)

// A vendor sees whether it may go off; a person's node has no mailboxes.
func TestStatusSaysWhoKeepsMail(t *testing.T) {
	for want, v := range map[string]*view.VendorStatus{
		"while this node is off, letters to it are kept by 12D3A and 12D3B": {Mail: []string{"12D3A", "12D3B"}},
		"no peer keeps letters for this node yet":                           {},
		"": nil,
	} {
		var out bytes.Buffer
		printStatus(&out, view.Status{Vendor: v}, "")
		if got := out.String(); !strings.Contains(got, want) || strings.Contains(got, "mail") != (v != nil) {
			t.Errorf("status of %+v:\n%s", v, got)
		}
	}
}

// Two nodes that call each other at once have two connections for a while; a
// peer has one row.
func TestOneRowForEachPeer(t *testing.T) {
	var out bytes.Buffer
	printConnections(&out, []view.Connection{
		{PeerID: "12D3A", Transport: "quic", Inbound: true, KeyExchange: "X", PostQuantum: true},
		{PeerID: "12D3B", Transport: "quic"},
		{PeerID: "12D3A", Transport: "tcp", KeyExchange: "X", PostQuantum: true},
	})
	got := out.String()
	if strings.Count(got, "12D3A") != 1 || !strings.Contains(got, "quic, tcp") || !strings.Contains(got, "in, out") || strings.Count(got, "post-quantum") != 1 {
		t.Errorf("rows:\n%s", got)
	}
}
