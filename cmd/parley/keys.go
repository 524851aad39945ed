package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/term"

	"github.com/parley-network/parley/identity/keystore"
)

// passphraseVariable names the file that holds the passphrase.
const passphraseVariable = "PARLEY_PASSPHRASE_FILE"

// maxPassphrase bounds a passphrase.
const maxPassphrase = 1024

// openKeys opens the node's keystore under the passphrase from the file, if
// one is named, or from the terminal, if one turns out to be needed.
func (e *env) openKeys() (*keystore.Store, error) {
	if path := os.Getenv(passphraseVariable); path != "" {
		pass, err := e.passphraseFile(path)
		if err != nil {
			return nil, err
		}
		keys, err := keystore.Open(e.dir.Keys(), pass)
		if errors.Is(err, keystore.ErrPassphrase) {
			return nil, fmt.Errorf("%w: %s names %s", err, passphraseVariable, path)
		}
		return keys, err
	}
	keys, err := keystore.Open(e.dir.Keys(), nil)
	if !errors.Is(err, keystore.ErrPassphrase) {
		return keys, err
	}
	if !e.hasTerminal() {
		return nil, fmt.Errorf("the keys in %s are under a passphrase: put it in a file and name that file in %s", e.dir.Keys(), passphraseVariable)
	}
	pass, err := e.ask("Passphrase: ")
	if err != nil {
		return nil, err
	}
	return keystore.Open(e.dir.Keys(), pass)
}

func (e *env) hasTerminal() bool {
	f, ok := e.in.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// ask reads a passphrase from the terminal without showing it.
func (e *env) ask(prompt string) ([]byte, error) {
	fmt.Fprint(e.err, prompt)
	pass, err := term.ReadPassword(int(e.in.(*os.File).Fd()))
	fmt.Fprintln(e.err)
	if err != nil {
		return nil, fmt.Errorf("read passphrase: %w", err)
	}
	return pass, nil
}

// passphraseFile reads a passphrase from a file, without the line break at
// its end.
func (e *env) passphraseFile(path string) ([]byte, error) {
	b, err := e.readFile(path, maxPassphrase)
	if err != nil {
		return nil, fmt.Errorf("read passphrase: %w", err)
	}
	pass := bytes.TrimRight(b, "\r\n")
	if len(pass) == 0 {
		return nil, fmt.Errorf("the passphrase file %s is empty", path)
	}
	return pass, nil
}

type passphraseCmd struct {
	NewFile string `help:"Read the new passphrase from a file; asked for when left out." placeholder:"FILE"`
	Remove  bool   `help:"Keep the keys under no passphrase: the file's permissions alone protect them then."`
}

// Help implements kong.HelpProvider.
func (passphraseCmd) Help() string {
	return `The node must not be running. The passphrase the keys are under now is asked
for, or read from the file that PARLEY_PASSPHRASE_FILE names.

Example:

    parley passphrase`
}

// Run changes the passphrase.
func (cmd passphraseCmd) Run(e *env) (err error) {
	if cmd.Remove && cmd.NewFile != "" {
		return wrong("--remove and --new-file say different things")
	}
	if _, err := os.Stat(e.dir.Keys()); err != nil {
		return fmt.Errorf("there are no keys on %s yet: set %s before the first \"parley up\", or run that first", e.dir, passphraseVariable)
	}
	keys, err := e.openKeys()
	if errors.Is(err, keystore.ErrLocked) {
		return fmt.Errorf("%w: stop the node first", err)
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, keys.Close()) }()
	var pass []byte
	if !cmd.Remove {
		if pass, err = cmd.newPassphrase(e); err != nil {
			return err
		}
	}
	if err := keys.SetPassphrase(pass); err != nil {
		return err
	}
	protected := len(pass) > 0
	return e.show(map[string]bool{"passphrase": protected}, func(w io.Writer) {
		fmt.Fprintln(w, yes(protected, "The keys are under the new passphrase.", "The keys are under no passphrase."))
	})
}

func (cmd passphraseCmd) newPassphrase(e *env) ([]byte, error) {
	if cmd.NewFile != "" {
		return e.passphraseFile(cmd.NewFile)
	}
	if !e.hasTerminal() {
		return nil, wrong("there is no terminal to ask for the new passphrase: give --new-file or --remove")
	}
	first, err := e.ask("New passphrase: ")
	if err != nil {
		return nil, err
	}
	second, err := e.ask("Again: ")
	if err != nil {
		return nil, err
	}
	if len(first) == 0 || !bytes.Equal(first, second) {
		return nil, errors.New("the two are not the same, or empty: nothing has changed")
	}
	return first, nil
}
