package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/host"
	ma "github.com/multiformats/go-multiaddr"

	"github.com/parley-network/parley/node/transport"
)

// loopback is where a node listens when nobody says otherwise: this machine
// alone can reach it.
var loopback = []string{"/ip4/127.0.0.1/udp/0/quic-v1", "/ip4/127.0.0.1/tcp/0"}

// listen makes the host. Ports the system chose once are kept, so that peers
// that remember this node find it again after a restart; where one of them
// has been taken meanwhile, others are chosen.
func (r *running) listen(device crypto.PrivKey) (host.Host, error) {
	cfg := transport.Config{Key: device, Listen: r.options.Listen, Registry: r.registry, Log: r.log.Named("transport")}
	wanted := cfg.Listen
	if len(wanted) == 0 {
		wanted = loopback
	}
	cfg.Listen = wanted
	cfg.Reachable = opens(wanted)
	kept, err := r.keptAddresses(wanted)
	if err != nil {
		return nil, err
	}
	if kept != nil {
		cfg.Listen = kept
	}
	h, err := transport.New(cfg)
	if err != nil && kept != nil {
		r.log.Warn("the ports used before are taken, choosing others", "error", err)
		cfg.Listen = wanted
		h, err = transport.New(cfg)
	}
	if err != nil {
		return nil, err
	}
	return h, r.keepAddresses(wanted, h)
}

// portsFile holds, a line each, what was wanted and what was given.
func (r *running) portsFile() string { return filepath.Join(string(r.dir), "ports") }

// keptAddresses returns where the node listened the last time it was started
// with the same wishes; none if it was not.
func (r *running) keptAddresses(wanted []string) ([]string, error) {
	b, err := os.ReadFile(r.portsFile())
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the ports used before: %w", err)
	}
	head, given, ok := strings.Cut(strings.TrimSpace(string(b)), "\n")
	if !ok || head != strings.Join(wanted, " ") {
		return nil, nil
	}
	return strings.Split(given, "\n"), nil
}

func (r *running) keepAddresses(wanted []string, h host.Host) error {
	lines := []string{strings.Join(wanted, " ")}
	for _, a := range h.Network().ListenAddresses() {
		if !transport.IsCircuit(a) { // that one comes by itself
			lines = append(lines, dropHashes(a).String())
		}
	}
	if err := os.WriteFile(r.portsFile(), []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		return errors.Join(fmt.Errorf("keep the ports for the next start: %w", err), h.Close())
	}
	return nil
}

// dropHashes leaves out what WebTransport adds to an address: the hashes of
// certificates that are made anew every fortnight.
func dropHashes(a ma.Multiaddr) ma.Multiaddr {
	end := len(a)
	for end > 0 && a[end-1].Code() == ma.P_CERTHASH {
		end--
	}
	return a[:end]
}
