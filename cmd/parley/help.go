package main

type helpCmd struct {
	Command []string `arg:"" optional:"" help:"The command."`
}

// Help implements kong.HelpProvider.
func (helpCmd) Help() string { return "Example:\n\n    parley help card amend" }

// Run shows the help, as --help after the command does.
func (h helpCmd) Run(e *env) error {
	if run(e.ctx, append(h.Command, "--help"), e.in, e.out, e.err) != exitOK {
		return errTold
	}
	return nil
}
