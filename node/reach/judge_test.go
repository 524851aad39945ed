package reach

import (
	"slices"
	"strings"
	"testing"
	"time"

	ma "github.com/multiformats/go-multiaddr"
	"pgregory.net/rapid"
)

const (
	relayA = "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA"
	relayB = "12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN"

	home = "/ip4/192.168.1.2/udp/4101/quic-v1"
	own  = "/ip4/8.8.4.4/udp/4101/quic-v1"
	six  = "/ip6/2606:4700::1/udp/4101/quic-v1"
)

func addrs(texts ...string) (out []ma.Multiaddr) {
	for _, s := range texts {
		out = append(out, ma.StringCast(s))
	}
	return out
}

func through(relays ...string) (out []ma.Multiaddr) {
	for _, r := range relays {
		out = append(out, addrs("/ip4/9.9.9.9/udp/1/quic-v1/p2p/"+r+"/p2p-circuit", "/ip4/9.9.9.9/tcp/1/p2p/"+r+"/p2p-circuit")...)
	}
	return out
}

// behind is a node on a home network that peers have tried to reach for a while.
func behind(change func(*Facts)) Facts {
	f := Facts{
		Listen:     addrs("/ip4/0.0.0.0/udp/4101/quic-v1", "/ip4/0.0.0.0/udp/4101/quic-v1/webtransport", "/ip4/0.0.0.0/tcp/4101", "/p2p-circuit"),
		Interfaces: addrs("/ip4/127.0.0.1/udp/4101/quic-v1", home, "/ip4/192.168.1.2/tcp/4101"),
		Peers:      2, Outside: 2, Watched: time.Hour,
	}
	change(&f)
	return f
}

func TestJudge(t *testing.T) {
	const forward = "have your router forward UDP port 4101 and TCP port 4101 to this machine (192.168.1.2)"
	for _, c := range []struct {
		name     string
		facts    Facts
		want     Kind
		text, do string // in the words
	}{
		{"on loopback", Facts{Listen: addrs("/ip4/127.0.0.1/udp/1/quic-v1", "/p2p-circuit"), Peers: 3, Watched: time.Hour},
			Local, "Only programs on this machine", "parley up --reachable"},
		{"on the Internet", behind(func(f *Facts) {
			f.Interfaces, f.Reachable, f.Offers = append(f.Interfaces, addrs(own)...), addrs(own), true
		}), Public, "Anyone can connect to this node. It relays", ""},
		{"its port is mapped", behind(func(f *Facts) { f.Reachable = addrs("/ip4/8.8.4.4/udp/30123/quic-v1") }),
			Mapped, "its router passes connections on to it.", ""},
		{"its port is mapped at its wish", behind(func(f *Facts) {
			f.Router, f.Mapped, f.Reachable = true, addrs("/ip4/8.8.4.4/udp/30123/quic-v1"), addrs("/ip4/8.8.4.4/udp/30123/quic-v1")
		}), Mapped, "to it, as the node asked it to.", ""},
		{"the router refuses", behind(func(f *Facts) { f.Router, f.Relays = true, through(relayA, relayB) }),
			Relayed, "2 relays", "was asked to open a port (UPnP, NAT-PMP) and has not"},
		{"the port opened leads nowhere", behind(func(f *Facts) { f.Router, f.Mapped, f.Unreachable = true, addrs(own), addrs(own) }),
			Unreachable, "Nobody", "nobody gets through it. Another router"},
		{"the port opened is not tried yet", behind(func(f *Facts) {
			f.Router, f.Mapped, f.Unknown, f.Relays = true, addrs(own), addrs(own), through(relayA, relayB)
		}),
			Relayed, "2 relays", "peers are asked whether it leads to this node"},
		{"two routers", behind(func(f *Facts) {
			f.Router, f.Mapped, f.Relays = true, addrs("/ip4/10.9.0.2/udp/4101/quic-v1"), through(relayA, relayB)
		}),
			Relayed, "2 relays", "its own address, 10.9.0.2, is not one of the Internet"},
		{"by two relays", behind(func(f *Facts) { f.Relays, f.Unreachable = through(relayA, relayB), addrs(own) }),
			Relayed, "called through 2 relays", forward},
		{"by one relay", behind(func(f *Facts) { f.Relays = through(relayA) }),
			Relayed, "called through one relay", "one more peer that offers relay"},
		{"reached, and a relay is left over", behind(func(f *Facts) { f.Relays, f.Reachable = through(relayA), addrs(own) }),
			Mapped, "Anyone", ""},
		{"at home with IPv6, not tried yet", behind(func(f *Facts) {
			f.Interfaces, f.Relays, f.Watched = append(f.Interfaces, addrs(six)...), through(relayA, relayB), time.Minute
		}), Checking, "Until then it is called through 2 relays.", ""},
		{"at home with IPv6, which nobody can try", behind(func(f *Facts) {
			f.Interfaces, f.Relays = append(f.Interfaces, addrs(six)...), through(relayA, relayB)
		}), Relayed, "its router lets nothing in", forward},
		{"two on one network", behind(func(f *Facts) { f.Outside = 0 }),
			Near, "Machines on its own network can connect to this node. Whether others can is not known", "parley peer add"},
		{"on the Internet, and only neighbours to ask", behind(func(f *Facts) { f.Interfaces, f.Outside = addrs(own), 0 }), Near, "not known", "parley peer add"},
		{"on the Internet, nobody has tried in ten seconds", behind(func(f *Facts) {
			f.Interfaces, f.Relays, f.Watched = addrs(own), through(relayA, relayB), 10*time.Second
		}), Checking, "Until then it is called through 2 relays.", ""},
		{"on the Internet, too few have tried in an hour", behind(func(f *Facts) {
			f.Interfaces, f.Unknown, f.Relays = addrs(own), addrs(own), through(relayA, relayB)
		}), Checking, "Too few peers have tried", "parley peer add"},
		{"on the Internet, behind a firewall", behind(func(f *Facts) {
			f.Interfaces, f.Unreachable, f.Relays = addrs(own), addrs(own), through(relayA, relayB)
		}), Relayed, "a firewall, on the machine or before it, lets nothing in", "have the firewall let UDP port 4101 and TCP port 4101 in"},
		{"no peer", behind(func(f *Facts) { f.Peers = 0 }), Alone, "No peer is connected", "parley peer add"},
		{"just started", behind(func(f *Facts) { f.Watched = time.Second }), Checking, "Peers are asked", ""},
		{"nothing helps", behind(func(f *Facts) { f.Unreachable = addrs(own) }), Unreachable, "Nobody can connect", forward},
		{"a port of one transport", behind(func(f *Facts) { f.Listen = f.Listen[:1] }), Unreachable, "Nobody", "forward UDP port 4101 to this machine (192.168.1.2)"},
		{"the address of this machine is not known", behind(func(f *Facts) { f.Interfaces = nil }), Unreachable, "Nobody", "TCP port 4101 to this machine, or switch on UPnP or NAT-PMP in it."},
	} {
		j := Judge(c.facts)
		if j.Kind != c.want || !strings.Contains(j.Text, c.text) || !strings.Contains(j.Do, c.do) || (c.do == "") != (j.Do == "") {
			t.Errorf("%s: %s: %q: %q", c.name, j.Kind, j.Text, j.Do)
		}
	}
	if j := Judge(behind(func(f *Facts) { f.Relays = through(relayA, relayB) })); len(j.Relays) != 2 || j.Relays[0].String() != relayA {
		t.Errorf("relays %v", j.Relays)
	}
}

// Whatever the facts, there is one of the kinds and something to read; and a
// node that somebody can reach is never told that nobody can.
func TestJudgeAlwaysHasWords(t *testing.T) {
	some := func(texts ...string) *rapid.Generator[[]ma.Multiaddr] {
		return rapid.SliceOfN(rapid.SampledFrom(addrs(texts...)), 0, 3)
	}
	rapid.Check(t, func(t *rapid.T) {
		f := Facts{
			Listen:      some("/ip4/127.0.0.1/tcp/1", "/ip4/0.0.0.0/udp/4101/quic-v1", "/ip6/::/tcp/4101", "/p2p-circuit").Draw(t, "listen"),
			Interfaces:  some("/ip4/127.0.0.1/tcp/1", home, own, "/ip6/2606:4700::1/tcp/1").Draw(t, "interfaces"),
			Reachable:   some(own, "/dns/x.example/tcp/1").Draw(t, "reachable"),
			Unreachable: some(own, home).Draw(t, "unreachable"),
			Unknown:     some(own).Draw(t, "unknown"),
			Router:      rapid.Bool().Draw(t, "router"),
			Mapped:      some(own, "/ip4/10.9.0.2/tcp/4101").Draw(t, "mapped"),
			Relays:      rapid.SampledFrom([][]ma.Multiaddr{nil, through(relayA), through(relayA, relayB)}).Draw(t, "relays"),
			Offers:      rapid.Bool().Draw(t, "offers"),
			Peers:       rapid.IntRange(0, 2).Draw(t, "peers"),
			Outside:     rapid.IntRange(0, 2).Draw(t, "outside"),
			Watched:     time.Duration(rapid.IntRange(0, 600).Draw(t, "watched")) * time.Second,
		}
		j := Judge(f)
		if !slices.Contains(Kinds, j.Kind) || j.Text == "" {
			t.Fatalf("%+v", j)
		}
		if len(f.Reachable)+len(f.Relays) > 0 && slices.Contains([]Kind{Alone, Near, Unreachable}, j.Kind) || len(f.Reachable) > 0 && j.Kind == Checking {
			t.Fatalf("%s with reachable %v, relays %v", j.Kind, f.Reachable, f.Relays)
		}
		if len(f.Unreachable) == 0 && f.Outside == 0 && strings.Contains(j.Text, "lets nothing in") && len(f.Relays) == 0 {
			t.Fatalf("nobody outside has tried, and it says: %s", j.Text)
		}
		if strings.Contains(j.Text+j.Do, "  ") || strings.Contains(j.Do, "forward  to") {
			t.Fatalf("words are missing: %q %q", j.Text, j.Do)
		}
	})
}
