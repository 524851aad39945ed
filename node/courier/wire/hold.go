package wire

import (
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"slices"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/courier/seal"
)

// HoldOp is what is asked of a holder.
type HoldOp string

// The operations. Each may be repeated without harm.
const (
	// HoldOpen makes the slot, or extends its life; Expires says until when.
	HoldOpen HoldOp = "open"
	// HoldFetch deletes the letters in Done, then returns others than those in
	// Have, waiting up to Wait seconds for the first.
	HoldFetch HoldOp = "fetch"
	// HoldAck deletes the letters in Done.
	HoldAck HoldOp = "ack"
	// HoldClose deletes the slot and its letters.
	HoldClose HoldOp = "close"
)

const (
	// MaxSkew is how far the time of a request may be from the holder's clock.
	MaxSkew = 5 * time.Minute
	// MaxWait is the longest wait of a fetch.
	MaxWait = 25 * time.Second
	// MaxIDs is the most letters named in one list of a request.
	MaxIDs = 1024

	holdDomain = "parley/hold/1 request\x00"
)

// HoldRequest is a request to a holder. It is signed with the slot's key, so
// that only who opened a slot is served from it, and names the holder and the
// time, so that a signature serves nowhere else and not for long.
//
// A request of a session (seal.Session) that a signed one has begun has none of
// Holder, Slot, Time and Signature: that it opens says as much.
type HoldRequest struct {
	Version   uint64        `cbor:"v"`                // 1
	Op        HoldOp        `cbor:"op"`               //
	Holder    string        `cbor:"holder,omitempty"` // libp2p peer id of the holder
	Slot      []byte        `cbor:"slot,omitempty"`   // 32 bytes, Ed25519 public key
	Time      identity.Time `cbor:"time,omitzero"`    // by the asker's clock
	Expires   identity.Time `cbor:"expires,omitzero"` // open: end of the slot's life
	Wait      uint64        `cbor:"wait,omitempty"`   // fetch: seconds
	Most      uint64        `cbor:"most,omitempty"`   // fetch: letters at most; 0: as many as fit
	Done      [][]byte      `cbor:"done,omitempty"`   // fetch, ack: LetterID of letters to delete
	Have      [][]byte      `cbor:"have,omitempty"`   // fetch: LetterID of letters not to be sent again
	Signature []byte        `cbor:"sig,omitempty"`    // 64 bytes, over holdDomain and the encoding without it
}

// HoldResponse is a holder's response.
type HoldResponse struct {
	Version uint64        `cbor:"v"`                 // 1
	Status  Status        `cbor:"status"`            //
	Expires identity.Time `cbor:"expires,omitzero"`  // end of the slot's life as granted
	Letters [][]byte      `cbor:"letters,omitempty"` // fetch: sealed letters, the oldest first
}

// LetterID names a sealed letter at its holder: the SHA-256 of its bytes.
func LetterID(sealed []byte) []byte {
	h := sha256.Sum256(sealed)
	return h[:]
}

// SignHold completes r with version, slot and signature, and encodes it.
func SignHold(key ed25519.PrivateKey, r HoldRequest) ([]byte, error) {
	r.Version, r.Slot = version, key.Public().(ed25519.PublicKey)
	message, err := r.message()
	if err != nil {
		return nil, err
	}
	r.Signature = ed25519.Sign(key, message)
	return dagcbor.Marshal(r)
}

func (r HoldRequest) message() ([]byte, error) {
	r.Signature = nil
	b, err := dagcbor.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("hold request: %w", err)
	}
	return append([]byte(holdDomain), b...), nil
}

// DecodeHold reads a request as [SignHold] writes it. The form is checked, not
// the signature: see [HoldRequest.Verify].
func DecodeHold(b []byte) (HoldRequest, error) {
	r, err := decodeHold(b)
	bad := ""
	switch {
	case err != nil:
		return r, err
	case len(r.Slot) != ed25519.PublicKeySize:
		bad = "slot wants 32 bytes"
	case len(r.Signature) != ed25519.SignatureSize:
		bad = "sig wants 64 bytes"
	case r.Time.IsZero():
		bad = "time is missing"
	default:
		return r, nil
	}
	return r, fmt.Errorf("hold request: %s: %w", bad, ErrFrame)
}

// EncodeSessionHold completes r, of a session, with its version and encodes it.
func EncodeSessionHold(r HoldRequest) ([]byte, error) {
	r.Version, r.Holder, r.Slot, r.Time, r.Signature = version, "", nil, identity.Time{}, nil
	return dagcbor.Marshal(r)
}

// DecodeSessionHold reads a request as [EncodeSessionHold] writes it.
func DecodeSessionHold(b []byte) (HoldRequest, error) {
	r, err := decodeHold(b)
	if err == nil && (r.Holder != "" || len(r.Slot) > 0 || !r.Time.IsZero() || len(r.Signature) > 0) {
		err = fmt.Errorf("hold request of a session: holder, slot, time and sig are not wanted: %w", ErrFrame)
	}
	return r, err
}

// decodeHold checks what both forms of a request have.
func decodeHold(b []byte) (HoldRequest, error) {
	var r HoldRequest
	if len(b) > seal.MaxExchange {
		return r, fmt.Errorf("hold request: %w", ErrFrameSize)
	}
	if err := dagcbor.Unmarshal(b, &r); err != nil {
		return r, fmt.Errorf("hold request: %w: %w", ErrFrame, err)
	}
	notID := func(id []byte) bool { return len(id) != sha256.Size }
	bad := ""
	switch {
	case r.Version != version:
		bad = "v is unknown"
	case !slices.Contains([]HoldOp{HoldOpen, HoldFetch, HoldAck, HoldClose}, r.Op):
		bad = "op is unknown"
	case r.Op == HoldOpen && r.Expires.IsZero():
		bad = "expires is missing"
	case len(r.Done) > MaxIDs || slices.ContainsFunc(r.Done, notID):
		bad = "done is out of limits"
	case len(r.Have) > MaxIDs || slices.ContainsFunc(r.Have, notID):
		bad = "have is out of limits"
	case r.Wait > uint64(MaxWait/time.Second):
		bad = "wait is too long"
	default:
		return r, nil
	}
	return r, fmt.Errorf("hold request: %s: %w", bad, ErrFrame)
}

// Verify returns an error saying why r is not a request of the slot's owner to
// the holder self at the time now.
func (r HoldRequest) Verify(self peer.ID, now time.Time) error {
	if r.Holder != self.String() {
		return fmt.Errorf("hold request: made for the holder %.80q", r.Holder)
	}
	if d := now.Sub(r.Time.Std()); d > MaxSkew || d < -MaxSkew {
		return fmt.Errorf("hold request: its time is %v from this clock, at most %v", d.Round(time.Second), MaxSkew)
	}
	message, err := r.message()
	if err != nil {
		return err
	}
	if !ed25519.Verify(r.Slot, message, r.Signature) {
		return fmt.Errorf("hold request: not signed with the slot's key")
	}
	return nil
}

// EncodeHoldResponse completes r with its version and encodes it.
func EncodeHoldResponse(r HoldResponse) ([]byte, error) {
	r.Version = version
	return dagcbor.Marshal(r)
}

// DecodeHoldResponse reads a response.
func DecodeHoldResponse(b []byte) (HoldResponse, error) {
	var r HoldResponse
	if len(b) > seal.MaxExchange {
		return r, fmt.Errorf("hold response: %w", ErrFrameSize)
	}
	if err := dagcbor.Unmarshal(b, &r); err != nil {
		return r, fmt.Errorf("hold response: %w: %w", ErrFrame, err)
	}
	if r.Version != version || r.Status == 0 {
		return r, fmt.Errorf("hold response: version %d, status %d: %w", r.Version, r.Status, ErrFrame)
	}
	for i, l := range r.Letters {
		if !seal.ValidSize(len(l)) {
			return r, fmt.Errorf("hold response: letters[%d] of %d bytes: %w", i, len(l), ErrFrame)
		}
	}
	return r, nil
}
