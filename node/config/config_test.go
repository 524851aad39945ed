package config_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/parley-network/parley/node/config"
)

const peerID = "12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN"

func TestParse(t *testing.T) {
	for _, tc := range []struct {
		name, in string
		want     config.Options
		err      string // part of it; empty: none
	}{
		{name: "nothing", want: config.Options{API: "127.0.0.1:0"}},
		{
			name: "everything",
			in: `name = "Corner Shop"
listen = ["/ip4/0.0.0.0/udp/4101/quic-v1"]
peers = ["/dns4/friend.example/udp/4101/quic-v1/p2p/` + peerID + `"]
api = "[::1]:4180"
[vendor]
name = "Corner Shop Ltd"
domain = "shop.example"`,
			want: config.Options{
				Name:   "Corner Shop",
				Listen: []string{"/ip4/0.0.0.0/udp/4101/quic-v1"},
				Peers:  []string{"/dns4/friend.example/udp/4101/quic-v1/p2p/" + peerID},
				API:    "[::1]:4180",
				Vendor: &config.Vendor{Name: "Corner Shop Ltd", Domain: "shop.example"},
			},
		},
		{name: "vendor's name is the node's", in: "[vendor]\nname='Shop'",
			want: config.Options{Name: "Shop", API: "127.0.0.1:0", Vendor: &config.Vendor{Name: "Shop", Domain: "vendor.invalid"}}},
		{name: "misspelt option", in: "name='x'\nlisten_on=[]", err: `line 2: no option is called "listen_on"`},
		{name: "misspelt in a table", in: "[vendor]\nname='x'\nsite='y'", err: `line 3: no option is called "vendor.site"`},
		{name: "not TOML", in: "name='x'\nlisten=[", err: "line 2"},
		{name: "wrong type", in: "\nname=7", err: "line 2"},
		{name: "option twice", in: "name='a'\nname='b'", err: "name"},
		{name: "listens on nonsense", in: "listen=['0.0.0.0:4101']", err: "listen[0]"},
		{name: "peer without identity", in: "peers=['/ip4/10.0.0.1/udp/1/quic-v1']", err: "peers[0] \"/ip4/10.0.0.1/udp/1/quic-v1\": has no /p2p/"},
		{name: "API for everyone", in: "api='0.0.0.0:80'", err: "not an address of this machine alone"},
		{name: "API for the house", in: "api='192.168.1.4:80'", err: "not an address of this machine alone"},
		{name: "API without port", in: "api='127.0.0.1'", err: "missing port"},
		{name: "nameless vendor", in: "[vendor]\ndomain='shop.example'", err: "vendor.name"},
		{name: "huge", in: strings.Repeat("#", config.MaxSize+1), err: "longer than"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := config.Parse([]byte(tc.in))
			if tc.err != "" {
				if err == nil || !strings.Contains(err.Error(), tc.err) {
					t.Fatalf("error is %v, want one with %q", err, tc.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tc.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestCommandLineOverTheFile(t *testing.T) {
	file, err := config.Parse([]byte("name='file'\nlisten=['/ip4/127.0.0.1/tcp/1']\n[vendor]\nname='Shop'\ndomain='shop.example'"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := file.With(config.Options{Name: "flag", API: "127.0.0.1:9"})
	if err != nil {
		t.Fatal(err)
	}
	want := config.Options{Name: "flag", Listen: []string{"/ip4/127.0.0.1/tcp/1"}, API: "127.0.0.1:9", Vendor: &config.Vendor{Name: "Shop", Domain: "shop.example"}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if _, err := file.With(config.Options{API: "10.0.0.1:80"}); err == nil || !strings.Contains(err.Error(), "api") {
		t.Errorf("error is %v", err)
	}
	if file.Name != "file" {
		t.Error("With changed what it was called on")
	}
}

func TestLoadNamesTheFile(t *testing.T) {
	dir := config.Dir(t.TempDir())
	if _, err := dir.Load(); err != nil {
		t.Fatalf("no config: %v", err)
	}
	if err := os.WriteFile(dir.File(), []byte("nmae='x'"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := dir.Load(); err == nil || !strings.Contains(err.Error(), dir.File()+": line 1") {
		t.Errorf("error is %v, want one naming the file and line 1", err)
	}
}

func TestDefaultDir(t *testing.T) {
	t.Setenv("HOME", "/home/ann")
	t.Setenv("XDG_DATA_HOME", "")
	t.Setenv(config.HomeVariable, "")
	want := func(path string) {
		t.Helper()
		if got, err := config.DefaultDir(); err != nil || string(got) != path {
			t.Errorf("got %s, %v; want %s", got, err, path)
		}
	}
	want("/home/ann/.local/share/parley")
	t.Setenv("XDG_DATA_HOME", "relative/is/ignored")
	want("/home/ann/.local/share/parley")
	t.Setenv("XDG_DATA_HOME", "/data")
	want("/data/parley")
	t.Setenv(config.HomeVariable, "/srv/parley")
	want("/srv/parley")
}

func TestTokensAreMadeOnceAndKeptPrivate(t *testing.T) {
	dir := config.Dir(filepath.Join(t.TempDir(), "new", "node"))
	if err := dir.Make(); err != nil {
		t.Fatal(err)
	}
	if _, err := dir.Tokens(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("before the first start: %v", err)
	}
	made, err := dir.MakeTokens()
	if err != nil {
		t.Fatal(err)
	}
	again, err := dir.MakeTokens()
	if err != nil || again != made {
		t.Errorf("second start: tokens changed (%v)", err)
	}
	if len(made.Write) != 64 || len(made.Read) != 64 || made.Read == made.Write {
		t.Errorf("tokens are not two times 32 bytes in hex: %d, %d", len(made.Write), len(made.Read))
	}
	for _, name := range []string{"api.token", "api.read-token"} {
		info, err := os.Stat(filepath.Join(string(dir), name))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: mode %v, %v", name, info.Mode(), err)
		}
	}
	if info, _ := os.Stat(string(dir)); info.Mode().Perm() != 0o700 {
		t.Errorf("folder has mode %v", info.Mode())
	}
}

func TestTokensRefused(t *testing.T) {
	for name, spoil := range map[string]func(path string) error{
		"may be read by others": func(p string) error { return os.Chmod(p, 0o644) },
		"is damaged":            func(p string) error { return os.WriteFile(p, []byte("c0ffee\n"), 0o600) },
		"wants one line":        func(p string) error { return os.WriteFile(p, []byte("a\nb\n"), 0o600) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := config.Dir(t.TempDir())
			if _, err := dir.MakeTokens(); err != nil {
				t.Fatal(err)
			}
			if err := spoil(filepath.Join(string(dir), "api.token")); err != nil {
				t.Fatal(err)
			}
			if _, err := dir.MakeTokens(); err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("error is %v, want one with %q", err, name)
			}
		})
	}
}

func TestFolderOthersMayWriteToIsRefused(t *testing.T) {
	path := t.TempDir()
	if err := os.Chmod(path, 0o770); err != nil {
		t.Fatal(err)
	}
	if err := config.Dir(path).Make(); err == nil || !strings.Contains(err.Error(), "chmod 700") {
		t.Errorf("error is %v", err)
	}
}

func TestAddress(t *testing.T) {
	dir := config.Dir(t.TempDir())
	if addr, err := dir.Address(); addr != "" || err != nil {
		t.Errorf("no node: %q, %v", addr, err)
	}
	if err := dir.WriteAddress("127.0.0.1:4180"); err != nil {
		t.Fatal(err)
	}
	if addr, err := dir.Address(); addr != "127.0.0.1:4180" || err != nil {
		t.Errorf("got %q, %v", addr, err)
	}
	for range 2 {
		if err := dir.RemoveAddress(); err != nil {
			t.Error(err)
		}
	}
}

func TestSocketFitsItsPath(t *testing.T) {
	if got := config.Dir("/srv/parley").Socket(); got != "/srv/parley/api.sock" {
		t.Errorf("got %q", got)
	}
	if got := config.Dir("/" + strings.Repeat("x", 120)).Socket(); got != "" {
		t.Errorf("a path of %d bytes can't be a socket's", len(got))
	}
}

func FuzzParse(f *testing.F) {
	f.Add("name='x'\n[vendor]\nname='y'\ndomain='z'")
	f.Add("peers=['/ip4/1.2.3.4/udp/1/quic-v1/p2p/" + peerID + "']")
	f.Add("api='[::1]:0'")
	f.Fuzz(func(t *testing.T, text string) {
		o, err := config.Parse([]byte(text))
		if err == nil && config.CheckLoopback(o.API) != nil {
			t.Errorf("accepted API address %q", o.API)
		}
	})
}
