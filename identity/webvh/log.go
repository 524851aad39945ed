package webvh

import (
	"bytes"

	"github.com/parley-network/parley/identity"
)

// Bounds on a log, in bytes. With them a log has at most some 400 entries,
// and verifying the worst one takes about a tenth of a second.
const (
	maxLog     = 256 << 10
	maxEntry   = 64 << 10
	maxEntries = 1000
)

// Log is a key log that has been read, and claims what it says: only [Verify]
// proves it. A Log never changes; Rotate and Deactivate return a longer one.
type Log struct {
	jsonl   []byte
	entries []*entry
}

// Parse reads the content of a did.jsonl file: JSON Lines, at most 256 KiB,
// 64 KiB an entry, 1000 entries, each strict JSON with the five properties of
// an entry and no others. It checks the form of everything and the truth of
// nothing. Errors are [*InvalidError].
func Parse(jsonl []byte) (*Log, error) {
	switch {
	case len(jsonl) == 0:
		return nil, invalid(0, reasonSize, "empty")
	case len(jsonl) > maxLog:
		return nil, invalid(0, reasonSize, "%d bytes, the most is %d", len(jsonl), maxLog)
	}
	l := &Log{jsonl: bytes.Clone(jsonl)}
	lines := bytes.Split(bytes.TrimSuffix(l.jsonl, []byte("\n")), []byte("\n"))
	if len(lines) > maxEntries {
		return nil, invalid(0, reasonSize, "%d entries, the most is %d", len(lines), maxEntries)
	}
	for i, line := range lines {
		if len(line) > maxEntry {
			return nil, invalid(i+1, reasonSize, "%d bytes, the most is %d", len(line), maxEntry)
		}
		e, err := parseEntry(line, i+1)
		if err != nil {
			return nil, err
		}
		l.entries = append(l.entries, e)
	}
	return l, nil
}

// Bytes returns the log as it was published, byte for byte.
func (l *Log) Bytes() []byte { return bytes.Clone(l.jsonl) }

// DID returns the identifier that the last entry claims.
func (l *Log) DID() identity.DID { return l.last().did.DID() }

// VersionID returns the versionId that the last entry claims.
func (l *Log) VersionID() string { return l.last().versionID }

func (l *Log) last() *entry { return l.entries[len(l.entries)-1] }

// append returns a new log with one more line, read back so that what is
// returned is what everybody else will read.
func (l *Log) append(line []byte) (*Log, error) {
	jsonl := bytes.TrimSuffix(l.jsonl, []byte("\n"))
	if len(jsonl) > 0 {
		jsonl = append(bytes.Clone(jsonl), '\n')
	}
	return Parse(append(append(jsonl, line...), '\n'))
}
