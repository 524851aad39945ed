package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// igd is miniupnpd, the program that most routers of households have for UPnP
// and NAT-PMP, on one of a natNet's routers.
type igd struct {
	space, conf, rules string
	cmd                *exec.Cmd
	log                bytes.Buffer
}

// needIGD skips a test where there is no miniupnpd.
func needIGD(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("miniupnpd"); err != nil {
		t.Skip("SKIPPED: needs miniupnpd, of the package miniupnpd-nftables")
	}
}

// speaks is what a router answers to.
type speaks struct {
	upnp, pmp bool
	says      string // the address it claims to have; empty: its own
	private   bool   // its own address is of a network behind another router
}

// igd starts the daemon on a home's router.
func (n *natNet) igd(home string, what speaks) *igd {
	n.t.Helper()
	if what == (speaks{}) {
		return nil
	}
	if what.private { // the node's way out stays what it was; the daemon sees this address
		n.in(home+"-r", "ip link add inner type bridge")
		n.in(home+"-r", "ip link set inner up")
		n.in(home+"-r", "ip addr add 10.9.0.2/24 dev inner")
	}
	d := &igd{space: n.prefix + home + "-r", conf: filepath.Join(n.t.TempDir(), "miniupnpd.conf"), rules: igdRules}
	yes := map[bool]string{true: "yes", false: "no"}
	text := fmt.Sprintf(igdConf, yes[what.upnp], yes[what.pmp])
	if what.private {
		text = strings.Replace(text, "ext_ifname=wan", "ext_ifname=inner", 1)
	}
	if what.says != "" {
		text += "ext_ip=" + what.says + "\n"
	}
	if err := os.WriteFile(d.conf, []byte(text), 0o600); err != nil {
		n.t.Fatal(err)
	}
	if err := d.start(); err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(func() {
		d.stop(n.t)
		if n.t.Failed() {
			n.t.Logf("last words of %s's router:\n%s", home, tail(d.log.String(), 30))
		}
	})
	return d
}

const igdConf = `
ext_ifname=wan
listening_ip=lan
http_port=5000
enable_upnp=%s
enable_natpmp=%s
ipv6_disable=yes
secure_mode=yes
uuid=5f3b1c1e-8a70-4d0c-9a53-2f1f2f0f4101
upnp_table_name=igd
upnp_nat_table_name=igd
upnp_forward_chain=pass
upnp_nat_chain=in
upnp_nat_postrouting_chain=out
allow 1024-65535 192.168.1.0/24 1024-65535
deny 0-65535 0.0.0.0/0 0-65535
`

// igdRules are the chains that the daemon fills, empty; what it sends to a
// machine at home, the router passes.
const igdRules = `
add table inet igd
delete table inet igd
table inet igd {
	chain pass { }
	chain in { }
	chain out { }
	chain before {
		type nat hook prerouting priority dstnat;
		jump in
	}
}
`

// start starts the daemon of a router that remembers nothing.
func (d *igd) start() error {
	rules := exec.Command("ip", "netns", "exec", d.space, "nft", "-f", "-")
	rules.Stdin = strings.NewReader(d.rules)
	if out, err := rules.CombinedOutput(); err != nil {
		return fmt.Errorf("chains of the router: %w: %s", err, out)
	}
	d.cmd = exec.Command("ip", "netns", "exec", d.space, "miniupnpd", "-d", "-f", d.conf, "-P", d.conf+".pid")
	d.cmd.Stdout, d.cmd.Stderr = &d.log, &d.log
	return d.cmd.Start()
}

// stop ends the daemon, if it runs.
func (d *igd) stop(t *testing.T) {
	if d.cmd.ProcessState != nil {
		return
	}
	if err := d.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Errorf("end miniupnpd: %v", err)
	}
	d.cmd.Wait() // how it ended is of no interest
}

// mappings are the ports that the router passes on now.
func (d *igd) mappings(t *testing.T) (out []string) {
	t.Helper()
	said, err := exec.Command("ip", "netns", "exec", d.space, "nft", "list", "chain", "inet", "igd", "in").CombinedOutput()
	if err != nil {
		t.Fatalf("list what the router passes on: %v %s", err, said)
	}
	for line := range strings.Lines(string(said)) {
		if strings.Contains(line, "dnat") {
			out = append(out, strings.TrimSpace(line))
		}
	}
	return out
}

// passes reports whether the port of an address by UDP is open.
func (d *igd) passes(t *testing.T, addr string) bool {
	t.Helper()
	port := strings.Split(addr, "/")[4]
	return slices.ContainsFunc(d.mappings(t), func(rule string) bool {
		return strings.Contains(rule, "dport "+port+" ") && (strings.Contains(rule, " 0x11 ") || strings.Contains(rule, "udp"))
	})
}

// restart has the router forget all that it was asked.
func (d *igd) restart(t *testing.T) {
	t.Helper()
	d.stop(t)
	if err := d.start(); err != nil {
		t.Fatalf("start the router again: %v", err)
	}
}

// passMapped has a home's router let in what it was asked to pass on.
func (n *natNet) passMapped(home string) {
	n.t.Helper()
	n.run(`insert rule ip home pass iifname "wan" ct status dnat accept`, "ip netns exec "+n.prefix+home+"-r nft -f -")
}
