// Package wire is what the courier's protocols look like on a stream, and
// nothing of what they do: codes, frames and bodies, each with a strict and
// bounded decoder. It is pure but for reading and writing a stream given to it.
//
// # Frames
//
// Every message is one frame: 4 bytes length n (big endian), then n bytes. The
// asker writes one frame and the answerer writes one. Then the asker may write
// the next on the same stream, or close its side, at which the answerer closes
// its own; the answerer may close too, and does when it has waited for long or
// could not read a frame. A frame beyond the limit of its protocol is refused
// before it is read.
//
// # /parley/letter/1: hand in one sealed letter
//
//	ask     1 byte   length of the slot: 0 (the peer is the recipient) or 32
//	        0 or 32  slot, an Ed25519 public key
//	        rest     sealed letter: 2160, 5232, 17520 or 66672 bytes (package seal)
//	        0 or 9   stamp of work (admission.Stamp) for [LetterChallenge], where
//	                 it was asked for
//	answer  1 byte   status
//	        0 or 32  receipt (seal.Receipt); from the recipient alone, with
//	                 taken, duplicate and refused
//	        1 byte   difficulty in bits, 1 to 22; with work wanted
//
// Nobody puts a stamp beside a letter before it was asked for, so that it gets
// to nodes that know of none as it always did; and those take being asked for
// one for busy.
//
// The recipient's answer can bring what it has to say in return, if the asker
// lets it; what it brings is sealed to the route the letter came from:
//
//	ask     1 byte   1
//	        rest     sealed letter, to the peer itself
//	answer  as above, and after the receipt up to 4 letters, each
//	        4 bytes  its length (big endian)
//	        rest     sealed letter
//
// Who has taken such a letter in, or refuses it, proves it by the same way. An
// answer's letter that is not proven is sent like any other:
//
//	ask     1 byte   2
//	        1 byte   status: taken or refused
//	        32       SHA-256 of the sealed letter
//	        32       receipt (seal.Receipt) of that status
//	answer  1 byte   status: taken; no-session where no such letter waits
//
// The first letter that an answer brought, once it is proven and if the peer has
// to do with the route's owner, leaves a session behind (seal.Talk), in memory at
// both ends. Further letters of that route's to that peer can be the session's
// requests, in their order and each once, and so can what proves their answers:
//
//	ask     1 byte   3
//	        rest     seal.Session.SealRequest around a [TalkRequest], at most 65572 bytes
//	answer  1 byte   status: taken, or why there is no response; no-session where
//	                 the peer knows no such session, and the letter goes sealed
//	        rest     seal.Session.SealResponse around a [TalkResponse], with taken alone
//
// # /parley/hold/1: talk to a holder of letters
//
//	ask     sealed request (seal.SealRequest) around a [HoldRequest]
//	answer  1 byte   status: taken, or why there is no response
//	        rest     sealed response around a [HoldResponse], with taken alone
//
// A request that opened or was fetched for a slot, and got a response, leaves a
// session behind (seal.Session), in memory at both ends. The next request about
// that slot can be the session's next instead, and so on:
//
//	ask     seal.Session.SealRequest around a [HoldRequest] without signature
//	answer  as above, with seal.Session.SealResponse; or no-session
//
// The holder takes a session's requests in their order and each once. Either
// end may forget a session at any time: the asker begins another with a signed
// request.
//
// # /parley/forward/1: have one exchange carried to another peer
//
//	ask     DAG-CBOR of [ForwardRequest]
//	answer  1 byte   status: taken, or why nothing was carried
//	        rest     the other peer's answer frame, with taken alone
//
// # /parley/hello/1: swap holder records
//
//	ask     signed record of the one who opened the stream (package hello)
//	answer  1 byte   status: taken, or why there is none
//	        rest     signed record of the other, with taken alone
package wire

import (
	"fmt"

	"github.com/libp2p/go-libp2p/core/protocol"
	"github.com/parley-network/parley/gossip/admission"
	"github.com/parley-network/parley/node/courier/seal"
)

// The protocols' names on a libp2p connection.
const (
	LetterProtocol  protocol.ID = "/parley/letter/1"
	HoldProtocol    protocol.ID = "/parley/hold/1"
	ForwardProtocol protocol.ID = "/parley/forward/1"
	HelloProtocol   protocol.ID = "/parley/hello/1"
)

// The largest frames in bytes.
const (
	MaxLetter  = 1 + 32 + seal.MaxSealedLetter + admission.StampSize
	MaxHold    = 1 + seal.MaxSealedExchange
	MaxForward = MaxHold + 8<<10 // with the address of the other peer
	MaxHello   = 8 << 10
	MaxAnswer  = MaxHold // the longest answer there is
)

// Status is the one-byte answer of every protocol here. An asker that meets a
// code it does not know takes it for [Busy]: nothing was done, try again.
type Status byte

// The codes. 0 is never sent.
const (
	Taken       Status = 1  // done: held, or the letter's effect is durable
	Duplicate   Status = 2  // had been taken before
	NoSlot      Status = 3  // the holder has no such slot (any more)
	Full        Status = 4  // no room: in this slot, or at this holder
	TooLarge    Status = 5  // larger than is taken here
	Busy        Status = 6  // too much at once; try again later
	Refused     Status = 7  // the recipient looked at it and refuses it for good
	Unreadable  Status = 8  // does not open under the key used here
	Malformed   Status = 9  // not of the form stated above
	Unreachable Status = 10 // the other peer could not be reached or did not answer
	Unwilling   Status = 11 // this peer does not do that
	Forbidden   Status = 12 // signature, time or addressee of the request is wrong
	NoSession   Status = 13 // of no session known here, or not its next request; no letter that waits for its proof
	NeedsWork   Status = 14 // not without a stamp of the difficulty stated
)

var statusText = [...]string{
	Taken: "taken", Duplicate: "taken before", NoSlot: "no such slot", Full: "full", TooLarge: "too large",
	Busy: "busy", Refused: "refused", Unreadable: "not readable with its key", Malformed: "malformed",
	Unreachable: "other peer not reached", Unwilling: "unwilling", Forbidden: "signature, time or addressee is wrong",
	NoSession: "no such session", NeedsWork: "work wanted",
}

// String returns the code in words.
func (s Status) String() string {
	if int(s) < len(statusText) && statusText[s] != "" {
		return statusText[s]
	}
	return fmt.Sprintf("unknown answer %d", byte(s))
}
