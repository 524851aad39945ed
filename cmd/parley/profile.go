package main

import (
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/parley-network/parley/node/client"
	"github.com/parley-network/parley/node/profile"
	"github.com/parley-network/parley/node/view"
)

type profileCmd struct {
	Show   profileShowCmd   `cmd:"" default:"withargs" help:"Show it, or one piece of it."`
	Set    profileSetCmd    `cmd:"" help:"Set a piece, and tell all who have the old value."`
	Remove profileRemoveCmd `cmd:"" help:"Take a piece out; who had it keeps it until it is retracted."`
	Import profileImportCmd `cmd:"" help:"Take in a vCard or JSContact file."`
	Export profileExportCmd `cmd:"" help:"Write it as a vCard or JSContact file."`
}

type profileShowCmd struct {
	Path string `arg:"" optional:"" help:"This piece alone."`
}

// Help implements kong.HelpProvider.
func (profileShowCmd) Help() string {
	return "Example:\n\n    parley profile\n    parley profile show addresses/home --json"
}

// Run shows the profile.
func (cmd profileShowCmd) Run(e *env) error {
	return e.with(func(c *client.Client) error {
		all, err := c.Profile(e.ctx)
		if err != nil {
			return err
		}
		if cmd.Path == "" {
			return e.show(none(all), func(w io.Writer) { printProfile(w, all) })
		}
		for _, p := range all {
			if p.Path == cmd.Path {
				return e.show(p, func(w io.Writer) { printPiece(w, p) })
			}
		}
		return fmt.Errorf("the profile has no %q: %w", cmd.Path, view.ErrNotFound)
	})
}

func printProfile(w io.Writer, all []view.Piece) {
	if len(all) == 0 {
		fmt.Fprintln(w, "Your profile is empty. Begin with: parley profile set name 'Jo Doe'")
		return
	}
	var rows [][]string
	for _, p := range all {
		next := ""
		if p.Next != nil {
			next = "from " + day(p.Next.From) + ": " + p.Next.Text
		}
		rows = append(rows, []string{p.Path, p.Text, next})
	}
	columns(w, "PIECE VALUE* NEXT*", rows)
}

func printPiece(w io.Writer, p view.Piece) {
	sheet(w, "piece", p.Path, "value", p.Text)
	if p.Next != nil {
		sheet(w, "from "+local(p.Next.From), p.Next.Text)
	}
}

type profileSetCmd struct {
	Path  string        `arg:"" help:"Which piece: name, emails/work, phones/mobile, addresses/home, payments/visa, …"`
	Value []string      `arg:"" help:"Its new value as you write it, or as a JSContact object in JSON; - reads it from standard input."`
	From  string        `help:"It takes effect then: a date or a time." placeholder:"2026-03-01"`
	Cards []string      `help:"Tell only these relationships; all that have the old value when left out." placeholder:"CARD"`
	Quiet bool          `help:"Tell nobody."`
	Wait  time.Duration `default:"10s" help:"Wait this long for the vendors to confirm."`
}

// Help implements kong.HelpProvider.
func (profileSetCmd) Help() string {
	return `Everybody who was given the old value is told the new one, sealed, until they
confirm with a signed receipt or refuse. Who does not answer now is told later:
parley changes shows how it stands.

The pieces are those of JSContact (RFC 9553): name, nicknames/ID,
organizations/ID, titles/ID, speakToAs, emails/ID, phones/ID, addresses/ID,
onlineServices/ID, preferredLanguages/ID, links/ID, birthday, notes/ID; and
payments/ID, a reference and never a number. ID is a word of yours, such as
home or work.

Example:

    parley profile set addresses/home "12 Elm St, Grand Rapids, MI 49503"
    parley profile set emails/work jo@example.org --from 2026-03-01
    parley profile set payments/visa '{"label":"Visa ending 1234"}' --quiet`
}

// maxPieceFile bounds what is read as one piece's value.
const maxPieceFile = profile.MaxPiece

// Run sets the piece.
func (cmd profileSetCmd) Run(e *env) error {
	w, err := cmd.want(e, time.Local)
	if err != nil {
		return err
	}
	return e.with(func(c *client.Client) error {
		if w.Cards, err = e.findCards(c, cmd.Cards); err != nil {
			return err
		}
		change, err := c.SetPiece(e.ctx, cmd.Path, w)
		if err != nil {
			return err
		}
		return e.tellAll(c, change, cmd.Wait)
	})
}

func (cmd profileSetCmd) want(e *env, in *time.Location) (view.ChangeWant, error) {
	w := view.ChangeWant{Quiet: cmd.Quiet}
	if cmd.Quiet && len(cmd.Cards) > 0 {
		return w, wrong("--quiet and --cards say different things")
	}
	if _, err := profile.ParsePath(cmd.Path); err != nil {
		return w, wrong("%v: see parley profile set --help", err)
	}
	text := strings.Join(cmd.Value, " ")
	if text == "-" {
		b, err := e.readFile("-", maxPieceFile)
		if err != nil {
			return w, err
		}
		text = strings.TrimSpace(string(b))
	}
	switch {
	case text == "":
		return w, wrong("%s: its value is empty: give one, or take the piece out with parley profile remove", cmd.Path)
	case strings.HasPrefix(text, "{") && !json.Valid([]byte(text)):
		return w, wrong("%s: its value begins as JSON does and is none", cmd.Path)
	case strings.HasPrefix(text, "{"):
		w.Value = []byte(text)
	default:
		w.Text = text
	}
	var err error
	w.From, err = parseWhen("--from", cmd.From, in, 0)
	return w, err
}

type profileRemoveCmd struct {
	Path string `arg:"" help:"Which piece."`
}

// Help implements kong.HelpProvider.
func (profileRemoveCmd) Help() string { return "Example:\n\n    parley profile remove phones/old" }

// Run removes the piece.
func (cmd profileRemoveCmd) Run(e *env) error {
	return e.with(func(c *client.Client) error {
		if err := c.RemovePiece(e.ctx, cmd.Path); err != nil {
			return err
		}
		return e.show(map[string]string{"removed": cmd.Path}, func(w io.Writer) {
			fmt.Fprintf(w, "%s is no longer in your profile. Who has it: parley shared --path %s\n", clean(cmd.Path), clean(cmd.Path))
		})
	})
}

type profileImportCmd struct {
	File   string `arg:"" help:"The file; - is standard input."`
	Format string `enum:"auto,vcard,jscontact" default:"auto" help:"How it is written: ${enum}."`
	Quiet  bool   `help:"Tell nobody of what changes."`
}

// Help implements kong.HelpProvider.
func (profileImportCmd) Help() string {
	return `vCard 2.1, 3.0 or 4.0 (RFC 6350), or a JSContact Card (RFC 9553). What the profile
has no place for is named and left out.

Example:

    parley profile import me.vcf`
}

// Run imports.
func (cmd profileImportCmd) Run(e *env) error {
	b, err := e.readFile(cmd.File, profile.MaxProfile)
	if err != nil {
		return err
	}
	return e.with(func(c *client.Client) error {
		report, err := c.ImportProfile(e.ctx, cmd.format(b), b, cmd.Quiet)
		if err != nil {
			return inFile(cmd.File, err)
		}
		return e.show(report, func(w io.Writer) {
			sheet(w, "taken in", strings.Join(report.Taken, " "), "left out", strings.Join(report.Dropped, " "))
			if len(report.Changes) > 0 {
				fmt.Fprintln(w)
				printChanges(w, report.Changes)
			}
		})
	})
}

// format tells a vCard from a JSContact Card by its first words.
func (cmd profileImportCmd) format(b []byte) string {
	switch {
	case cmd.Format != "auto":
		return cmd.Format
	case strings.HasPrefix(strings.TrimSpace(string(b)), "{"), strings.EqualFold(filepath.Ext(cmd.File), ".json"):
		return "jscontact"
	}
	return "vcard"
}

type profileExportCmd struct {
	Format string `enum:"vcard,jscontact" default:"vcard" help:"How to write it: ${enum}."`
	Output string `short:"o" default:"-" help:"Where to write it; - is standard output." placeholder:"FILE"`
}

// Help implements kong.HelpProvider.
func (profileExportCmd) Help() string {
	return "Example:\n\n    parley profile export > me.vcf\n    parley profile export --format jscontact -o me.json"
}

// Run exports.
func (cmd profileExportCmd) Run(e *env) error {
	return e.with(func(c *client.Client) error {
		b, err := c.ExportProfile(e.ctx, cmd.Format)
		if err != nil {
			return err
		}
		return e.deliver(cmd.Output, b, "Wrote "+cmd.Output+".")
	})
}
