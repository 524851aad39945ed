package wire

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/parley-network/parley/gossip/admission"
	"github.com/parley-network/parley/node/courier/seal"
)

// What the first byte of an asking frame of [LetterProtocol] says, if it is not
// the length of a slot.
const (
	askReplies = 1 // a letter to the peer itself, whose answer may bring letters
	askProof   = 2 // what became of one that an answer brought
	askTalk    = 3 // a request of a session
)

// MaxReplies is how many letters one answer may bring.
const MaxReplies = 4

// LetterAsk is what is asked by [LetterProtocol]: that a letter be taken in, or
// a [Proof] be looked at, or a request of a session, and the others are nil.
type LetterAsk struct {
	Slot    []byte // whose letter it is, for a holder; nil: the peer's own
	Sealed  []byte
	Work    []byte // a stamp beside it; nil: none
	Replies bool   // the answer may bring letters sealed to the route the letter came from
	Proof   *Proof
	Talk    []byte // a sealed request of a session that a letter has begun
}

// Proof says what became of a letter that an answer brought.
type Proof struct {
	Letter  []byte // its [LetterID]
	Status  Status // Taken or Refused
	Receipt []byte // [seal.Receipt] of the status
}

// EncodeLetter returns the asking frame of [LetterProtocol]. An empty slot
// means that the peer is the recipient. work is an admission.Stamp, or nil.
func EncodeLetter(slot, sealed, work []byte) []byte {
	out := make([]byte, 0, 1+len(slot)+len(sealed)+len(work))
	out = append(out, byte(len(slot)))
	out = append(out, slot...)
	out = append(out, sealed...)
	return append(out, work...)
}

// EncodeLetterForReplies returns the asking frame that hands in a letter at its
// recipient, whose answer may bring letters.
func EncodeLetterForReplies(sealed []byte) []byte {
	return append([]byte{askReplies}, sealed...)
}

// EncodeProof returns the asking frame that says what became of a letter.
func EncodeProof(p Proof) []byte {
	return slices.Concat([]byte{askProof, byte(p.Status)}, p.Letter, p.Receipt)
}

// DecodeLetter reads an asking frame of [LetterProtocol]. Its parts share b's
// memory.
func DecodeLetter(b []byte) (ask LetterAsk, err error) {
	if len(b) == 0 {
		return ask, fmt.Errorf("letter: empty: %w", ErrFrame)
	}
	n, rest := int(b[0]), b[1:]
	switch {
	case n == askProof:
		return decodeProof(rest)
	case n == askTalk && seal.IsSession(len(rest)) && len(rest) <= MaxTalk:
		return LetterAsk{Talk: rest}, nil
	case n == askReplies:
		n, ask.Replies = 0, true
	case n != 0 && n != ed25519.PublicKeySize || n > len(rest):
		return ask, fmt.Errorf("letter: slot of %d bytes: %w", n, ErrFrame)
	}
	if n > 0 {
		ask.Slot = rest[:n:n]
	}
	ask.Sealed = rest[n:]
	if at := len(ask.Sealed) - admission.StampSize; at > 0 && seal.ValidSize(at) {
		ask.Sealed, ask.Work = ask.Sealed[:at:at], ask.Sealed[at:]
	}
	if !seal.ValidSize(len(ask.Sealed)) {
		return LetterAsk{}, fmt.Errorf("letter: sealed part of %d bytes: %w", len(ask.Sealed), ErrFrame)
	}
	return ask, nil
}

func decodeProof(b []byte) (LetterAsk, error) {
	if want := 1 + sha256.Size + seal.ReceiptSize; len(b) != want {
		return LetterAsk{}, fmt.Errorf("proof of %d bytes, want %d: %w", len(b), want, ErrFrame)
	}
	p := Proof{Status: Status(b[0]), Letter: b[1 : 1+sha256.Size], Receipt: b[1+sha256.Size:]}
	if p.Status != Taken && p.Status != Refused {
		return LetterAsk{}, fmt.Errorf("proof of status %d: %w", b[0], ErrFrame)
	}
	return LetterAsk{Proof: &p}, nil
}

// EncodeReceipt returns what follows the status where an answer may bring
// letters: the receipt and as many of the letters as there is room for.
func EncodeReceipt(receipt []byte, letters [][]byte) (rest []byte, brought int) {
	rest = slices.Clone(receipt)
	for _, sealed := range letters {
		if brought == MaxReplies || len(rest)+4+len(sealed) > MaxAnswer-1 {
			break
		}
		rest = binary.BigEndian.AppendUint32(rest, uint32(len(sealed)))
		rest = append(rest, sealed...)
		brought++
	}
	return rest, brought
}

// DecodeReceipt splits what follows the status where an answer may bring
// letters; nothing at all is an answer without a receipt. The parts share
// rest's memory.
func DecodeReceipt(rest []byte) (receipt []byte, letters [][]byte, err error) {
	if len(rest) == 0 {
		return nil, nil, nil
	}
	if len(rest) < seal.ReceiptSize {
		return nil, nil, fmt.Errorf("receipt of %d bytes, want %d: %w", len(rest), seal.ReceiptSize, ErrFrame)
	}
	receipt, rest = rest[:seal.ReceiptSize:seal.ReceiptSize], rest[seal.ReceiptSize:]
	for len(rest) > 0 {
		if len(letters) == MaxReplies {
			return nil, nil, fmt.Errorf("more than %d letters in an answer: %w", MaxReplies, ErrFrame)
		}
		if len(rest) < 4 {
			return nil, nil, fmt.Errorf("answer ends within the length of letter %d: %w", len(letters), ErrFrame)
		}
		n := int(binary.BigEndian.Uint32(rest))
		if rest = rest[4:]; !seal.ValidSize(n) || n > len(rest) {
			return nil, nil, fmt.Errorf("letter %d of an answer has %d bytes, %d are left: %w", len(letters), n, len(rest), ErrFrame)
		}
		letters, rest = append(letters, rest[:n:n]), rest[n:]
	}
	return receipt, letters, nil
}

// LetterChallenge is what a stamp beside a letter is made for: the letter and
// where it is handed in, at a slot or, with none, at the peer it is for.
func LetterChallenge(to peer.ID, slot, sealed []byte) admission.Challenge {
	if len(slot) == 0 {
		slot = []byte(to)
	}
	return admission.ForLetter(slot, sha256.Sum256(sealed))
}

// EncodeNeeds returns the answer frame [NeedsWork] with the difficulty asked
// for, in bits.
func EncodeNeeds(bits int) []byte { return EncodeAnswer(NeedsWork, []byte{byte(bits)}) }

// DecodeNeeds reads what follows the status NeedsWork: 1 to admission.MaxBits,
// or an error. What would take longer is asked of nobody.
func DecodeNeeds(rest []byte) (int, error) {
	if len(rest) != 1 || rest[0] < 1 || rest[0] > admission.MaxBits {
		return 0, fmt.Errorf("work wanted: %x, want one byte of 1 to %d: %w", rest[:min(len(rest), 8)], admission.MaxBits, ErrFrame)
	}
	return int(rest[0]), nil
}
