package gossip

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"math/bits"

	"github.com/libp2p/go-libp2p/core/protocol"

	"github.com/parley-network/parley/gossip/reconcile"
)

// Reconcile is how a node asks another for the live intents and term updates
// it lacks. One stream is one conversation of package reconcile: each message
// a frame, which is its length as a varint in its shortest form and that many
// bytes. The asker ends it by closing its side.
const Reconcile protocol.ID = "/parley/reconcile/1"

func writeFrame(w io.Writer, data []byte) error {
	_, err := w.Write(append(binary.AppendUvarint(nil, uint64(len(data))), data...))
	return err
}

// readFrame reads a frame of at most most bytes; io.EOF is the end between two.
func readFrame(r *bufio.Reader, most int) ([]byte, error) {
	var n uint64
	for shift := 0; ; shift += 7 {
		b, err := r.ReadByte()
		if err != nil {
			if err == io.EOF && shift > 0 {
				err = io.ErrUnexpectedEOF
			}
			return nil, err
		}
		if n |= uint64(b&0x7f) << shift; b < 0x80 {
			if b == 0 && shift > 0 {
				return nil, fmt.Errorf("length of a frame is not in its shortest form: %w", reconcile.ErrGarbage)
			}
			break
		}
		if shift >= bits.Len(uint(most)) {
			return nil, fmt.Errorf("length of a frame has no end: %w", reconcile.ErrGarbage)
		}
	}
	if n == 0 || n > uint64(most) {
		return nil, fmt.Errorf("frame of %d bytes, want 1 to %d: %w", n, most, reconcile.ErrGarbage)
	}
	return readAll(r, int(n))
}

// readAll reads n bytes, and makes room for them only as they come.
func readAll(r io.Reader, n int) ([]byte, error) {
	const step = 64 << 10
	data := make([]byte, 0, min(n, step))
	for len(data) < n {
		from := len(data)
		data = append(data, make([]byte, min(n-from, step))...)
		if _, err := io.ReadFull(r, data[from:]); err != nil {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return nil, err
		}
	}
	return data, nil
}
