// Package config is a node's data folder: where each thing in it lies, the
// few options its owner may write into config.toml, and the tokens of the
// local API. None of it is needed: an empty folder is a working one.
package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// HomeVariable is the environment variable that names the data folder.
const HomeVariable = "PARLEY_HOME"

// maxSocketPath is the longest path a unix socket can have everywhere
// (sockaddr_un has 104 bytes on the BSDs and macOS, 108 on Linux).
const maxSocketPath = 103

// Dir is the path of a node's data folder.
type Dir string

// DefaultDir returns $PARLEY_HOME, or else parley within the XDG data folder
// (XDG Base Directory Specification 0.8: $XDG_DATA_HOME, by default
// ~/.local/share).
func DefaultDir() (Dir, error) {
	if home := os.Getenv(HomeVariable); home != "" {
		return absolute(home)
	}
	if data := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(data) {
		return Dir(filepath.Join(data, "parley")), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("find the data folder: %w; set %s to one", err, HomeVariable)
	}
	return Dir(filepath.Join(home, ".local", "share", "parley")), nil
}

func absolute(path string) (Dir, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("find the data folder: %w", err)
	}
	return Dir(abs), nil
}

// Make creates the folder for its owner alone, if it is not there. A folder
// that others may write to is refused: they could put their own keys in it.
func (d Dir) Make() error {
	if err := os.MkdirAll(string(d), 0o700); err != nil {
		return fmt.Errorf("make data folder: %w", err)
	}
	info, err := os.Stat(string(d))
	if err != nil {
		return fmt.Errorf("make data folder: %w", err)
	}
	if mode := info.Mode().Perm(); mode&0o022 != 0 {
		return fmt.Errorf("data folder %s may be written to by others (mode %04o): run chmod 700 on it", d, mode)
	}
	return nil
}

// File is the path of config.toml.
func (d Dir) File() string { return d.path("config.toml") }

// Keys is the path of the keystore.
func (d Dir) Keys() string { return d.path("keys") }

// Store is the path of the SQLite database.
func (d Dir) Store() string { return d.path("node.db") }

// Socket is the path of the API's unix socket, or "" where the folder's path
// is too long for one: the API is then reached over TCP alone.
func (d Dir) Socket() string {
	if p := d.path("api.sock"); len(p) <= maxSocketPath {
		return p
	}
	return ""
}

// WriteAddress notes the TCP address the API listens on, for clients.
func (d Dir) WriteAddress(addr string) error {
	if err := writeFile(d.addressFile(), []byte(addr+"\n")); err != nil {
		return fmt.Errorf("note the API's address: %w", err)
	}
	return nil
}

// Address returns the TCP address of the API of the node running on d, or ""
// when none is.
func (d Dir) Address() (string, error) {
	b, err := readSmall(d.addressFile())
	if errors.Is(err, os.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read the API's address: %w", err)
	}
	return b, nil
}

// RemoveAddress takes the note of WriteAddress back.
func (d Dir) RemoveAddress() error {
	if err := os.Remove(d.addressFile()); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("remove the API's address: %w", err)
	}
	return nil
}

func (d Dir) addressFile() string     { return d.path("api.addr") }
func (d Dir) path(name string) string { return filepath.Join(string(d), name) }
