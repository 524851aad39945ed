package wire

import (
	"fmt"

	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/courier/seal"
)

// TalkRequest is what a session's request to a letter's recipient holds: a
// letter, or what became of those that an answer brought.
type TalkRequest struct {
	Version uint64      `cbor:"v"`                // 1
	Letter  []byte      `cbor:"letter,omitempty"` // as seal.EncodeLetter writes it, without From: the session's first letter had it
	Proofs  []TalkProof `cbor:"proofs,omitempty"` // 1 to MaxReplies
}

// TalkProof says what became of one letter.
type TalkProof struct {
	Letter []byte `cbor:"letter"` // its id, seal.IDSize bytes
	Status Status `cbor:"status"` // Taken or Refused
}

// TalkResponse answers a [TalkRequest].
type TalkResponse struct {
	Version uint64   `cbor:"v"`                 // 1
	Status  Status   `cbor:"status"`            // of the letter; of proofs Taken, or Busy if they are not recorded
	Letters [][]byte `cbor:"letters,omitempty"` // at most MaxReplies: what is said in return, as the letter asked with
}

// MaxTalk is the longest sealed request of a session here, in bytes: one that a
// letter protocol's frame has room for.
const MaxTalk = seal.MaxLetter + seal.SessionOverhead

// EncodeTalk returns the asking frame that goes by a session.
func EncodeTalk(sealed []byte) []byte { return append([]byte{askTalk}, sealed...) }

// EncodeTalkRequest returns r with its version, or an error if it is out of its
// limits.
func EncodeTalkRequest(r TalkRequest) ([]byte, error) {
	r.Version = version
	if err := r.check(); err != nil {
		return nil, err
	}
	return dagcbor.Marshal(r)
}

// DecodeTalkRequest reads one strictly.
func DecodeTalkRequest(b []byte) (r TalkRequest, err error) {
	if err := dagcbor.Unmarshal(b, &r); err != nil {
		return TalkRequest{}, fmt.Errorf("request of a session: %w: %w", ErrFrame, err)
	}
	if err := r.check(); err != nil {
		return TalkRequest{}, err
	}
	return r, nil
}

func (r TalkRequest) check() error {
	switch {
	case r.Version != version:
		return fmt.Errorf("request of a session: version %d: %w", r.Version, ErrFrame)
	case (len(r.Letter) == 0) == (len(r.Proofs) == 0) || len(r.Proofs) > MaxReplies:
		return fmt.Errorf("request of a session: a letter of %d bytes and %d proofs: %w", len(r.Letter), len(r.Proofs), ErrFrame)
	}
	for i, p := range r.Proofs {
		if len(p.Letter) != seal.IDSize || p.Status != Taken && p.Status != Refused {
			return fmt.Errorf("request of a session: proof %d: id of %d bytes, status %d: %w", i, len(p.Letter), byte(p.Status), ErrFrame)
		}
	}
	return nil
}

// EncodeTalkResponse returns r with its version and as many of its letters as
// there is room for.
func EncodeTalkResponse(r TalkResponse) (b []byte, brought int, err error) {
	room := seal.MaxExchange - 4 - 64 // of the padded response, less the length and what is not letters
	for brought < min(len(r.Letters), MaxReplies) {
		if room -= len(r.Letters[brought]) + 8; room < 0 {
			break
		}
		brought++
	}
	r.Version, r.Letters = version, r.Letters[:brought]
	b, err = dagcbor.Marshal(r)
	return b, brought, err
}

// DecodeTalkResponse reads one strictly.
func DecodeTalkResponse(b []byte) (r TalkResponse, err error) {
	if err := dagcbor.Unmarshal(b, &r); err != nil {
		return TalkResponse{}, fmt.Errorf("response of a session: %w: %w", ErrFrame, err)
	}
	if r.Version != version || len(r.Letters) > MaxReplies {
		return TalkResponse{}, fmt.Errorf("response of a session: version %d, %d letters: %w", r.Version, len(r.Letters), ErrFrame)
	}
	return r, nil
}
