package main

type helpCmd struct {
	Command []string `arg:"" optional:"" help:"The command."`
}

// Help implements kong.HelpProvider.
func (helpCmd) Help() string { return "Example:\n\n    parley help card amend" }

// Run shows the help, as --help after the command does.
func (h helpCmd) Run(e *env) error {
	args := append(h.Command, "--help")
	if e.asJSON {
		args = append(args, "--json")
	}
	if run(e.ctx, args, e.in, e.out, e.err) != exitOK {
		return errToldUsage
	}
	return nil
}
