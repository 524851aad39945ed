package main

import (
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"github.com/parley-network/parley/cmd/internal/program"
)

// version is set by the linker (-X main.version=v1.2.3) in releases.
var version = ""

// programVersion is the release, or the commit of the source built from.
func programVersion() string { return program.Version(version) }

// runVersion is what a run's results are of: the program's version and, where
// the source was no commit, the program itself, so that two builds of changing
// code are told apart.
var runVersion = sync.OnceValue(func() string {
	v := programVersion()
	if version != "" || strings.HasPrefix(v, "dev-") && !strings.HasSuffix(v, "+changes") {
		return v
	}
	f, err := os.Open("/proc/self/exe")
	if err != nil {
		path, pathErr := os.Executable()
		if pathErr != nil {
			return v
		}
		if f, err = os.Open(path); err != nil {
			return v
		}
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return v
	}
	return fmt.Sprintf("%s.%x", v, h.Sum(nil)[:6])
})
