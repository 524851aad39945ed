package wire

import (
	"fmt"
	"slices"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	ma "github.com/multiformats/go-multiaddr"
	"github.com/parley-network/parley/identity/dagcbor"
)

const (
	// MaxAddrs is the most addresses of one peer in any message.
	MaxAddrs    = 16
	maxAddrText = 256
	version     = 1
)

// ForwardRequest asks a peer to carry one exchange to another. What is carried
// is sealed; the carrier sees who asks and where it goes, the other peer sees
// what is asked and the carrier.
type ForwardRequest struct {
	Version  uint64   `cbor:"v"`        // 1
	Peer     string   `cbor:"peer"`     // libp2p peer id of the other peer
	Addrs    []string `cbor:"addrs"`    // its multiaddrs, without /p2p at the end; may be empty
	Protocol string   `cbor:"protocol"` // LetterProtocol or HoldProtocol
	Payload  []byte   `cbor:"payload"`  // the asking frame's bytes
}

// EncodeForward returns the asking frame of [ForwardProtocol].
func EncodeForward(to peer.AddrInfo, p protocol.ID, payload []byte) ([]byte, error) {
	return dagcbor.Marshal(ForwardRequest{
		Version: version, Peer: to.ID.String(), Addrs: AddrStrings(to.Addrs), Protocol: string(p), Payload: payload,
	})
}

// DecodeForward reads the asking frame of [ForwardProtocol] and returns whom
// to ask, how, and with which frame.
func DecodeForward(b []byte) (to peer.AddrInfo, p protocol.ID, payload []byte, err error) {
	fail := func(err error) (peer.AddrInfo, protocol.ID, []byte, error) {
		return peer.AddrInfo{}, "", nil, fmt.Errorf("forward request: %w: %w", ErrFrame, err)
	}
	if len(b) > MaxForward {
		return fail(ErrFrameSize)
	}
	var r ForwardRequest
	if err := dagcbor.Unmarshal(b, &r); err != nil {
		return fail(err)
	}
	limit := 0
	switch p = protocol.ID(r.Protocol); p {
	case LetterProtocol:
		limit = MaxLetter
	case HoldProtocol:
		limit = MaxHold
	default:
		return fail(fmt.Errorf("protocol: %.40q is not carried", r.Protocol))
	}
	switch {
	case r.Version != version:
		return fail(fmt.Errorf("v: %d is unknown, this is %d", r.Version, version))
	case len(r.Payload) == 0 || len(r.Payload) > limit:
		return fail(fmt.Errorf("payload: %d bytes, want 1 to %d", len(r.Payload), limit))
	}
	if to, err = ParsePeer(r.Peer, r.Addrs); err != nil {
		return fail(err)
	}
	return to, p, r.Payload, nil
}

// ParsePeer reads a peer id and its addresses as bodies carry them. Each has
// one text: what libp2p itself would write.
func ParsePeer(id string, addrs []string) (peer.AddrInfo, error) {
	p, err := peer.Decode(id)
	if err != nil {
		return peer.AddrInfo{}, fmt.Errorf("peer: %w", err)
	}
	if p.String() != id {
		return peer.AddrInfo{}, fmt.Errorf("peer: %.80q is not its usual text", id)
	}
	if len(addrs) > MaxAddrs {
		return peer.AddrInfo{}, fmt.Errorf("addrs: %d, at most %d", len(addrs), MaxAddrs)
	}
	info := peer.AddrInfo{ID: p}
	for i, s := range addrs {
		if len(s) > maxAddrText {
			return peer.AddrInfo{}, fmt.Errorf("addrs[%d]: %d bytes, at most %d", i, len(s), maxAddrText)
		}
		a, err := ma.NewMultiaddr(s)
		if err != nil {
			return peer.AddrInfo{}, fmt.Errorf("addrs[%d]: %w", i, err)
		}
		info.Addrs = append(info.Addrs, a)
	}
	return info, nil
}

// AddrStrings returns addrs in text, at most [MaxAddrs], those too long left
// out.
func AddrStrings(addrs []ma.Multiaddr) []string {
	out := make([]string, 0, len(addrs))
	for _, a := range addrs {
		if s := a.String(); len(s) <= maxAddrText && !slices.Contains(out, s) && len(out) < MaxAddrs {
			out = append(out, s)
		}
	}
	return out
}
