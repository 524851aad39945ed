package keystore

import (
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"golang.org/x/crypto/chacha20poly1305"
)

// change puts or removes one secret.
type change struct {
	name   string
	secret []byte
	remove bool
}

// batch is what one record holds: changes that happen together.
type batch []change

func (b batch) applyTo(secrets map[string][]byte) {
	for _, c := range b {
		if old, ok := secrets[c.name]; ok {
			clear(old)
		}
		if c.remove {
			delete(secrets, c.name)
		} else {
			secrets[c.name] = c.secret
		}
	}
}

const (
	opPut    = 1
	opRemove = 2
)

// encode writes each change as op (1 byte), length of the name (1), name, and
// for a put the length of the secret (4, big endian) and the secret.
func (b batch) encode() ([]byte, error) {
	var out []byte
	for _, c := range b {
		op := byte(opPut)
		if c.remove {
			op = opRemove
		}
		out = append(out, op, byte(len(c.name)))
		out = append(out, c.name...)
		if !c.remove {
			out = binary.BigEndian.AppendUint32(out, uint32(len(c.secret)))
			out = append(out, c.secret...)
		}
	}
	if len(out) > maxBatch {
		return nil, fmt.Errorf("%d bytes at once, the most is %d", len(out), maxBatch)
	}
	return out, nil
}

var errBatch = errors.New("record does not have the form of a batch")

// decodeBatch reads what encode wrote.
func decodeBatch(in []byte) (batch, error) {
	var b batch
	for len(in) > 0 {
		if len(in) < 2 || len(in) < 2+int(in[1]) || in[0] != opPut && in[0] != opRemove {
			return nil, errBatch
		}
		c := change{name: string(in[2 : 2+in[1]]), remove: in[0] == opRemove}
		in = in[2+int(in[1]):]
		if !c.remove {
			if len(in) < 4 || uint64(len(in)-4) < uint64(binary.BigEndian.Uint32(in)) {
				return nil, errBatch
			}
			n := int(binary.BigEndian.Uint32(in))
			c.secret = in[4 : 4+n : 4+n]
			in = in[4+n:]
		}
		if checkEntry(c.name, c.secret) != nil {
			return nil, errBatch
		}
		b = append(b, c)
	}
	return b, nil
}

// A record on disk is its length (4 bytes, big endian, of what follows the
// checksum), a checksum of that length and the record's place (4), a random
// nonce (24) and the ciphertext. The checksum tells a damaged length, which
// must not be taken for a record cut off, from one that was.
const (
	recordHead  = 8
	recordExtra = chacha20poly1305.NonceSizeX + chacha20poly1305.Overhead
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// sealer encrypts and decrypts the records of one file.
type sealer struct {
	aead cipher.AEAD
	file [16]byte // differs for every rewrite, so that records do not move between files
}

// place is bound into record number seq of the file.
func (s *sealer) place(seq uint64) []byte {
	return binary.BigEndian.AppendUint64(s.file[:len(s.file):len(s.file)], seq)
}

func (s *sealer) checksum(length [4]byte, seq uint64) uint32 {
	return crc32.Update(crc32.Checksum(length[:], castagnoli), castagnoli, s.place(seq))
}

// seal returns record number seq.
func (s *sealer) seal(seq uint64, b batch) ([]byte, error) {
	plain, err := b.encode()
	if err != nil {
		return nil, err
	}
	defer clear(plain)
	var length [4]byte
	binary.BigEndian.PutUint32(length[:], uint32(len(plain)+recordExtra))
	out := make([]byte, 0, recordHead+len(plain)+recordExtra)
	out = append(out, length[:]...)
	out = binary.BigEndian.AppendUint32(out, s.checksum(length, seq))
	nonce := make([]byte, chacha20poly1305.NonceSizeX)
	rand.Read(nonce) // never fails (Go 1.24)
	out = append(out, nonce...)
	return s.aead.Seal(out, nonce, plain, s.place(seq)), nil
}

// errTorn means that a record was not written to its end.
var errTorn = errors.New("record is cut off")

// open reads record number seq at the start of in and returns its size. It
// returns errTorn only where a crash in the middle of an append explains what
// is there: the file ends within the record, or the end was allocated and
// never written.
func (s *sealer) open(seq uint64, in []byte) (b batch, size int, err error) {
	if len(in) < recordHead || allZero(in) {
		return nil, 0, errTorn
	}
	length := [4]byte(in[:4])
	if binary.BigEndian.Uint32(in[4:]) != s.checksum(length, seq) {
		return nil, 0, errors.New("checksum of a record's length is wrong")
	}
	n := binary.BigEndian.Uint32(length[:])
	if n < recordExtra || n > maxBatch+recordExtra {
		return nil, 0, errors.New("record has an impossible length")
	}
	size = recordHead + int(n)
	if len(in) < size || len(in) == size && allZero(in[size-chacha20poly1305.Overhead:]) {
		return nil, 0, errTorn
	}
	body := in[recordHead:size]
	nonce, ciphertext := body[:chacha20poly1305.NonceSizeX], body[chacha20poly1305.NonceSizeX:]
	plain, err := s.aead.Open(nil, nonce, ciphertext, s.place(seq))
	if err != nil {
		return nil, 0, errors.New("record does not decrypt")
	}
	b, err = decodeBatch(plain)
	return b, size, err
}

func allZero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}
