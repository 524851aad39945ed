package main

import (
	"fmt"
	"io"
	"runtime"

	"github.com/parley-network/parley/cmd/internal/program"
)

// version is set by the linker (-X main.version=v1.2.3) in releases.
var version = ""

// programVersion is the release, or the commit of the source built from.
func programVersion() string { return program.Version(version) }

type versionCmd struct{}

// Help implements kong.HelpProvider.
func (versionCmd) Help() string { return "Example:\n\n    parley version --json" }

// Run prints the version.
func (versionCmd) Run(e *env) error {
	v := struct {
		Version string `json:"version"`
		Go      string `json:"go"`
		System  string `json:"system"`
	}{programVersion(), runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH}
	return e.show(v, func(w io.Writer) { fmt.Fprintf(w, "parley %s (%s, %s)\n", v.Version, v.Go, v.System) })
}
