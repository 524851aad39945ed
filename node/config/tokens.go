package config

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// tokenBytes is how many random bytes a token has.
const tokenBytes = 32

// Tokens are the two bearer tokens of the local API, in hex.
type Tokens struct {
	Write string // may do everything
	Read  string // may look and change nothing
}

// Tokens returns the tokens the folder holds. [fs.ErrNotExist] means that no
// node has run on it yet.
func (d Dir) Tokens() (Tokens, error) {
	write, err := readToken(d.path("api.token"))
	if err != nil {
		return Tokens{}, err
	}
	read, err := readToken(d.path("api.read-token"))
	if err != nil {
		return Tokens{}, err
	}
	return Tokens{Write: write, Read: read}, nil
}

// MakeTokens returns the tokens the folder holds, first making those that are
// not there.
func (d Dir) MakeTokens() (Tokens, error) {
	for _, name := range []string{"api.token", "api.read-token"} {
		path := d.path(name)
		if _, err := os.Lstat(path); err == nil {
			continue
		} else if !errors.Is(err, fs.ErrNotExist) {
			return Tokens{}, fmt.Errorf("look for API token: %w", err)
		}
		secret := make([]byte, tokenBytes)
		rand.Read(secret)
		if err := writeFile(path, []byte(hex.EncodeToString(secret)+"\n")); err != nil {
			return Tokens{}, fmt.Errorf("write API token: %w", err)
		}
	}
	return d.Tokens()
}

// readToken refuses a token that others could have read or that was cut.
func readToken(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", fmt.Errorf("read API token: %w", err)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return "", fmt.Errorf("API token %s may be read by others (mode %04o): remove it, and the next start makes a new one", path, mode)
	}
	line, err := readSmall(path)
	if err != nil {
		return "", fmt.Errorf("read API token: %w", err)
	}
	if b, err := hex.DecodeString(line); err != nil || len(b) != tokenBytes {
		return "", fmt.Errorf("API token %s is damaged: remove it, and the next start makes a new one", path)
	}
	return line, nil
}
