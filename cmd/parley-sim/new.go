package main

import (
	"embed"
	"errors"
	"fmt"
	"io"
	"os"
)

//go:embed templates/*.toml
var templates embed.FS

type newCmd struct {
	Template string `arg:"" optional:"" default:"town" enum:"town,bass,gossip,attack,small" help:"What it is about: small (a town for both engines), town (a two-sided market), bass (diffusion over a network), gossip (what an intent costs) or attack (sybils and spam)."`
	Out      string `help:"The file; by default the template's name with .toml here. - is standard output." placeholder:"FILE"`
}

// Help implements kong.HelpProvider.
func (newCmd) Help() string {
	return `The file has a comment where a field's name does not say it all. It never replaces one that is there.

Example:

    parley-sim new town
    parley-sim new gossip --out cost.toml`
}

// Run writes the scenario.
func (c newCmd) Run(e *env) error {
	text, err := templates.ReadFile("templates/" + c.Template + ".toml")
	if err != nil {
		return err
	}
	if c.Out == "-" {
		_, err := e.out.Write(text)
		return err
	}
	if c.Out == "" {
		c.Out = c.Template + ".toml"
	}
	f, err := os.OpenFile(c.Out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, os.ErrExist) {
		return fmt.Errorf("%s is there already, and is left as it is; choose another name with --out", c.Out)
	} else if err != nil {
		return fmt.Errorf("write the scenario: %w", err)
	}
	_, err = f.Write(text)
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("write the scenario: %w", err)
	}
	answer := struct {
		File string `json:"file"`
	}{c.Out}
	return e.show(answer, func(w io.Writer) { fmt.Fprintf(w, "%s\nNext: %s plan %[1]s\n", c.Out, called()) })
}
