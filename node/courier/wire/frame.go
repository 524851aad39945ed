package wire

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// ErrFrame is returned for bytes that are not the frame expected.
var ErrFrame = errors.New("malformed frame")

// ErrFrameSize is returned for a frame beyond its limit.
var ErrFrameSize = errors.New("frame too large")

// WriteFrame writes b as one frame in one Write.
func WriteFrame(w io.Writer, b []byte) error {
	out := make([]byte, 4+len(b))
	binary.BigEndian.PutUint32(out, uint32(len(b)))
	copy(out[4:], b)
	if _, err := w.Write(out); err != nil {
		return fmt.Errorf("write frame of %d bytes: %w", len(b), err)
	}
	return nil
}

// firstRead is what a frame gets of memory whatever arrives, in bytes.
const firstRead = 6 << 10

// ReadFrame reads one frame of 1 to limit bytes. Memory grows with what has
// arrived, not with what was announced.
func ReadFrame(r io.Reader, limit int) ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, fmt.Errorf("read length of frame: %w", err)
	}
	n := int64(binary.BigEndian.Uint32(head[:]))
	switch {
	case n == 0:
		return nil, fmt.Errorf("empty: %w", ErrFrame)
	case n > int64(limit):
		return nil, fmt.Errorf("%d bytes, at most %d: %w", n, limit, ErrFrameSize)
	}
	var b bytes.Buffer
	b.Grow(int(min(n, firstRead)) + bytes.MinRead) // most frames are shorter: one piece of memory
	if got, err := io.CopyN(&b, r, n); err != nil {
		return nil, fmt.Errorf("read frame: %d of %d bytes: %w", got, n, noEOF(err))
	}
	return b.Bytes(), nil
}

func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// EncodeAnswer returns the answer frame of status and rest.
func EncodeAnswer(s Status, rest []byte) []byte {
	return append([]byte{byte(s)}, rest...)
}

// DecodeAnswer splits an answer frame. The status may be one not known here.
func DecodeAnswer(b []byte) (Status, []byte, error) {
	if len(b) == 0 || b[0] == 0 {
		return 0, nil, fmt.Errorf("answer without status: %w", ErrFrame)
	}
	return Status(b[0]), b[1:], nil
}
