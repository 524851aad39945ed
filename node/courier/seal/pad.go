package seal

import (
	"encoding/binary"
	"fmt"
	"slices"
)

// The padded sizes in bytes, each list in growing order.
var (
	letterSizes   = []int{1 << 10, 4 << 10, 16 << 10, MaxLetter}
	exchangeSizes = []int{1 << 10, 4 << 10, 16 << 10, 64 << 10, MaxExchange}
)

const lengthPrefix = 4

// pad returns body behind its length, filled with zeros to the least size.
func pad(body []byte, sizes []int) ([]byte, error) {
	for _, size := range sizes {
		if lengthPrefix+len(body) <= size {
			out := make([]byte, size)
			binary.BigEndian.PutUint32(out, uint32(len(body)))
			copy(out[lengthPrefix:], body)
			return out, nil
		}
	}
	return nil, fmt.Errorf("%d bytes, at most %d: %w", len(body), sizes[len(sizes)-1]-lengthPrefix, ErrTooLarge)
}

// unpad returns the body of p, which must be exactly what pad makes of it. The
// whole padding is looked at whatever it holds, so that the time taken tells
// nothing of where it differs.
func unpad(p []byte, sizes []int) ([]byte, error) {
	i := slices.Index(sizes, len(p))
	if i < 0 {
		return nil, fmt.Errorf("padded length %d: %w", len(p), ErrMalformed)
	}
	n := uint64(binary.BigEndian.Uint32(p))
	room := uint64(len(p) - lengthPrefix)
	if n > room {
		return nil, fmt.Errorf("body of %d bytes in %d: %w", n, room, ErrMalformed)
	}
	body, fill := p[lengthPrefix:lengthPrefix+n], p[lengthPrefix+n:]
	var seen byte
	for _, b := range fill {
		seen |= b
	}
	if seen != 0 {
		return nil, fmt.Errorf("padding is not zero: %w", ErrMalformed)
	}
	if i > 0 && lengthPrefix+len(body) <= sizes[i-1] {
		return nil, fmt.Errorf("body of %d bytes padded to %d: %w", n, len(p), ErrMalformed)
	}
	return body, nil
}
