package config

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"

	"github.com/multiformats/go-multiaddr"
	"github.com/pelletier/go-toml/v2"
)

// MaxSize bounds config.toml.
const MaxSize = 64 << 10

// Options are what config.toml may say:
//
//	name   = "Corner Shop"                 # how this node calls itself
//	listen = ["/ip4/0.0.0.0/udp/4101/quic-v1"]
//	peers  = ["/dns4/friend.example/udp/4101/quic-v1/p2p/12D3Koo…"]
//	no_mdns = true                         # no looking for nodes on the local network
//	no_dht  = true                         # no part in the directory nodes keep among themselves
//	unlisted = true                        # other nodes don't name this one to others
//	api    = "127.0.0.1:4180"              # loopback only; port 0: any free one
//
//	[vendor]                               # makes the node answer intents
//	name   = "Corner Shop"
//	domain = "shop.example"
type Options struct {
	Name     string   `toml:"name"`     // empty: the vendor's, or none
	Listen   []string `toml:"listen"`   // multiaddrs; empty: what transport chooses
	Peers    []string `toml:"peers"`    // multiaddrs with /p2p part, dialled at every start
	NoMDNS   bool     `toml:"no_mdns"`  // no looking for nodes on the local network
	NoDHT    bool     `toml:"no_dht"`   // no part in the directory
	Unlisted bool     `toml:"unlisted"` // not named to others by other nodes
	API      string   `toml:"api"`      // host:port; empty: 127.0.0.1 and any free port
	Vendor   *Vendor  `toml:"vendor"`   // nil: a person's node
}

// Vendor makes a node one that answers intents.
type Vendor struct {
	Name   string `toml:"name"`   // as cards and offers show it
	Domain string `toml:"domain"` // where its key log is published; empty: nowhere
}

const (
	// defaultAPI lets the system choose a port; clients find it in the folder.
	defaultAPI = "127.0.0.1:0"
	// noDomain stands where a vendor has no domain of its own: its key log is
	// published nowhere and travels with its offers alone (RFC 2606 keeps
	// .invalid free).
	noDomain = "vendor.invalid"
)

// Load reads the folder's config.toml; one that is not there says nothing.
// A key that no option has is refused with its line, so that a misspelt
// option is not silently ignored.
func (d Dir) Load() (Options, error) {
	f, err := os.Open(d.File())
	if errors.Is(err, os.ErrNotExist) {
		return Parse(nil)
	}
	if err != nil {
		return Options{}, fmt.Errorf("open config: %w", err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, MaxSize+1))
	if err != nil {
		return Options{}, fmt.Errorf("read config: %w", err)
	}
	o, err := Parse(b)
	if err != nil {
		return Options{}, fmt.Errorf("%s: %w", d.File(), err)
	}
	return o, nil
}

// Parse reads the text of a config.toml and fills in the defaults.
func Parse(text []byte) (Options, error) {
	if len(text) > MaxSize {
		return Options{}, fmt.Errorf("longer than %d bytes", MaxSize)
	}
	var o Options
	dec := toml.NewDecoder(bytes.NewReader(text)).DisallowUnknownFields()
	if err := dec.Decode(&o); err != nil {
		return Options{}, tomlError(err)
	}
	return o.With(Options{})
}

// With returns o with what over says in the place of what o says, and the
// defaults in the place of what neither does. The error names the option at
// fault.
func (o Options) With(over Options) (Options, error) {
	o.Name = cmp.Or(over.Name, o.Name)
	o.API = cmp.Or(over.API, o.API, defaultAPI)
	o.Vendor = cmp.Or(over.Vendor, o.Vendor)
	o.NoMDNS, o.NoDHT, o.Unlisted = o.NoMDNS || over.NoMDNS, o.NoDHT || over.NoDHT, o.Unlisted || over.Unlisted
	if len(over.Listen) > 0 {
		o.Listen = over.Listen
	}
	if len(over.Peers) > 0 {
		o.Peers = over.Peers
	}
	if v := o.Vendor; v != nil {
		o.Name = cmp.Or(o.Name, v.Name)
		o.Vendor = &Vendor{Name: v.Name, Domain: cmp.Or(v.Domain, noDomain)}
	}
	return o, o.check()
}

// tomlError names the line, which go-toml keeps out of its one-line text.
func tomlError(err error) error {
	var strict *toml.StrictMissingError
	if errors.As(err, &strict) && len(strict.Errors) > 0 {
		line, _ := strict.Errors[0].Position()
		return fmt.Errorf("line %d: no option is called %q", line, strings.Join(strict.Errors[0].Key(), "."))
	}
	var decode *toml.DecodeError
	if errors.As(err, &decode) {
		line, column := decode.Position()
		return fmt.Errorf("line %d, column %d: %w", line, column, err)
	}
	return err
}

func (o Options) check() error {
	for i, a := range o.Listen {
		if _, err := multiaddr.NewMultiaddr(a); err != nil {
			return fmt.Errorf("listen[%d] %q: %w", i, a, err)
		}
	}
	for i, a := range o.Peers {
		if err := checkPeer(a); err != nil {
			return fmt.Errorf("peers[%d] %q: %w", i, a, err)
		}
	}
	if err := CheckLoopback(o.API); err != nil {
		return fmt.Errorf("api: %w", err)
	}
	if o.Vendor != nil && strings.TrimSpace(o.Vendor.Name) == "" {
		return errors.New("vendor.name: a vendor needs a name to be shown by")
	}
	return nil
}

func checkPeer(a string) error {
	m, err := multiaddr.NewMultiaddr(a)
	if err != nil {
		return err
	}
	if _, err := m.ValueForProtocol(multiaddr.P_P2P); err != nil {
		return errors.New("has no /p2p/… part, so who answers there can't be checked")
	}
	return nil
}

// CheckLoopback returns an error unless addr is host:port with a host of this
// machine alone: a loopback IP address or localhost.
func CheckLoopback(addr string) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("address %q: %w", addr, err)
	}
	if host == "localhost" {
		return nil
	}
	if ip, err := netip.ParseAddr(host); err != nil || !ip.Unmap().IsLoopback() {
		return fmt.Errorf("%q is not an address of this machine alone; use 127.0.0.1, [::1] or localhost", addr)
	}
	return nil
}
