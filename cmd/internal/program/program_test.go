package program

import (
	"errors"
	"io"
	"math"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

func TestVersion(t *testing.T) {
	if got := Version("v1.2.3"); got != "v1.2.3" {
		t.Errorf("a release is called %s", got)
	}
	if got := Version(""); !strings.HasPrefix(got, "dev") {
		t.Errorf("this build is called %s", got)
	}
	for _, c := range []struct {
		revision, modified, want string
	}{
		{"0123456789abcdef", "false", "dev-0123456789ab"}, {"0123456789abcdef", "true", "dev-0123456789ab+changes"},
		{"abc", "", "dev-abc"}, {"", "", "dev"},
	} {
		var settings []debug.BuildSetting
		if c.revision != "" {
			settings = append(settings, debug.BuildSetting{Key: "vcs.revision", Value: c.revision})
		}
		settings = append(settings, debug.BuildSetting{Key: "vcs.modified", Value: c.modified}, debug.BuildSetting{Key: "GOOS", Value: "plan9"})
		if got := commit(settings); got != c.want {
			t.Errorf("%+v is called %s", c, got)
		}
	}
}

func TestPrintJSON(t *testing.T) {
	var out strings.Builder
	if err := PrintJSON(&out, map[string]string{"link": "a < b & c"}); err != nil {
		t.Fatal(err)
	}
	if got, want := out.String(), "{\n  \"link\": \"a < b & c\"\n}\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	for name, err := range map[string]error{
		"what is no JSON":    PrintJSON(&out, math.NaN()),
		"a reader that left": PrintJSON(left{}, 1),
	} {
		if err == nil || !strings.HasPrefix(err.Error(), "print the answer: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// left is a pipe that nobody reads any more.
type left struct{}

func (left) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

// Who mistypes is sent to the help of the command they were at.
func TestSeeHelp(t *testing.T) {
	var cli struct {
		Cast struct {
			Text string `arg:""`
		} `cmd:""`
	}
	k := kong.Must(&cli, kong.Name("parley"), kong.Exit(func(int) {}))
	for line, want := range map[string]string{
		"cost": "See parley --help.", "cast": "See parley cast --help.", "cast bread --loud": "See parley cast --help.",
	} {
		_, err := k.Parse(strings.Fields(line))
		if got := SeeHelp("parley", err); got != want {
			t.Errorf("%s: %s, want %s (%v)", line, got, want, err)
		}
	}
	if got := SeeHelp("parley", errors.New("other")); got != "See parley --help." {
		t.Error(got)
	}
}
