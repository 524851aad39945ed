package reach

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	ma "github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
)

// words says what a judgement means and what to do about it.
func (f Facts) words(j Judgement) (text, do string) {
	switch j.Kind {
	case Local:
		return "Only programs on this machine can connect to this node. It connects out to others and fetches its mail from them, which is all a person needs.",
			"To be reached from other machines, to find nodes on your own network, and to help others: parley up --reachable"
	case Public:
		return "Anyone can connect to this node." + f.offer(), ""
	case Mapped:
		return "Anyone can connect to this node: its router passes connections on to it" + f.asked() + "." + f.offer(), ""
	case Relayed:
		text = fmt.Sprintf("Nobody can connect to this node directly: %s lets nothing in. It is called through %s, and then agrees on a direct connection where both sides' routers allow one.", f.barrier(), count(len(j.Relays), "relay"))
		if len(j.Relays) == 1 {
			return text, "Connect to one more peer that offers relay, so that one may go: parley peer add ADDRESS. " + f.forward()
		}
		return text, f.forward()
	case Alone:
		return "No peer is connected, so nobody can tell whether this node can be reached.",
			"Connect to one: parley peer add ADDRESS"
	case Near:
		return "Machines on its own network can connect to this node. Whether others can is not known: no peer outside is connected, and only such a one can try.",
			"To find out, and to be found from outside, connect to one: parley peer add ADDRESS"
	case Checking:
		return f.checking(j)
	}
	return "Nobody can connect to this node: " + f.barrier() + " lets nothing in, and no peer it knows relays for it. It connects out to others and fetches its mail from them.",
		f.forward() + " Or connect to a peer that offers relay: parley peer add ADDRESS"
}

// checking tells what is known while peers are asked.
func (f Facts) checking(j Judgement) (text, do string) {
	text = "Peers are asked whether they can connect to this node; with few of them that takes minutes."
	if len(j.Relays) > 0 {
		text += fmt.Sprintf(" Until then it is called through %s.", count(len(j.Relays), "relay"))
	}
	if f.Watched < patience {
		return text, ""
	}
	return "Too few peers have tried whether they can connect to this node. " + text, "Connect to more peers outside, which settles it sooner: parley peer add ADDRESS"
}

// barrier is what keeps connections out.
func (f Facts) barrier() string {
	if f.routed() {
		return "its router"
	}
	return "a firewall, on the machine or before it,"
}

func (f Facts) offer() string {
	if f.Offers {
		return " It relays for peers that are not as lucky, within limits."
	}
	return ""
}

// asked tells what the router does at the node's wish from what its owner told
// it to.
func (f Facts) asked() string {
	if anyOf(f.Mapped, f.Reachable) {
		return ", as the node asked it to"
	}
	return ""
}

// forward says what the owner of a router can tell it, and what came of asking
// it.
func (f Facts) forward() string {
	const modem = " Another router, or your provider's, stands before it. To be reached directly, have that one pass everything on to yours, or act as a modem only, or ask your provider for a public address."
	for _, a := range f.Mapped {
		if ip, ok := ipOf(a); ok && !manet.IsPublicAddr(a) {
			return fmt.Sprintf("Your router opened a port, but its own address, %s, is not one of the Internet.", ip) + modem
		}
	}
	switch {
	case !f.routed():
		return "To be reached directly, have the firewall let " + f.openPorts() + " in."
	case anyOf(f.Mapped, f.Unreachable):
		return "Your router says that it opened a port, but nobody gets through it." + modem
	case len(f.Mapped) > 0:
		return "Your router opened a port; peers are asked whether it leads to this node."
	case f.Router:
		return "Your router was asked to open a port (UPnP, NAT-PMP) and has not: it may not be allowed to, or stand behind another router. " + f.byHand("")
	}
	return f.byHand(", or switch on UPnP or NAT-PMP in it")
}

func anyOf(some, all []ma.Multiaddr) bool {
	return slices.ContainsFunc(some, func(a ma.Multiaddr) bool { return slices.ContainsFunc(all, a.Equal) })
}

// byHand is what to set on the router; or is what else would do.
func (f Facts) byHand(or string) string {
	to := "this machine"
	if ip, ok := f.home(); ok {
		to += " (" + ip.String() + ")"
	}
	return fmt.Sprintf("To be reached directly, have your router forward %s to %s%s.", f.openPorts(), to, or)
}

// openPorts are those to let in.
func (f Facts) openPorts() string {
	var ports []string
	for _, kind := range []struct {
		code int
		name string
	}{{ma.P_UDP, "UDP"}, {ma.P_TCP, "TCP"}} {
		for _, port := range f.ports(kind.code) {
			ports = append(ports, kind.name+" port "+port)
		}
	}
	return strings.Join(ports, " and ")
}

// ports are those listened on beyond this machine, each once.
func (f Facts) ports(code int) (out []string) {
	for _, a := range f.Listen {
		if ip, ok := ipOf(a); !ok || ip.IsLoopback() {
			continue
		}
		if port, err := a.ValueForProtocol(code); err == nil && !slices.Contains(out, port) {
			out = append(out, port)
		}
	}
	return out
}

// home is the machine's address on its own network: what a router calls it.
func (f Facts) home() (netip.Addr, bool) {
	for _, a := range f.Interfaces {
		if ip, ok := ipOf(a); ok && ip.Is4() && ip.IsPrivate() {
			return ip, true
		}
	}
	return netip.Addr{}, false
}

func count(n int, what string) string {
	if n == 1 {
		return "one " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
