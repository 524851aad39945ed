package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/view"
)

// smallDisk mounts a file system of so many bytes, or skips the test where
// that can't be done.
func smallDisk(t *testing.T, bytes string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "disk")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "mode=0700,size="+bytes); err != nil {
		t.Skipf("SKIPPED: a full disk is not tested: it takes root, or a user namespace, to mount a small one (%v)", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Errorf("unmount: %v", err)
		}
	})
	return dir
}

// fill takes the room that is left on a disk but for spare bytes, and returns
// how to give it back.
func fill(t *testing.T, disk string, spare int) (room func()) {
	t.Helper()
	ballast := filepath.Join(disk, "ballast")
	f, err := os.Create(ballast)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	block := make([]byte, 4096)
	for err == nil {
		_, err = f.Write(block)
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Truncate(max(0, info.Size()-int64(spare))); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := os.Remove(ballast); err != nil {
			t.Error(err)
		}
	}
}

// A disk that is full: every change says so and does nothing, reading goes
// on, and with room again the node works on without a restart. The room that
// is left varies, so that it runs out in the keystore, the store or its log.
func TestFullDisk(t *testing.T) {
	disk := smallDisk(t, "24m")
	quinn := newProc(t, filepath.Join(t.TempDir(), "quinn"), "quinn")
	pat := newProc(t, filepath.Join(disk, "pat"), "pat")
	pat.meet(quinn)
	ctx := t.Context()
	known := make(map[dagcbor.CID]bool)
	for round := range 6 {
		room := fill(t, disk, round*12<<10)
		var err error
		for n := 0; err == nil; n++ {
			if n > 5000 {
				t.Fatal("the disk does not fill")
			}
			var in view.Intent
			if in, err = pat.api().Cast(ctx, wanting("Soap")); err == nil {
				known[in.Root] = true
			}
		}
		if !errors.Is(err, view.ErrFull) {
			t.Errorf("round %d: a cast without room: %v, want %v", round, err, view.ErrFull)
		}
		code, out := pat.run("cast", "--category", "home-garden", "--item", "Soap")
		if code != exitFailed || !strings.Contains(out, "full") || !strings.Contains(out, "Make room") {
			t.Errorf("round %d: the command line exits with %d and says %q", round, code, out)
		}
		for root := range known {
			if _, err := pat.api().Intent(ctx, root); err != nil {
				t.Errorf("round %d: reading without room: %v", round, err)
			}
		}
		if mine, err := pat.api().Intents(ctx, true); err != nil || len(mine) != len(known) {
			t.Errorf("round %d: %d intents (%v), %d were acknowledged", round, len(mine), err, len(known))
		}
		room()
		eventually(t, 10*time.Second, "casting to work again", func() bool {
			in, err := pat.api().Cast(ctx, wanting("Soap"))
			known[in.Root] = err == nil
			return err == nil
		})
		delete(known, dagcbor.CID{})
	}
	pat.stop()
	checkFolder(t, pat)
}

// Alone in the world a node can't cast, says so, and has kept nothing.
func TestCastWithoutPeers(t *testing.T) {
	p := newProc(t, filepath.Join(t.TempDir(), "node"), "alone")
	code, out := p.run("cast", "--category", "home-garden", "--item", "Soap")
	if code != exitFailed || !strings.Contains(out, "connect to at least one other node") || !strings.Contains(out, "Nothing has changed") {
		t.Errorf("exits with %d and says %q", code, out)
	}
	if mine, err := p.api().Intents(t.Context(), true); err != nil || len(mine) > 0 {
		t.Errorf("%d intents, %v", len(mine), err)
	}
}

// A second node on a folder is refused in words, and the first goes on.
func TestSecondNodeOnAFolder(t *testing.T) {
	first := newProc(t, filepath.Join(t.TempDir(), "node"), "first")
	for range 3 {
		code, out := first.run("up")
		if code != exitFailed || !strings.Contains(out, "a node already runs on "+first.home) || !strings.Contains(out, "--home") {
			t.Errorf("a second node exits with %d and says %q", code, out)
		}
	}
	if _, err := first.api().Status(t.Context()); err != nil {
		t.Errorf("the first: %v", err)
	}
	// Not even one that was killed keeps the folder.
	first.kill()
	first.start()
	first.stop()
	checkFolder(t, first)
}

// Malformed lines of a catalogue are told by number and the rest goes in.
func TestMalformedCatalogueLines(t *testing.T) {
	shop := newProc(t, filepath.Join(t.TempDir(), "shop"), "shop", "--vendor", "Shop", "--domain", "shop.example")
	file := filepath.Join(t.TempDir(), "items.ndjson")
	lines := []string{
		`{"sku":"1","name":"Soap","price":{"cur":"EUR","amt":"2.50"}}`,
		`{"sku":"2","name":"Soap"`,
		`{"sku":"3","name":"Soap","price":{"cur":"EUR","amt":"NaN"}}`,
		``,
		`{"sku":"5","name":"Soap","colour":"green","price":{"cur":"EUR","amt":"1"}}`,
		"{\"sku\":\"6\",\"name\":\"\xff\xfe\"}",
		strings.Repeat("[", 100_000),
		`{"sku":"8","name":"Brush","price":{"cur":"EUR","amt":"4"}}`,
	}
	if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out := shop.run("vendor", "catalog", "import", file)
	if code != exitFailed {
		t.Errorf("exits with %d, want %d: not all went in", code, exitFailed)
	}
	for _, want := range []string{file + ":2: ", file + ":3: ", file + ":5: ", file + ":6: ", file + ":7: ", "2 items went in, 5 lines did not"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in %q", want, out)
		}
	}
	if s, err := shop.api().Status(t.Context()); err != nil || s.Vendor == nil || s.Vendor.Items != 2 {
		t.Errorf("status %+v, %v", s.Vendor, err)
	}
}
