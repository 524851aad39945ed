package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"syscall"

	"github.com/parley-network/parley/cmd/internal/program"
	"github.com/parley-network/parley/sim/queue"
	"github.com/parley-network/parley/sim/result"
	"github.com/parley-network/parley/sim/scenario"
	"github.com/parley-network/parley/sim/sweep"
)

// env is what commands work with.
type env struct {
	ctx    context.Context
	in     io.Reader
	out    io.Writer
	err    io.Writer
	asJSON bool
	engine maker
}

// run is the program; it returns the exit code.
func run(ctx context.Context, args []string, in io.Reader, out, errOut io.Writer, engine maker) int {
	var c cli
	exited := false
	k := parser(&c, out, errOut, func(int) { exited = true })
	if len(args) == 0 {
		args = []string{"--help"}
	}
	parsed, err := k.Parse(args)
	if exited { // --help or --version was printed
		return exitOK
	}
	if err != nil {
		fmt.Fprintf(errOut, "parley-sim: %v\n%s\n", err, program.SeeHelp("parley-sim", err))
		return exitUsage
	}
	answer := &answered{to: out}
	e := &env{ctx: ctx, in: in, out: answer, err: errOut, asJSON: c.JSON, engine: engine}
	err = parsed.Run(e)
	if err == nil && answer.failed != nil {
		err = fmt.Errorf("write the answer: %w", answer.failed)
	}
	return e.failed(err)
}

// answered is standard output, which may be a file on a full disk: half an
// answer must not look like one.
type answered struct {
	to     io.Writer
	failed error
}

func (a *answered) Write(b []byte) (int, error) {
	n, err := a.to.Write(b)
	if err != nil && a.failed == nil {
		a.failed = err
	}
	return n, err
}

// errTold is of a command that has said already what did not hold.
var errTold = errors.New("told")

// usageError is a command line or a scenario that makes no sense.
type usageError struct{ error }

// Unwrap returns what is wrong.
func (u usageError) Unwrap() error { return u.error }

func wrong(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// failed tells what went wrong and what to do next, and returns the exit code.
func (e *env) failed(err error) int {
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errTold):
		return exitFailed
	}
	var problems scenario.Problems
	errors.As(err, &problems)
	if e.asJSON {
		e.show(struct {
			Error    string            `json:"error"`
			Problems scenario.Problems `json:"problems,omitempty"`
		}{err.Error(), problems}, nil)
	}
	if problems != nil {
		fmt.Fprintln(e.err, err) // file:line: first, as compilers say it
	} else {
		fmt.Fprintf(e.err, "parley-sim: %v\n", err)
	}
	if next := hint(err); next != "" {
		fmt.Fprintln(e.err, next)
	}
	var usage usageError
	if problems != nil || errors.As(err, &usage) || errors.Is(err, sweep.ErrShard) {
		return exitUsage
	}
	return exitFailed
}

// hint says what to do about an error.
func hint(err error) string {
	var crash *sweep.PanicError
	switch {
	case errors.As(err, &crash):
		return fmt.Sprintf("That is a mistake in the program. The first panic was at:\n%s", crash.Stack)
	case errors.Is(err, syscall.ENOSPC):
		return "The disk is full. What was recorded is safe: make room, then resume. (A folder without manifest.json is begun again by run.)"
	case errors.Is(err, result.ErrForeign):
		return "Nothing was mixed in. Use the program it was begun with, or begin a new run in another folder with --out."
	case errors.Is(err, result.ErrExists):
		return "Go on with it by parley-sim resume, or begin another with --out."
	case errors.Is(err, result.ErrBusy):
		return "Wait until that process has ended. Several may share a run with --shard i/N: all with the same N, each part once."
	case errors.Is(err, result.ErrNoRun):
		return "Name the folder that parley-sim run made, such as town.run; what has no manifest yet is begun again by parley-sim run."
	case errors.Is(err, result.ErrDiffers), errors.Is(err, queue.ErrDiffers):
		return "For one seed both must be the same to the bit: a machine, a disk or the program is not sound. Move one of the two journals away, and its cells are run again; parley-sim verify tells whether the other holds."
	case errors.Is(err, result.ErrAltered):
		return "Take the folder from where it was copied, or run the scenario again in another."
	}
	return ""
}

// show prints v as JSON, or calls plain where people read it.
func (e *env) show(v any, plain func(w io.Writer)) error {
	if e.asJSON {
		return program.PrintJSON(e.out, v)
	}
	plain(e.out)
	return nil
}

// note tells people something beside the answer.
func (e *env) note(format string, args ...any) {
	fmt.Fprintf(e.err, "parley-sim: "+format+"\n", args...)
}
