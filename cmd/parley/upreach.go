package main

import (
	"fmt"
	"net"
	"slices"

	ma "github.com/multiformats/go-multiaddr"

	"github.com/parley-network/parley/node/reach"
	"github.com/parley-network/parley/node/transport"
)

// reachFlags are the options of "parley up" about being reached.
type reachFlags struct {
	Reachable bool `help:"Let other machines connect: listen on port 4101 of every address of this machine, ask the router for that port, and be called through relays where that is of no use."`
	Local     bool `help:"Let only this machine connect again, after --reachable or --listen."`
}

// openPort is where a node that lets others connect listens. It is one number
// for all transports, so that it is easily told to a router.
const openPort = 4101

// listenOn returns what --reachable stands for, or what was said.
func (f reachFlags) listenOn(said []string) ([]string, error) {
	switch {
	case f.Local && (f.Reachable || len(said) > 0):
		return nil, wrong("--local is the opposite of --reachable and --listen: say one of them")
	case f.Local:
		return loopback, nil
	case !f.Reachable:
		return said, nil
	case len(said) > 0:
		return nil, wrong("--reachable chooses where to listen: leave --listen out, or say there all of it")
	}
	var out []string
	for _, ip := range everyAddress() {
		out = append(out,
			fmt.Sprintf("%s/udp/%d/quic-v1", ip, openPort),
			fmt.Sprintf("%s/udp/%d/quic-v1/webtransport", ip, openPort),
			fmt.Sprintf("%s/tcp/%d", ip, openPort))
	}
	return out, nil
}

// everyAddress is that of IPv4, and of IPv6 where the machine has it.
func everyAddress() []string {
	out := []string{"/ip4/0.0.0.0"}
	if l, err := net.ListenPacket("udp6", "[::]:0"); err == nil {
		l.Close()
		out = append(out, "/ip6/::")
	}
	return out
}

// opens reports whether a node that listens so lets other machines connect.
// What can't be parsed is for transport to refuse.
func opens(listen []string) bool {
	return slices.ContainsFunc(listen, func(s string) bool {
		a, err := ma.NewMultiaddr(s)
		return err == nil && transport.BeyondLoopback([]ma.Multiaddr{a})
	})
}

// watch has the node know how it can be reached.
func (r *running) watch() (*reach.Watcher, error) {
	w := reach.New(r.host, r.log.Named("reach"))
	if err := r.registry.Register(w); err != nil {
		return nil, fmt.Errorf("register metrics of reach: %w", err)
	}
	return w, nil
}
