package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/parley-network/parley/node/client"
	"github.com/parley-network/parley/node/view"
)

// TestValuesThatCouldNeverBeRight: each is the command line's fault, and told
// before a node is looked for.
func TestValuesThatCouldNeverBeRight(t *testing.T) {
	for _, line := range []string{
		"cast roses --category plants/flowers --within 0",
		"cast roses --category plants/flowers --within 0s",
		"cast roses --category plants/flowers --responders 0",
		"cast roses --category plants/flowers --life 0s",
		"want add roses --category plants/flowers --every FREQ=DAILY;COUNT=0",
		"want add roses --category plants/flowers --every FREQ=DAILY;INTERVAL=0",
		"extend --for 0s",
		"invite --for 0s",
		"proffer Shop --terms SD-BASE --for 0s",
		"offers --wait soon",
		"up --listen nonsense",
		"up --api 0.0.0.0:80",
		"up --peer nobody",
		"up --vendor Shop --public nowhere",
		"want add roses --category plants/flowers --every FREQ=DAILY --amend 3mxa5qhe",
		"help nope",
		"help nope --json",
		"nope",
	} {
		var errOut strings.Builder
		args := append([]string{"--home", t.TempDir()}, strings.Fields(line)...)
		if code := run(context.Background(), args, strings.NewReader(""), io.Discard, &errOut); code != exitUsage {
			t.Errorf("%s: exit code %d, want %d: %s", line, code, exitUsage, errOut.String())
		}
		if strings.HasSuffix(line, "--json") != strings.HasPrefix(errOut.String(), "{") {
			t.Errorf("%s: %s", line, errOut.String())
		}
	}
}

// TestExitCodes shows which failure has which code, and that no kind of error,
// which is for programs, is told to people.
func TestExitCodes(t *testing.T) {
	for _, c := range []struct {
		err  error
		code int
		says string
	}{
		{wrong("--for: no"), 2, "--for: no"},
		{fmt.Errorf("cast: %w", view.Invalid("life", "is too long")), 2, "cast: life: is too long"},
		{fmt.Errorf("%w: bad address", view.ErrInvalid), 2, "parley: bad address"},
		{inFile("rules.json", view.Invalid("answer", "is none")), 1, "rules.json: answer: is none"},
		{fmt.Errorf("no intent abcd: %w", view.ErrNotFound), 1, "no intent abcd"},
		{fmt.Errorf("%w (see parley intents)", fmt.Errorf("already withdrawn: %w", view.ErrConflict)), 1, "already withdrawn (see parley intents)"},
		{fmt.Errorf("connect: %w: %w", view.ErrUnavailable, io.EOF), 1, "connect: EOF"},
		{client.ErrNoNode, 3, "no node"},
	} {
		var errOut strings.Builder
		e := &env{err: &errOut}
		if code := e.failed(c.err); code != c.code || !strings.Contains(errOut.String(), c.says) {
			t.Errorf("%v: exit code %d, want %d, and %q in %q", c.err, code, c.code, c.says, errOut.String())
		}
	}
}

// TestEverythingIsJSON: whoever says --json can read the answer as that,
// whatever was asked.
func TestEverythingIsJSON(t *testing.T) {
	for _, line := range []string{"help --json", "help card amend --json", "status --json --help", "--version --json", "version --json", "terms list --json"} {
		var out, errOut strings.Builder
		code := run(context.Background(), strings.Fields(line), strings.NewReader(""), &out, &errOut)
		if code != exitOK || !json.Valid([]byte(out.String())) {
			t.Errorf("%s: exit code %d, %.80q, %s", line, code, out.String(), errOut.String())
		}
	}
	for _, c := range []struct{ of, want string }{
		{"BEGIN:VCALENDAR\r\n", `{"text":"BEGIN:VCALENDAR\r\n"}`},
		{"\xff\x00", `{"base64":"/wA="}`},
		{`{"v":1}`, `{"v":1}`},
	} {
		var out bytes.Buffer
		if err := (&env{out: &out, asJSON: true}).deliver("-", []byte(c.of), ""); err != nil {
			t.Fatal(err)
		}
		var got bytes.Buffer
		if err := json.Compact(&got, out.Bytes()); err != nil || got.String() != c.want {
			t.Errorf("%q: %s, %v; want %s", c.of, got.String(), err, c.want)
		}
	}
}
