package main

type reportCmd struct {
	Dir string `arg:"" help:"The run's folder."`
	Out string `help:"The HTML file; by default report.html in that folder." placeholder:"FILE"`
}

// Help implements kong.HelpProvider.
func (reportCmd) Help() string { return "Example:\n\n    parley-sim report town.run" }

// Run writes the report.
func (c reportCmd) Run(e *env) error { return wrong("reports are not part of this build") }
