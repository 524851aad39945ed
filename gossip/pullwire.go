package gossip

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/libp2p/go-libp2p/core/protocol"

	"github.com/parley-network/parley/gossip/termupdate"
)

// TermsPull is how a node asks another for the term updates it lacks, so that
// one that starts need not wait until each vendor publishes again. It is for
// as long as there is no set reconciliation, which replaces it: here the asker
// names all it knows each time.
//
// The asker sends one frame and closes its side. The answer is a frame for
// each update, an empty frame, and one byte: 1 when there is more to be had by
// asking again, else 0. A frame is its length, four bytes, and that many bytes.
// The asker's frame is the version, one byte 1, and a record for each vendor
// known, in rising order of the digests:
//
//	digest (8 bytes) | key-log version number (4) | seq (8)
//
// as in termupdate.Digest and termupdate.Rank. An update in the answer is as
// termupdate.Signed encodes it, and of a vendor that the asker did not name or
// named with a lower rank; the other half of a fork is not told. All numbers
// are big-endian.
const TermsPull protocol.ID = "/parley/terms-pull/1"

const (
	pullVersion = 1
	recordSize  = termupdate.DigestSize + 4 + 8
	maxKnown    = 1 + termupdate.MaxVendors*recordSize
	// maxPulled and maxPulledBytes bound one answer.
	maxPulled      = 256
	maxPulledBytes = 1 << 20
)

// errGarbage is for what an honest peer does not send.
var errGarbage = errors.New("not an answer to what was asked")

func encodeKnown(known map[termupdate.Digest]termupdate.Rank) []byte {
	digests := make([]termupdate.Digest, 0, len(known))
	for d := range known {
		digests = append(digests, d)
	}
	slices.SortFunc(digests, func(a, b termupdate.Digest) int { return bytes.Compare(a[:], b[:]) })
	if len(digests) > termupdate.MaxVendors { // what is not named comes again
		digests = digests[:termupdate.MaxVendors]
	}
	b := append(make([]byte, 0, 1+len(digests)*recordSize), pullVersion)
	for _, d := range digests {
		b = append(b, d[:]...)
		b = binary.BigEndian.AppendUint32(b, uint32(known[d].Key))
		b = binary.BigEndian.AppendUint64(b, known[d].Seq)
	}
	return b
}

func decodeKnown(b []byte) (map[termupdate.Digest]termupdate.Rank, error) {
	if len(b) == 0 || b[0] != pullVersion {
		return nil, fmt.Errorf("version %x, known is %d: %w", b[:min(1, len(b))], pullVersion, errGarbage)
	}
	b = b[1:]
	if len(b)%recordSize != 0 || len(b)/recordSize > termupdate.MaxVendors {
		return nil, fmt.Errorf("%d bytes are not up to %d records: %w", len(b), termupdate.MaxVendors, errGarbage)
	}
	known := make(map[termupdate.Digest]termupdate.Rank, len(b)/recordSize)
	var last termupdate.Digest
	for i := 0; len(b) > 0; i, b = i+1, b[recordSize:] {
		d := termupdate.Digest(b[:termupdate.DigestSize])
		if i > 0 && bytes.Compare(d[:], last[:]) <= 0 {
			return nil, fmt.Errorf("record %d is out of order: %w", i, errGarbage)
		}
		known[d] = termupdate.Rank{
			Key: uint64(binary.BigEndian.Uint32(b[termupdate.DigestSize:])),
			Seq: binary.BigEndian.Uint64(b[termupdate.DigestSize+4:]),
		}
		last = d
	}
	return known, nil
}

func appendFrame(b, data []byte) []byte {
	return append(binary.BigEndian.AppendUint32(b, uint32(len(data))), data...)
}

// readFrame reads a frame of at most most bytes.
func readFrame(r io.Reader, most int) ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint32(head[:])
	if uint64(n) > uint64(most) {
		return nil, fmt.Errorf("frame of %d bytes, at most %d are allowed: %w", n, most, errGarbage)
	}
	data := make([]byte, n)
	_, err := io.ReadFull(r, data)
	return data, err
}

// readAnswer hands each update of an answer to take, until take or the reader
// fails, and returns whether there is more to be had.
func readAnswer(r io.Reader, take func([]byte) error) (more bool, err error) {
	for n, size := 0, 0; ; n++ {
		data, err := readFrame(r, termupdate.MaxUpdate)
		if err != nil {
			return false, err
		}
		if len(data) == 0 {
			break
		}
		if size += len(data); n >= maxPulled || size > maxPulledBytes {
			return false, fmt.Errorf("more than %d updates or %d bytes: %w", maxPulled, maxPulledBytes, errGarbage)
		}
		if err := take(data); err != nil {
			return false, err
		}
	}
	var last [1]byte
	if _, err := io.ReadFull(r, last[:]); err != nil {
		return false, err
	}
	if last[0] > 1 {
		return false, fmt.Errorf("last byte %d: %w", last[0], errGarbage)
	}
	return last[0] == 1, nil
}
