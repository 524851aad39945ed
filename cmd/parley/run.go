package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"github.com/parley-network/parley/cmd/internal/program"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/client"
	"github.com/parley-network/parley/node/config"
	"github.com/parley-network/parley/node/view"
)

// env is what a command runs in.
type env struct {
	ctx    context.Context
	in     io.Reader
	out    io.Writer
	err    io.Writer
	asJSON bool
	dir    config.Dir
}

// usageError is a command line that parses and makes no sense.
type usageError struct{ problem string }

// Error returns what is wrong with the command line.
func (u *usageError) Error() string { return u.problem }

// fileError is what a file named on the command line holds and should not: the
// command line is right.
type fileError struct {
	file string
	err  error
}

// Error returns which file it is, and what is wrong with it.
func (f *fileError) Error() string { return f.file + ": " + f.err.Error() }

// Unwrap returns what is wrong with it.
func (f *fileError) Unwrap() error { return f.err }

// inFile says in which file it is that err is about.
func inFile(file string, err error) error {
	if err == nil {
		return nil
	}
	return &fileError{file, err}
}

func wrong(format string, args ...any) error { return &usageError{fmt.Sprintf(format, args...)} }

// run is the program; it returns the exit code.
func run(ctx context.Context, args []string, in io.Reader, out, errOut io.Writer) int {
	var c cli
	var text bytes.Buffer // of --help or --version
	exited := false
	k := parser(&c, &text, errOut, func(int) { exited = true })
	if len(args) == 0 {
		args = []string{"--help"}
	}
	asJSON := slices.Contains(args, "--json")
	parsed, err := k.Parse(args)
	if exited {
		e := &env{out: out, err: errOut, asJSON: asJSON}
		return e.failed(e.text(text.Bytes()))
	}
	if err != nil {
		e := &env{out: out, err: errOut, asJSON: asJSON}
		e.complain(err.Error(), program.SeeHelp("parley", err))
		return exitUsage
	}
	e := &env{ctx: ctx, in: in, out: out, err: errOut, asJSON: c.JSON, dir: config.Dir(c.Home)}
	if e.dir == "" {
		if e.dir, err = config.DefaultDir(); err != nil {
			return e.failed(err)
		}
	}
	if err := checkValues(parsed); err != nil {
		return e.failed(err)
	}
	return e.failed(parsed.Run(e))
}

// checkValues refuses a nothing that was typed where only something makes
// sense; commands take it for a flag left out.
func checkValues(parsed *kong.Context) error {
	for _, p := range parsed.Path {
		if p.Flag == nil || p.Flag.Name == "wait" { // not to wait is sensible
			continue
		}
		switch v := p.Flag.Target.Interface().(type) {
		case time.Duration:
			if v <= 0 {
				return wrong("--%s: the time must be longer than nothing", p.Flag.Name)
			}
		case uint64:
			if v == 0 && p.Flag.Name == "responders" {
				return wrong("--responders: the least is 1")
			}
		}
	}
	return nil
}

// failed tells what went wrong and what to do next, and returns the exit code.
func (e *env) failed(err error) int {
	if errors.Is(err, errToldUsage) {
		return exitUsage
	}
	if err == nil || errors.Is(err, errTold) {
		if err != nil {
			return exitFailed
		}
		return exitOK
	}
	var usage *usageError
	var file *fileError
	code, next := exitFailed, ""
	switch {
	case errors.As(err, &usage):
		code = exitUsage
	case errors.Is(err, view.ErrInvalid) && !errors.As(err, &file): // a value that the node refuses
		code = exitUsage
	case errors.Is(err, client.ErrNoNode):
		code, next = exitNoNode, fmt.Sprintf("Start one with: parley%s up", e.homeFlag())
	case errors.Is(err, view.ErrFull):
		next = "Nothing has changed. Make room on the disk and try again."
	case errors.Is(err, view.ErrUnavailable):
		next = "Nothing has changed, and it can be tried again."
	}
	e.complain(clean(plainly(err)), next)
	return code
}

// complain tells what went wrong and what to do next, to people or, with
// --json, to programs; on standard error either way.
func (e *env) complain(problem, next string) {
	if e.asJSON {
		enc := json.NewEncoder(e.err)
		enc.SetEscapeHTML(false)
		enc.Encode(struct {
			Error string `json:"error"`
			Next  string `json:"next,omitempty"`
		}{problem, next})
		return
	}
	fmt.Fprintf(e.err, "parley: %s\n", problem)
	if next != "" {
		fmt.Fprintln(e.err, next)
	}
}

// plainly is an error without the kind of it, which is for programs.
func plainly(err error) string {
	s := err.Error()
	for _, kind := range []error{view.ErrNotFound, view.ErrConflict, view.ErrUnavailable, view.ErrInvalid} {
		s = strings.TrimPrefix(strings.TrimSuffix(s, ": "+kind.Error()), kind.Error()+": ")
		s = strings.ReplaceAll(s, ": "+kind.Error()+" (", " (") // a command's own hint follows
		s = strings.ReplaceAll(s, ": "+kind.Error()+": ", ": ")
	}
	return s
}

// errTold ends a command that has said itself what does not hold, errToldUsage
// one that has said what is wrong with the command line.
var (
	errTold      = errors.New("told")
	errToldUsage = errors.New("told what is wrong with the command line")
)

// homeFlag is what repeats the folder on a command line, if it is not the
// default one.
func (e *env) homeFlag() string {
	if d, err := config.DefaultDir(); err == nil && d == e.dir {
		return ""
	}
	return " --home " + string(e.dir)
}

// node returns a client of the running node.
func (e *env) node() (*client.Client, error) { return client.Open(e.dir) }

// with opens a client of the running node for do.
func (e *env) with(do func(*client.Client) error) error {
	c, err := e.node()
	if err != nil {
		return err
	}
	defer c.Close()
	return do(c)
}

// onCard does the same for the one card that part names.
func (e *env) onCard(part string, do func(*client.Client, dagcbor.CID) error) error {
	return e.with(func(c *client.Client) error {
		id, err := e.findCard(c, part)
		if err != nil {
			return err
		}
		return do(c, id)
	})
}
