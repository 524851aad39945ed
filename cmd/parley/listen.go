package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

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
	wanted, err := r.wanted()
	if err != nil {
		return nil, err
	}
	cfg := transport.Config{Key: device, Listen: wanted, Registry: r.registry, Log: r.log.Named("transport")}
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
	if errors.Is(err, syscall.EADDRINUSE) || err != nil && strings.Contains(err.Error(), "address already in use") { // libp2p keeps only the text
		return nil, fmt.Errorf("%w: another program, or another node, listens there; name another port, as in: parley%s up --listen /ip4/0.0.0.0/udp/4103/quic-v1 --listen /ip4/0.0.0.0/tcp/4103", err, r.homeFlag())
	}
	if err != nil {
		return nil, err
	}
	return h, errors.Join(r.keepAddresses(wanted, h), r.keepWish())
}

// wanted is where the node is to listen: as the command line says, or else
// config.toml, or else an earlier command line, which its owner means still;
// by default on this machine alone.
func (r *running) wanted() ([]string, error) {
	if len(r.said) > 0 {
		return r.said, nil
	}
	if len(r.options.Listen) > 0 {
		return r.options.Listen, nil
	}
	b, err := os.ReadFile(r.wishFile())
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("read where to listen: %w", err)
	}
	before := strings.Fields(string(b))
	for _, a := range before {
		if _, err := ma.NewMultiaddr(a); err != nil {
			return nil, fmt.Errorf("%s: %q: %w", r.wishFile(), a, err)
		}
	}
	if len(before) == 0 {
		return loopback, nil
	}
	// A port of this machine alone is kept as well: peers remember it.
	if r.resumed = opens(before); !r.resumed {
		return before, nil
	}
	r.log.Info("listening where an earlier start was told to; --local takes that back", "at", before)
	return before, nil
}

// wishFile holds where the command line said to listen, a line each.
func (r *running) wishFile() string { return filepath.Join(string(r.dir), "listen") }

func (r *running) keepWish() error {
	if len(r.said) == 0 {
		return nil
	}
	if err := os.WriteFile(r.wishFile(), []byte(strings.Join(r.said, "\n")+"\n"), 0o600); err != nil {
		return fmt.Errorf("keep where to listen for the next start: %w", err)
	}
	return nil
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
