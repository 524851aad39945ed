package webvh

import (
	"errors"
	"fmt"
)

// Errors of the functions that extend a log.
var (
	// ErrTooSoon means that the second of the new entry is not later than the
	// second of the last one. versionTime has a precision of one second and
	// must strictly increase, and an entry dated ahead would be refused by
	// everybody else, so the caller waits instead.
	ErrTooSoon = errors.New("key log already has an entry in this second or later")
	// ErrNotCommitted means that the key offered may not sign the next entry:
	// no earlier entry committed to it or lists it.
	ErrNotCommitted = errors.New("key is not one the log allows for its next entry")
	// ErrDeactivated means that the log has ended and takes no more entries.
	ErrDeactivated = errors.New("key log is deactivated")
)

// InvalidError says why a log is refused.
type InvalidError struct {
	// Version is the number of the entry at fault, from 1; 0 where it is the
	// log as a whole or the witness file.
	Version int
	// Reason is one word for the rule broken: "size", "json", "number",
	// "hash", "scid", "time", "proof", "parameters", "document", "witness"
	// or "deactivated".
	Reason string
	// Err is the detail.
	Err error
}

const (
	reasonSize        = "size"
	reasonJSON        = "json"
	reasonNumber      = "number"
	reasonHash        = "hash"
	reasonSCID        = "scid"
	reasonTime        = "time"
	reasonProof       = "proof"
	reasonParameters  = "parameters"
	reasonDocument    = "document"
	reasonWitness     = "witness"
	reasonDeactivated = "deactivated"
)

// Error names the entry, the rule and the detail.
func (e *InvalidError) Error() string {
	if e.Version == 0 {
		return fmt.Sprintf("key log: %s: %v", e.Reason, e.Err)
	}
	return fmt.Sprintf("key log entry %d: %s: %v", e.Version, e.Reason, e.Err)
}

// Unwrap returns the detail.
func (e *InvalidError) Unwrap() error { return e.Err }

func invalid(version int, reason string, format string, args ...any) error {
	return &InvalidError{version, reason, fmt.Errorf(format, args...)}
}
