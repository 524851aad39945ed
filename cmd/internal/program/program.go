// Package program is what the commands of this module have in common: how they
// call their version, answer other programs, and where they send who mistypes.
package program

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"strings"

	"github.com/alecthomas/kong"
)

// Version returns the release, which the linker sets in main, or, where that is
// "", the commit of the source built from: "dev-" and its first twelve digits,
// with "+changes" if the source had some.
func Version(release string) string {
	if release != "" {
		return release
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	return commit(info.Settings)
}

func commit(settings []debug.BuildSetting) string {
	v, dirty := "dev", ""
	for _, s := range settings {
		switch {
		case s.Key == "vcs.revision":
			v = "dev-" + s.Value[:min(12, len(s.Value))]
		case s.Key == "vcs.modified" && s.Value == "true":
			dirty = "+changes"
		}
	}
	return v + dirty
}

// PrintJSON writes an answer for other programs, as JSON that people can read as
// well: indented, with < and & as they are. What can't be written as JSON, or not
// to w, is an error.
func PrintJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("print the answer: %w", err)
	}
	return nil
}

// SeeHelp says where to read more of what a command line that could not be
// parsed was about: the command's own help, or the program's.
func SeeHelp(name string, err error) string {
	var parse *kong.ParseError
	if errors.As(err, &parse) && parse.Context != nil {
		if cmd := parse.Context.Command(); cmd != "" {
			name += " " + strings.SplitN(cmd, " <", 2)[0]
		}
	}
	return fmt.Sprintf("See %s --help.", name)
}
