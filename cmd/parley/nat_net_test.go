package main

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
)

// natNet is a piece of the Internet made of network namespaces: a bridge that
// everybody in public is on, and home routers with one machine behind each. It
// needs root.
//
//	       (bridge: 11.22.0.0/16)
//	  |         |         |        |
//	pub1      pub2     router    router     11.22.0.x
//	                      |        |        192.168.1.1, in both homes
//	                     pat     shop       192.168.1.2, in both homes
//
// The public addresses are of a range that nothing here reaches and that
// libp2p takes for public, which it does not those kept for documentation.
type natNet struct {
	t      *testing.T
	prefix string // of the namespaces' names
	hosts  int    // made in public
}

// natNets counts them, for their names.
var natNets atomic.Int32

// newNATNet makes the bridge, or skips the test where it can't.
func newNATNet(t *testing.T) *natNet {
	t.Helper()
	if os.Getenv("PARLEY_TEST_NET") == "" {
		t.Skip("SKIPPED: makes network namespaces; run it with: make test-net")
	}
	if os.Geteuid() != 0 {
		t.Skip("SKIPPED: network namespaces need root; run: sudo make test-net")
	}
	for _, tool := range []string{"ip", "nft", "sysctl"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("SKIPPED: needs %s, of the packages iproute2, nftables and procps", tool)
		}
	}
	n := &natNet{t: t, prefix: fmt.Sprintf("parley%d.%d-", os.Getpid(), natNets.Add(1))}
	if out, err := exec.Command("ip", "netns", "add", n.prefix+"try").CombinedOutput(); err != nil {
		t.Skipf("SKIPPED: root may not make network namespaces here: %s", out)
	}
	n.run("", "ip netns del "+n.prefix+"try")
	n.space("net")
	n.in("net", "ip link add br0 type bridge")
	n.in("net", "ip link set br0 up")
	return n
}

// run runs a command; nothing of the network works without it.
func (n *natNet) run(stdin, command string) {
	n.t.Helper()
	words := strings.Fields(command)
	cmd := exec.Command(words[0], words[1:]...)
	cmd.Stdin = strings.NewReader(stdin)
	if out, err := cmd.CombinedOutput(); err != nil {
		n.t.Fatalf("%s: %v\n%s%s", command, err, out, stdin)
	}
}

func (n *natNet) in(space, command string) {
	n.t.Helper()
	n.run("", "ip netns exec "+n.prefix+space+" "+command)
}

// space makes a namespace, which is gone at the test's end with all that is in
// it but the processes: those are ended before.
func (n *natNet) space(name string) {
	n.t.Helper()
	n.run("", "ip netns add "+n.prefix+name)
	n.t.Cleanup(func() {
		if out, err := exec.Command("ip", "netns", "del", n.prefix+name).CombinedOutput(); err != nil {
			n.t.Errorf("remove namespace %s: %v %s", name, err, out)
		}
	})
	n.in(name, "ip link set lo up")
}

// cable connects two namespaces by a device in each.
func (n *natNet) cable(a, dev, b, otherDev string) {
	n.t.Helper()
	n.run("", fmt.Sprintf("ip link add %s netns %s type veth peer name %s netns %s", dev, n.prefix+a, otherDev, n.prefix+b))
	n.in(a, "ip link set "+dev+" up")
	n.in(b, "ip link set "+otherDev+" up")
}

// public adds a namespace with an address of its own, and returns that.
func (n *natNet) public(name string) string {
	n.t.Helper()
	n.hosts++
	ip := fmt.Sprintf("11.22.0.%d", 10+n.hosts)
	n.space(name)
	n.cable(name, "wan", "net", "to-"+name)
	n.in("net", "ip link set to-"+name+" master br0")
	n.in(name, "ip addr add "+ip+"/16 dev wan")
	n.in(name, "ip route add default via 11.22.255.254") // nobody is there
	return ip
}

// How a router rewrites what leaves a home.
const (
	// portKept shows a machine's port to everybody as it is, if it can: two
	// such homes reach each other once both have tried.
	portKept = "masquerade"
	// portRandom shows another port to each peer ("symmetric"): whoever was
	// told one of them finds it closed.
	portRandom = "masquerade random,fully-random"
)

// home adds a namespace behind a router of its own.
func (n *natNet) home(name, masquerade string) {
	n.t.Helper()
	router := name + "-r"
	n.public(router)
	n.space(name)
	n.cable(name, "eth0", router, "lan")
	n.in(router, "ip addr add 192.168.1.1/24 dev lan")
	n.in(router, "sysctl -qw net.ipv4.ip_forward=1")
	n.in(name, "ip addr add 192.168.1.2/24 dev eth0")
	n.in(name, "ip route add default via 192.168.1.1")
	n.run(fmt.Sprintf(routerRules, masquerade), "ip netns exec "+n.prefix+router+" nft -f -")
}

// routerRules let in only what answers something, and drop the rest without a
// word, as routers sold to households do.
const routerRules = `
table ip home {
	chain out {
		type nat hook postrouting priority srcnat;
		oifname "wan" %s
	}
	chain pass {
		type filter hook forward priority filter; policy drop;
		iifname "lan" accept
		ct state established,related accept
	}
	chain self {
		type filter hook input priority filter; policy accept;
		iifname "wan" ct state new drop
	}
}
`

// forward has a home's router pass port 4101 on to the machine there, as
// "parley status" tells its owner to.
func (n *natNet) forward(home string) {
	n.t.Helper()
	n.run(forwardRules, "ip netns exec "+n.prefix+home+"-r nft -f -")
}

const forwardRules = `
add chain ip home in { type nat hook prerouting priority dstnat; }
add rule ip home in iifname "wan" udp dport 4101 dnat to 192.168.1.2
add rule ip home in iifname "wan" tcp dport 4101 dnat to 192.168.1.2
insert rule ip home pass iifname "wan" ct status dnat accept
`

// node starts a node in a namespace.
func (n *natNet) node(space string, args ...string) *proc {
	n.t.Helper()
	p := &proc{
		t: n.t, name: space, home: n.t.TempDir(), args: append([]string{"--reachable"}, args...),
		under: strings.Fields("ip netns exec " + n.prefix + space),
	}
	p.begin()
	return p
}
