package queue

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"strconv"
)

// pack compresses a body; unpack reverses it.
func pack(b []byte) ([]byte, error) {
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestSpeed)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(b); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// unpack takes size bytes whose SHA-256 is sum, and nothing else: what was
// declared bounds what is allocated, and what was declared is bounded.
func unpack(packed []byte, size int64, sum string) ([]byte, error) {
	if size < 1 || size > maxResult {
		return nil, fmt.Errorf("size %d: want 1 to %d bytes", size, maxResult)
	}
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("unpack: %w", err)
	}
	var out bytes.Buffer // grows with what is there, not with what is promised
	n, err := io.Copy(&out, io.LimitReader(z, size+1))
	if err != nil {
		return nil, fmt.Errorf("unpack: %w", err)
	}
	if n != size {
		return nil, fmt.Errorf("unpack: not the %d bytes it should be", size)
	}
	if sumText(out.Bytes()) != sum {
		return nil, fmt.Errorf("unpack: its SHA-256 is not %s", sum)
	}
	return out.Bytes(), nil
}

// objectName is where a body is that is too large for a message.
func objectName(run string, cell int, sum string) string {
	return "result/" + run + "/" + strconv.Itoa(cell) + "/" + sum
}

// fileName is where a file that a scenario names is.
func fileName(sum string) string { return "file/" + sum }
