package keystore

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"filippo.io/age"
	"golang.org/x/crypto/chacha20poly1305"
)

// A file starts with the magic, the id of the file (16 bytes), how the key is
// kept (1), the length of the key as kept (2, big endian), the key, and a
// checksum of all that (4).
const (
	magic     = "parley keystore 1\n"
	headFixed = len(magic) + 16 + 1 + 2
	maxKey    = 1 << 10 // bytes of a wrapped key
)

const (
	keyClear = 0 // 32 bytes as they are
	keyAge   = 1 // an age file with one scrypt recipient
)

const (
	workFactor    = 17 // log2 N of scrypt
	maxWorkFactor = 20 // of a file we did not write: 1 GiB of memory
)

// header is the head of a file: the key and how it is kept.
type header struct {
	sealer
	kept    byte
	wrapped []byte
}

// newHeader makes a header with a new key under the passphrase, with
// scrypt at N=2^work.
func newHeader(passphrase []byte, work int) (*header, error) {
	key := make([]byte, chacha20poly1305.KeySize)
	rand.Read(key)
	h := &header{kept: keyClear, wrapped: key}
	var err error
	if h.aead, err = chacha20poly1305.NewX(key); err != nil {
		return nil, err
	}
	if len(passphrase) > 0 {
		if h.wrapped, err = wrap(key, passphrase, work); err != nil {
			return nil, err
		}
		h.kept = keyAge
		clear(key)
	}
	return h.renewed(), nil
}

// renewed returns h for another file with the same key.
func (h *header) renewed() *header {
	next := *h
	rand.Read(next.file[:])
	return &next
}

func (h *header) encode() []byte {
	out := append([]byte(magic), h.file[:]...)
	out = append(out, h.kept)
	out = binary.BigEndian.AppendUint16(out, uint16(len(h.wrapped)))
	out = append(out, h.wrapped...)
	return binary.BigEndian.AppendUint32(out, crc32.Checksum(out, castagnoli))
}

// parseHeader reads the head of a file and unlocks its key. It returns the
// size of the head.
func parseHeader(in, passphrase []byte) (h *header, size int, err error) {
	if len(in) < headFixed || !bytes.HasPrefix(in, []byte(magic)) {
		return nil, 0, errors.New("not a keystore of this version")
	}
	n := int(binary.BigEndian.Uint16(in[headFixed-2:]))
	size = headFixed + n + 4
	if n > maxKey || len(in) < size {
		return nil, 0, errors.New("head is cut off")
	}
	if crc32.Checksum(in[:size-4], castagnoli) != binary.BigEndian.Uint32(in[size-4:]) {
		return nil, 0, errors.New("checksum of the head is wrong")
	}
	h = &header{kept: in[headFixed-3], wrapped: bytes.Clone(in[headFixed : size-4])}
	copy(h.file[:], in[len(magic):])
	key, err := h.unlock(passphrase)
	if err != nil {
		return nil, 0, err
	}
	h.aead, err = chacha20poly1305.NewX(key)
	return h, size, err
}

func (h *header) unlock(passphrase []byte) ([]byte, error) {
	switch {
	case h.kept == keyClear && len(passphrase) == 0:
		return h.wrapped, nil
	case h.kept == keyClear:
		return nil, fmt.Errorf("%w: the store has none, set it first", ErrPassphrase)
	case h.kept != keyAge:
		return nil, fmt.Errorf("key is kept in an unknown way (%d)", h.kept)
	case len(passphrase) == 0:
		return nil, fmt.Errorf("%w: the store needs one", ErrPassphrase)
	}
	return unwrap(h.wrapped, passphrase)
}

func wrap(key, passphrase []byte, work int) ([]byte, error) {
	recipient, err := age.NewScryptRecipient(string(passphrase))
	if err != nil {
		return nil, fmt.Errorf("wrap key: %w", err)
	}
	recipient.SetWorkFactor(work)
	var out bytes.Buffer
	w, err := age.Encrypt(&out, recipient)
	if err != nil {
		return nil, fmt.Errorf("wrap key: %w", err)
	}
	if _, err := w.Write(key); err != nil {
		return nil, fmt.Errorf("wrap key: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("wrap key: %w", err)
	}
	return out.Bytes(), nil
}

func unwrap(wrapped, passphrase []byte) ([]byte, error) {
	id, err := age.NewScryptIdentity(string(passphrase))
	if err != nil {
		return nil, fmt.Errorf("unwrap key: %w", err)
	}
	id.SetMaxWorkFactor(maxWorkFactor)
	r, err := age.Decrypt(bytes.NewReader(wrapped), id)
	var mismatch *age.NoIdentityMatchError
	if errors.As(err, &mismatch) {
		return nil, ErrPassphrase
	}
	if err != nil {
		return nil, fmt.Errorf("unwrap key: %w", err)
	}
	key, err := io.ReadAll(io.LimitReader(r, chacha20poly1305.KeySize+1))
	if err != nil {
		return nil, fmt.Errorf("unwrap key: %w", err)
	}
	return key, nil
}
