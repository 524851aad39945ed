package discovery

import (
	"fmt"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	"github.com/libp2p/go-libp2p/core/record"

	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/peerbook"
)

// ExchangeProtocol is where a peer is asked for others: one frame (package
// courier/wire) of DAG-CBOR each way.
const ExchangeProtocol protocol.ID = "/parley/peers/1"

const (
	maxAsked    = 16       // peers in an answer
	maxRecord   = 4 << 10  // a signed peer record in bytes
	maxQuestion = 64       // a question's frame
	maxAnswer   = 66 << 10 // an answer's
	wireVersion = 1
)

// question asks for peers.
type question struct {
	Version uint64 `cbor:"v"` // 1
	Want    uint64 `cbor:"want"`
}

// answer names peers by the records they signed themselves (libp2p's signed
// peer records), so that who passes them on can't change where they are.
type answer struct {
	Version uint64   `cbor:"v"` // 1
	Busy    bool     `cbor:"busy,omitempty"`
	Peers   [][]byte `cbor:"peers,omitempty"`
}

func encodeQuestion(want int) ([]byte, error) {
	return dagcbor.Marshal(question{wireVersion, uint64(want)})
}

func decodeQuestion(b []byte) (int, error) {
	var q question
	if len(b) > maxQuestion {
		return 0, fmt.Errorf("%w: question of %d bytes, at most %d", errMessage, len(b), maxQuestion)
	}
	if err := dagcbor.Unmarshal(b, &q); err != nil {
		return 0, fmt.Errorf("%w: question: %w", errMessage, err)
	}
	if q.Version != wireVersion || q.Want == 0 || q.Want > 1<<16 {
		return 0, fmt.Errorf("%w: question: v %d, want %d", errMessage, q.Version, q.Want)
	}
	return min(int(q.Want), maxAsked), nil
}

func decodeAnswer(b []byte) (answer, error) {
	var a answer
	if len(b) > maxAnswer {
		return a, fmt.Errorf("%w: answer of %d bytes, at most %d", errMessage, len(b), maxAnswer)
	}
	if err := dagcbor.Unmarshal(b, &a); err != nil {
		return a, fmt.Errorf("%w: answer: %w", errMessage, err)
	}
	switch {
	case a.Version != wireVersion:
		return a, fmt.Errorf("%w: answer: v: %d is unknown, this is %d", errMessage, a.Version, wireVersion)
	case len(a.Peers) > maxAsked:
		return a, fmt.Errorf("%w: answer: %d peers, at most %d", errMessage, len(a.Peers), maxAsked)
	case a.Busy && len(a.Peers) > 0:
		return a, fmt.Errorf("%w: answer: busy, with peers", errMessage)
	}
	return a, nil
}

// openRecord returns the peer in a record that it has signed itself, with those
// of its addresses that reach as far as scope.
func openRecord(b []byte, scope peerbook.Scope) (peer.AddrInfo, error) {
	if len(b) > maxRecord {
		return peer.AddrInfo{}, fmt.Errorf("peer record: %d bytes, at most %d", len(b), maxRecord)
	}
	e, r, err := record.ConsumeEnvelope(b, peer.PeerRecordEnvelopeDomain)
	if err != nil {
		return peer.AddrInfo{}, fmt.Errorf("peer record: %w", err)
	}
	rec, ok := r.(*peer.PeerRecord)
	if !ok {
		return peer.AddrInfo{}, fmt.Errorf("peer record: a %T", r)
	}
	if !rec.PeerID.MatchesPublicKey(e.PublicKey) {
		return peer.AddrInfo{}, fmt.Errorf("peer record: %s did not sign it", rec.PeerID)
	}
	info := peer.AddrInfo{ID: rec.PeerID, Addrs: peerbook.Usable(rec.Addrs, scope)}
	if len(info.Addrs) == 0 {
		return info, fmt.Errorf("peer record: no address of %s is of use", rec.PeerID)
	}
	return info, nil
}
