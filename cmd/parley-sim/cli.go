package main

import (
	"io"
	"os"
	"runtime"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"
)

// What the process exits with.
const (
	exitOK      = 0
	exitFailed  = 1
	exitUsage   = 2
	description = `Parley-sim: how a network of Parley nodes spreads, what it costs, what breaks it.

A scenario is one TOML or YAML file. It runs on the real node code in virtual
time (--engine stack) or on a fast model calibrated against it (--engine model),
and what it found is kept in one folder.

    parley-sim new town        writes a scenario to begin with
    parley-sim plan town.toml  says what it would take
    parley-sim run town.toml   runs it, into town.run
    parley-sim report town.run writes what it found as one HTML file

Exit codes: 0 it worked; 1 it failed, was interrupted, or does not hold; 2 the
command line, the scenario or an input file is wrong, and nothing was run.`
)

// cli is the whole command line.
type cli struct {
	JSON    bool             `help:"Answer in JSON." name:"json"`
	Version kong.VersionFlag `help:"Show the program's version." name:"version"`

	New    newCmd    `cmd:"" group:"run" help:"Write a commented scenario to begin with."`
	Plan   planCmd   `cmd:"" group:"run" help:"Show a scenario's cells and seeds, and the time and memory they take."`
	Run    runCmd    `cmd:"" group:"run" help:"Run a scenario."`
	Resume resumeCmd `cmd:"" group:"run" help:"Go on with a run that was interrupted or killed."`
	Worker workerCmd `cmd:"" group:"run" help:"Run cells that other machines put in a queue."`

	Report reportCmd `cmd:"" group:"read" help:"Write what a run found as one HTML file."`
	Verify verifyCmd `cmd:"" group:"read" help:"Run cells again and compare bit for bit."`

	Fit fitCmd `cmd:"" group:"read" help:"Fit Bass curves to series of adoption."`

	Compare   compareCmd   `cmd:"" group:"model" help:"Play the same gossip on real nodes and in the model, side by side."`
	Calibrate calibrateCmd `cmd:"" group:"model" help:"Fit the model's constants to real nodes."`
	Bench     benchCmd     `cmd:"" group:"model" help:"Measure the engines on this machine."`

	Parameters parametersCmd `cmd:"" group:"help" help:"List every field of a scenario: its type, unit, default and meaning."`
}

var groups = []kong.Group{
	{Key: "run", Title: "Running experiments:"},
	{Key: "read", Title: "What they found:"},
	{Key: "model", Title: "How good the model is:"},
	{Key: "help", Title: "To look up:"},
}

// parser returns the command line's grammar over c. exit is called where the
// grammar itself has answered: --help and --version.
func parser(c *cli, out, errOut io.Writer, exit func(int)) *kong.Kong {
	return kong.Must(c, kong.Name("parley-sim"), kong.Description(description), kong.Writers(out, errOut), kong.Exit(exit),
		kong.ExplicitGroups(groups), kong.ShortUsageOnError(), kong.ValueFormatter(explained), kong.Vars{"version": "parley-sim " + programVersion(), "workers": strconv.Itoa(runtime.GOMAXPROCS(0))},
		kong.ConfigureHelp(kong.HelpOptions{NoExpandSubcommands: true, Compact: true, WrapUpperBound: 80}))
}

// explained is the help of a flag or an argument, with its default.
func explained(v *kong.Value) string {
	help := kong.DefaultHelpValueFormatter(v)
	if !v.HasDefault || v.Default == "" || v.IsBool() || strings.Contains(help, "default") {
		return help
	}
	return strings.TrimSuffix(help, ".") + "; by default " + v.Default + "."
}

// called is how the program was called, for a hint that can be pasted where the
// reader stands: by its path unless it is found without one. What lies in a
// folder of temporary files, as of go run, is gone by then.
func called() string { return calledAs(os.Args[0]) }

func calledAs(name string) string {
	if strings.ContainsRune(name, os.PathSeparator) && !strings.HasPrefix(name, os.TempDir()) {
		return name
	}
	return "parley-sim"
}
