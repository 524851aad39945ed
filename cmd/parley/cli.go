package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/parley-network/parley/node/client"
	"github.com/parley-network/parley/node/config"
	"github.com/parley-network/parley/node/view"
)

// What the process exits with.
const (
	exitOK      = 0
	exitFailed  = 1
	exitUsage   = 2
	exitNoNode  = 3
	description = `Parley: relate to any vendor on your own terms, with nobody in the middle.

A node is started with "parley up" and keeps everything in one folder; the
other commands speak to the node running there.

Exit codes: 0 it worked; 1 it failed, was refused or does not hold; 2 the
command line is wrong; 3 no node is running.`
)

// cli is the whole command line.
type cli struct {
	Home string `help:"The node's data folder." env:"PARLEY_HOME" placeholder:"DIR" type:"path"`
	JSON bool   `help:"Answer in JSON." name:"json"`

	Up          upCmd          `cmd:"" group:"node" help:"Run a node until interrupted."`
	Status      statusCmd      `cmd:"" group:"node" help:"Show the running node at a glance."`
	Events      eventsCmd      `cmd:"" group:"node" help:"Show what happened, and with --follow what happens."`
	Peer        peerCmd        `cmd:"" group:"node" help:"Connect to other nodes."`
	Passphrase  passphraseCmd  `cmd:"" group:"node" help:"Set, change or remove the passphrase of the node's keys."`
	Version     versionCmd     `cmd:"" group:"node" help:"Show the program's version."`
	Cast        castCmd        `cmd:"" group:"person" help:"Tell the market what you want."`
	Intents     intentsCmd     `cmd:"" group:"person" help:"List the intents you cast."`
	Withdraw    withdrawCmd    `cmd:"" group:"person" help:"Tell the market that an intent no longer stands."`
	Fulfil      fulfilCmd      `cmd:"" group:"person" help:"Tell the market that an intent has been met."`
	Offers      offersCmd      `cmd:"" group:"person" help:"List the offers to an intent, best first."`
	Accept      acceptCmd      `cmd:"" group:"person" help:"Accept an offer."`
	Cards       cardsCmd       `cmd:"" group:"cards" help:"List your relationships."`
	Card        cardCmd        `cmd:"" group:"cards" help:"Look at one relationship, verify it, carry it elsewhere, end it."`
	VendorGroup vendorGroupCmd `cmd:"" name:"vendor" group:"vendor" help:"What a vendor's node answers intents from."`
	Demo        demoCmd        `cmd:"" group:"try" help:"Watch one person and five vendors deal with each other, a process each."`
	Market      marketCmd      `cmd:"" group:"try" help:"Play published markets through real nodes."`
}

var groups = []kong.Group{
	{Key: "node", Title: "The node:"},
	{Key: "person", Title: "What you want:"},
	{Key: "cards", Title: "Your relationships:"},
	{Key: "vendor", Title: "For vendors:"},
	{Key: "try", Title: "To try it out:"},
}

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

func (u *usageError) Error() string { return u.problem }

func wrong(format string, args ...any) error { return &usageError{fmt.Sprintf(format, args...)} }

// run is the program; it returns the exit code.
func run(ctx context.Context, args []string, in io.Reader, out, errOut io.Writer) int {
	var c cli
	exited := false
	k := kong.Must(&c, kong.Name("parley"), kong.Description(description), kong.Writers(out, errOut),
		kong.Exit(func(int) { exited = true }), kong.ExplicitGroups(groups), kong.ShortUsageOnError(),
		kong.ConfigureHelp(kong.HelpOptions{NoExpandSubcommands: true, WrapUpperBound: 100}))
	if len(args) == 0 {
		args = []string{"--help"}
	}
	parsed, err := k.Parse(args)
	if exited { // --help was printed
		return exitOK
	}
	if err != nil {
		fmt.Fprintf(errOut, "parley: %v\n%s\n", err, seeHelp(err))
		return exitUsage
	}
	e := &env{ctx: ctx, in: in, out: out, err: errOut, asJSON: c.JSON, dir: config.Dir(c.Home)}
	if e.dir == "" {
		if e.dir, err = config.DefaultDir(); err != nil {
			return e.failed(err)
		}
	}
	return e.failed(parsed.Run(e))
}

// seeHelp names the command whose help would say more.
func seeHelp(err error) string {
	path := "parley"
	var parse *kong.ParseError
	if errors.As(err, &parse) && parse.Context != nil {
		if cmd := parse.Context.Command(); cmd != "" {
			path += " " + strings.SplitN(cmd, " <", 2)[0]
		}
	}
	return fmt.Sprintf("See %s --help.", path)
}

// failed tells what went wrong and what to do next, and returns the exit code.
func (e *env) failed(err error) int {
	if err == nil || errors.Is(err, errTold) {
		if err != nil {
			return exitFailed
		}
		return exitOK
	}
	fmt.Fprintf(e.err, "parley: %s\n", clean(plainly(err)))
	var usage *usageError
	switch {
	case errors.As(err, &usage):
		return exitUsage
	case errors.Is(err, client.ErrNoNode):
		fmt.Fprintf(e.err, "Start one with: parley%s up\n", e.homeFlag())
		return exitNoNode
	case errors.Is(err, view.ErrFull):
		fmt.Fprintln(e.err, "Nothing has changed. Make room on the disk and try again.")
	case errors.Is(err, view.ErrUnavailable):
		fmt.Fprintln(e.err, "Nothing has changed. Try again in a moment.")
	}
	return exitFailed
}

// plainly is an error without the kind of it at its end, which is for programs.
func plainly(err error) string {
	s := err.Error()
	for _, kind := range []error{view.ErrNotFound, view.ErrConflict, view.ErrUnavailable, view.ErrInvalid} {
		s = strings.TrimSuffix(s, ": "+kind.Error())
	}
	return s
}

// errTold ends a command that has said itself what does not hold.
var errTold = errors.New("told")

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
