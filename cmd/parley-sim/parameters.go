package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/parley-network/parley/sim/scenario"
)

type parametersCmd struct {
	Markdown bool `help:"Print a table in Markdown, as in docs/ODD.md."`
}

// Help implements kong.HelpProvider.
func (parametersCmd) Help() string {
	return `Rates are per step, and what a step is clock.unit says: a week unless the
scenario has another. Bass's p and q as they are published, and as the defaults
have them, are per year: set clock.unit = "year", or divide them.

Example:

    parley-sim parameters
    parley-sim parameters --json`
}

// Run lists the parameters.
func (c parametersCmd) Run(e *env) error {
	list := scenario.Parameters()
	return e.show(list, func(w io.Writer) {
		if c.Markdown {
			io.WriteString(w, markdown(list))
			return
		}
		for _, p := range list {
			fmt.Fprintf(w, "%s = %s\n    %s", p.Path, p.Default, p.Meaning)
			if p.Unit != "" {
				fmt.Fprintf(w, " (%s)", p.Unit)
			}
			fmt.Fprintln(w)
		}
	})
}

// markdown is the table of docs/ODD.md.
func markdown(list []scenario.Parameter) string {
	var b strings.Builder
	b.WriteString("| parameter | type | unit | default | meaning |\n|---|---|---|---|---|\n")
	for _, p := range list {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", p.Path, p.Type, p.Unit, p.Default, p.Meaning)
	}
	return b.String()
}
