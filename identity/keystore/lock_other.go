//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package keystore

import (
	"errors"
	"fmt"
	"os"
)

// lockDir refuses: a store without a lock could be damaged by a second
// process.
func lockDir(string) (*os.File, error) {
	return nil, fmt.Errorf("lock: %w on this system", errors.ErrUnsupported)
}
