package wire_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"
	"github.com/parley-network/parley/gossip/admission"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/courier/seal"
	"github.com/parley-network/parley/node/courier/wire"
	"pgregory.net/rapid"
)

const (
	holderText = "12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN"
	otherText  = "12D3KooWBmAwcd4PJNJvfV89HwE48nwkRmAgo8Vy3uQEyNNHBox2"
)

var now = time.Date(2026, 3, 20, 9, 0, 0, 0, time.UTC)

func id(t testing.TB, s string) peer.ID {
	t.Helper()
	p, err := peer.Decode(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func slotKey() ed25519.PrivateKey { return ed25519.NewKeyFromSeed(make([]byte, 32)) }

// Frames come out as they went in, however the bytes arrive.
func TestFrames(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.SliceOfN(rapid.Byte(), 1, 2000).Draw(t, "frame")
		var b bytes.Buffer
		if err := wire.WriteFrame(&b, want); err != nil {
			t.Fatal(err)
		}
		b.WriteString("what comes after is not read")
		got, err := wire.ReadFrame(iotest.OneByteReader(&b), 2000)
		if err != nil || !bytes.Equal(got, want) {
			t.Fatalf("got %d bytes, %v", len(got), err)
		}
	})
}

func TestBadFrames(t *testing.T) {
	length := func(n uint32) []byte { return binary.BigEndian.AppendUint32(nil, n) }
	for name, c := range map[string]struct {
		r    io.Reader
		want error
	}{
		"nothing":          {bytes.NewReader(nil), io.EOF},
		"half a length":    {bytes.NewReader(length(5)[:2]), io.ErrUnexpectedEOF},
		"no bytes":         {bytes.NewReader(length(5)), io.ErrUnexpectedEOF},
		"too few bytes":    {bytes.NewReader(append(length(5), 1, 2, 3, 4)), io.ErrUnexpectedEOF},
		"empty":            {bytes.NewReader(length(0)), wire.ErrFrame},
		"beyond the limit": {bytes.NewReader(length(101)), wire.ErrFrameSize},
		"4 GiB announced":  {bytes.NewReader(length(1<<32 - 1)), wire.ErrFrameSize},
		"reset":            {io.MultiReader(bytes.NewReader(length(50)), iotest.ErrReader(errReset)), errReset},
	} {
		if _, err := wire.ReadFrame(c.r, 100); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
}

var errReset = errors.New("stream reset")

func TestAnswers(t *testing.T) {
	s, rest, err := wire.DecodeAnswer(wire.EncodeAnswer(wire.Full, []byte("x")))
	if err != nil || s != wire.Full || string(rest) != "x" {
		t.Errorf("%v %q %v", s, rest, err)
	}
	// An unknown code is an answer, and says so in words.
	if s, _, err := wire.DecodeAnswer([]byte{200}); err != nil || s.String() != "unknown answer 200" {
		t.Errorf("%v %v", s, err)
	}
	for _, b := range [][]byte{nil, {0}, {0, 1}} {
		if _, _, err := wire.DecodeAnswer(b); !errors.Is(err, wire.ErrFrame) {
			t.Errorf("%x: %v", b, err)
		}
	}
	for s := wire.Taken; s <= wire.NeedsWork; s++ {
		if strings.HasPrefix(s.String(), "unknown") {
			t.Errorf("status %d has no text", s)
		}
	}
}

func TestLetterFrame(t *testing.T) {
	sealed := make([]byte, 1024+seal.Overhead)
	for _, slot := range [][]byte{nil, make([]byte, 32)} {
		for _, work := range [][]byte{nil, make([]byte, 9)} {
			got, err := wire.DecodeLetter(wire.EncodeLetter(slot, sealed, work))
			if err != nil || !bytes.Equal(got.Slot, slot) || !bytes.Equal(got.Sealed, sealed) || !bytes.Equal(got.Work, work) || got.Replies || got.Proof != nil {
				t.Errorf("slot of %d bytes, work of %d: %v", len(slot), len(work), err)
			}
		}
	}
	if got, err := wire.DecodeLetter(wire.EncodeLetterForReplies(sealed)); err != nil || got.Slot != nil || !bytes.Equal(got.Sealed, sealed) || !got.Replies {
		t.Errorf("letter for replies: %v", err)
	}
	proof := wire.Proof{Letter: wire.LetterID(sealed), Status: wire.Refused, Receipt: make([]byte, seal.ReceiptSize)}
	frame := wire.EncodeProof(proof)
	if got, err := wire.DecodeLetter(frame); err != nil || got.Proof == nil || !bytes.Equal(wire.EncodeProof(*got.Proof), frame) {
		t.Errorf("proof: %v", err)
	}
	for name, b := range map[string][]byte{
		"empty":                  nil,
		"no letter":              {0},
		"slot of 31":             append([]byte{31}, make([]byte, 31+len(sealed))...),
		"slot cut":               append([]byte{32}, make([]byte, 31)...),
		"letter of another size": append([]byte{0}, sealed[1:]...),
		"letter too long":        append([]byte{0}, make([]byte, wire.MaxLetter)...),
		"replies to no letter":   {1},
		"replies to a slot":      append([]byte{1, 0}, sealed...),
		"proof cut":              frame[:len(frame)-1],
		"proof too long":         append(frame, 0),
		"proof of being busy":    append([]byte{2, byte(wire.Busy)}, frame[2:]...),
		"work of 8":              wire.EncodeLetter(nil, sealed, make([]byte, 8)),
		"work alone":             wire.EncodeLetter(nil, nil, make([]byte, 9)),
	} {
		if _, err := wire.DecodeLetter(b); !errors.Is(err, wire.ErrFrame) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// An answer brings as many letters as there is room for, and none that are cut.
func TestReceiptFrame(t *testing.T) {
	receipt := bytes.Repeat([]byte{7}, seal.ReceiptSize)
	small, large := make([]byte, 1<<10+seal.Overhead), make([]byte, seal.MaxSealedLetter)
	for name, c := range map[string]struct {
		letters [][]byte
		brought int
	}{
		"none":            {nil, 0},
		"all":             {[][]byte{small, small}, 2},
		"too many":        {[][]byte{small, small, small, small, small}, wire.MaxReplies},
		"two too large":   {[][]byte{large, large}, 1},
		"one behind them": {[][]byte{small, large, large, small}, 2},
	} {
		rest, brought := wire.EncodeReceipt(receipt, c.letters)
		got, letters, err := wire.DecodeReceipt(rest)
		if err != nil || brought != c.brought || len(letters) != brought || !bytes.Equal(got, receipt) || len(rest) >= wire.MaxAnswer {
			t.Errorf("%s: %d brought, %d read, %d bytes: %v", name, brought, len(letters), len(rest), err)
		}
	}
	if receipt, letters, err := wire.DecodeReceipt(nil); receipt != nil || letters != nil || err != nil {
		t.Errorf("no receipt: %v", err)
	}
	whole, _ := wire.EncodeReceipt(receipt, [][]byte{small})
	five := slices.Concat(whole, whole[seal.ReceiptSize:], whole[seal.ReceiptSize:], whole[seal.ReceiptSize:], whole[seal.ReceiptSize:])
	for name, b := range map[string][]byte{
		"receipt cut":    receipt[1:],
		"length cut":     append(slices.Clone(receipt), 0, 0, 8),
		"letter cut":     whole[:len(whole)-1],
		"not a letter":   append(slices.Clone(receipt), 0, 0, 0, 1, 9),
		"five letters":   five,
		"a longer claim": append(slices.Clone(receipt), 0xff, 0xff, 0xff, 0xff),
	} {
		if _, _, err := wire.DecodeReceipt(b); !errors.Is(err, wire.ErrFrame) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A stamp is for one letter at one place: another slot's, another peer's or
// another letter's is worth nothing.
func TestLetterChallenge(t *testing.T) {
	letter, slot := []byte("sealed"), bytes.Repeat([]byte{1}, 32)
	holder, other := id(t, holderText), id(t, otherText)
	direct := wire.LetterChallenge(holder, nil, letter)
	for name, c := range map[string]admission.Challenge{
		"another peer":   wire.LetterChallenge(other, nil, letter),
		"a slot":         wire.LetterChallenge(holder, slot, letter),
		"another letter": wire.LetterChallenge(holder, nil, []byte("Sealed")),
	} {
		if c == direct {
			t.Errorf("%s has the same challenge", name)
		}
	}
	if wire.LetterChallenge(holder, slot, letter) != wire.LetterChallenge(other, slot, letter) {
		t.Error("a slot's letter hangs on who keeps it")
	}
}

// The work wanted is a byte within what may be asked of anybody.
func TestNeeds(t *testing.T) {
	for _, bits := range []int{1, 10, 22} {
		status, rest, err := wire.DecodeAnswer(wire.EncodeNeeds(bits))
		if err != nil || status != wire.NeedsWork {
			t.Fatal(status, err)
		}
		if got, err := wire.DecodeNeeds(rest); err != nil || got != bits {
			t.Errorf("%d bits are read as %d: %v", bits, got, err)
		}
	}
	for _, rest := range [][]byte{nil, {0}, {23}, {255}, {10, 0}} {
		if _, err := wire.DecodeNeeds(rest); !errors.Is(err, wire.ErrFrame) {
			t.Errorf("%x: %v", rest, err)
		}
	}
}

func TestForward(t *testing.T) {
	addr := ma.StringCast("/ip4/1.2.3.4/udp/4001/quic-v1")
	b, err := wire.EncodeForward(peer.AddrInfo{ID: id(t, otherText), Addrs: []ma.Multiaddr{addr, addr}}, wire.HoldProtocol, []byte("sealed"))
	if err != nil {
		t.Fatal(err)
	}
	to, p, payload, err := wire.DecodeForward(b)
	if err != nil || to.ID.String() != otherText || len(to.Addrs) != 1 || p != wire.HoldProtocol || string(payload) != "sealed" {
		t.Fatalf("%v %v %q %v", to, p, payload, err)
	}
	good := wire.ForwardRequest{Version: 1, Peer: otherText, Addrs: []string{}, Protocol: string(wire.LetterProtocol), Payload: []byte("x")}
	for name, change := range map[string]func(*wire.ForwardRequest){
		"payload: 0 bytes":         func(r *wire.ForwardRequest) { r.Payload = []byte{} },
		"payload: 66715 bytes":     func(r *wire.ForwardRequest) { r.Payload = make([]byte, wire.MaxLetter+1) },
		"v: 2 is unknown":          func(r *wire.ForwardRequest) { r.Version = 2 },
		"is not carried":           func(r *wire.ForwardRequest) { r.Protocol = string(wire.ForwardProtocol) },
		"/ipfs/ping/1.0.0":         func(r *wire.ForwardRequest) { r.Protocol = "/ipfs/ping/1.0.0" },
		"peer: failed to parse":    func(r *wire.ForwardRequest) { r.Peer = "nobody" },
		"is not its usual text":    func(r *wire.ForwardRequest) { r.Peer = peer.ToCid(id(t, otherText)).String() },
		"addrs: 17, at most 16":    func(r *wire.ForwardRequest) { r.Addrs = make([]string, 17) },
		"addrs[0]: 300 bytes":      func(r *wire.ForwardRequest) { r.Addrs = []string{strings.Repeat("/", 300)} },
		"addrs[1]: failed to pars": func(r *wire.ForwardRequest) { r.Addrs = []string{addr.String(), "http://10.0.0.1"} },
	} {
		r := good
		change(&r)
		b, err := dagcbor.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, _, err := wire.DecodeForward(b); !errors.Is(err, wire.ErrFrame) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func fetch() wire.HoldRequest {
	return wire.HoldRequest{Op: wire.HoldFetch, Holder: holderText, Time: identity.At(now), Wait: 25, Done: [][]byte{make([]byte, 32)}}
}

func TestHoldRequest(t *testing.T) {
	b, err := wire.SignHold(slotKey(), fetch())
	if err != nil {
		t.Fatal(err)
	}
	r, err := wire.DecodeHold(b)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Verify(id(t, holderText), now.Add(time.Minute)); err != nil {
		t.Errorf("its own holder refuses it: %v", err)
	}
	if err := r.Verify(id(t, otherText), now); err == nil || !strings.Contains(err.Error(), "made for the holder") {
		t.Errorf("replayed at another holder: %v", err)
	}
	for _, late := range []time.Duration{wire.MaxSkew + time.Second, -wire.MaxSkew - time.Second} {
		if err := r.Verify(id(t, holderText), now.Add(late)); err == nil || !strings.Contains(err.Error(), "from this clock") {
			t.Errorf("%v late: %v", late, err)
		}
	}
	for name, change := range map[string]func(*wire.HoldRequest){
		"op":      func(r *wire.HoldRequest) { r.Op = wire.HoldClose },
		"done":    func(r *wire.HoldRequest) { r.Done = nil },
		"expires": func(r *wire.HoldRequest) { r.Expires = identity.At(now) },
		"slot":    func(r *wire.HoldRequest) { r.Slot = bytes.Repeat([]byte{9}, 32) },
		"time":    func(r *wire.HoldRequest) { r.Time = identity.At(now.Add(time.Second)) },
	} {
		bad := r
		change(&bad)
		if err := bad.Verify(id(t, holderText), now); err == nil || !strings.Contains(err.Error(), "not signed") {
			t.Errorf("%s changed: %v", name, err)
		}
	}
}

func TestHoldRequestForm(t *testing.T) {
	for want, change := range map[string]func(*wire.HoldRequest){
		"v is unknown":          func(r *wire.HoldRequest) { r.Version = 9 },
		"op is unknown":         func(r *wire.HoldRequest) { r.Op = "steal" },
		"slot wants 32":         func(r *wire.HoldRequest) { r.Slot = r.Slot[1:] },
		"sig wants 64":          func(r *wire.HoldRequest) { r.Signature = r.Signature[1:] },
		"time":                  func(r *wire.HoldRequest) { r.Time = identity.Time{} },
		"expires is missing":    func(r *wire.HoldRequest) { r.Op = wire.HoldOpen },
		"done is out of limits": func(r *wire.HoldRequest) { r.Done = [][]byte{{1}} },
		"have is out of limits": func(r *wire.HoldRequest) { r.Have = make([][]byte, wire.MaxIDs+1) },
		"wait is too long":      func(r *wire.HoldRequest) { r.Wait = 26 },
	} {
		b, err := wire.SignHold(slotKey(), fetch())
		if err != nil {
			t.Fatal(err)
		}
		r, err := wire.DecodeHold(b)
		if err != nil {
			t.Fatal(err)
		}
		change(&r)
		if b, err = dagcbor.Marshal(r); err == nil {
			_, err = wire.DecodeHold(b)
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

func TestHoldResponse(t *testing.T) {
	want := wire.HoldResponse{Status: wire.Taken, Expires: identity.At(now), Letters: [][]byte{make([]byte, 1024+seal.Overhead)}}
	b, err := wire.EncodeHoldResponse(want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := wire.DecodeHoldResponse(b)
	if err != nil || got.Status != want.Status || len(got.Letters) != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	for _, bad := range []wire.HoldResponse{{Version: 1}, {Version: 2, Status: 1}, {Version: 1, Status: 1, Letters: [][]byte{{1}}}} {
		b, err := dagcbor.Marshal(bad)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := wire.DecodeHoldResponse(b); !errors.Is(err, wire.ErrFrame) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}

// A request of a session names neither slot nor holder, and is not signed; a
// signed one is none.
func TestSessionHold(t *testing.T) {
	b, err := wire.EncodeSessionHold(fetch())
	if err != nil {
		t.Fatal(err)
	}
	r, err := wire.DecodeSessionHold(b)
	if err != nil || r.Op != fetch().Op || r.Wait != fetch().Wait || len(r.Slot)+len(r.Holder)+len(r.Signature) > 0 || !r.Time.IsZero() {
		t.Errorf("%+v, %v", r, err)
	}
	if _, err := wire.DecodeHold(b); !errors.Is(err, wire.ErrFrame) {
		t.Errorf("read as a signed one: %v", err)
	}
	signed, err := wire.SignHold(slotKey(), fetch())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := wire.DecodeSessionHold(signed); !errors.Is(err, wire.ErrFrame) {
		t.Errorf("a signed one read as a session's: %v", err)
	}
}

// FuzzDecode feeds every decoder: none panics, and what one accepts is what
// its encoder would write.
func FuzzDecode(f *testing.F) {
	signed, err := wire.SignHold(slotKey(), fetch())
	if err != nil {
		f.Fatal(err)
	}
	response, err := wire.EncodeHoldResponse(wire.HoldResponse{Status: wire.Taken, Letters: [][]byte{make([]byte, 1024+seal.Overhead)}})
	if err != nil {
		f.Fatal(err)
	}
	forward, err := wire.EncodeForward(peer.AddrInfo{ID: id(f, otherText), Addrs: []ma.Multiaddr{ma.StringCast("/ip4/1.2.3.4/tcp/1")}}, wire.LetterProtocol, []byte("x"))
	if err != nil {
		f.Fatal(err)
	}
	session, err := wire.EncodeSessionHold(fetch())
	if err != nil {
		f.Fatal(err)
	}
	answer, _ := wire.EncodeReceipt(make([]byte, 32), [][]byte{make([]byte, 1024+seal.Overhead), make([]byte, 4096+seal.Overhead)})
	for _, seed := range [][]byte{signed, session, response, forward, {1}, {0, 0, 0, 1, 7}, wire.EncodeLetter(make([]byte, 32), make([]byte, 1024+seal.Overhead), nil),
		wire.EncodeLetter(nil, make([]byte, 1024+seal.Overhead), make([]byte, 9)), wire.EncodeNeeds(12),
		wire.EncodeLetterForReplies(make([]byte, 1024+seal.Overhead)), wire.EncodeProof(wire.Proof{Letter: make([]byte, 32), Status: wire.Taken, Receipt: make([]byte, 32)}), answer} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if frame, err := wire.ReadFrame(bytes.NewReader(b), wire.MaxForward); err == nil {
			var again bytes.Buffer
			if wire.WriteFrame(&again, frame) != nil || !bytes.HasPrefix(b, again.Bytes()) {
				t.Error("frame is written otherwise than read")
			}
		}
		if s, rest, err := wire.DecodeAnswer(b); err == nil && !bytes.Equal(wire.EncodeAnswer(s, rest), b) {
			t.Error("answer is written otherwise than read")
		}
		if ask, err := wire.DecodeLetter(b); err == nil {
			again := wire.EncodeLetter(ask.Slot, ask.Sealed, ask.Work)
			switch {
			case ask.Proof != nil:
				again = wire.EncodeProof(*ask.Proof)
			case ask.Replies:
				again = append(wire.EncodeLetterForReplies(ask.Sealed), ask.Work...)
			}
			if !bytes.Equal(again, b) {
				t.Error("letter is written otherwise than read")
			}
		}
		if receipt, letters, err := wire.DecodeReceipt(b); err == nil && len(b) < wire.MaxAnswer {
			if again, brought := wire.EncodeReceipt(receipt, letters); brought != len(letters) || !bytes.Equal(again, b) {
				t.Error("receipt is written otherwise than read")
			}
		}
		if bits, err := wire.DecodeNeeds(b); err == nil && !bytes.Equal(wire.EncodeNeeds(bits)[1:], b) {
			t.Error("the work wanted is written otherwise than read")
		}
		if r, err := wire.DecodeHold(b); err == nil {
			again, err := dagcbor.Marshal(r)
			if err != nil || !bytes.Equal(again, b) {
				t.Error("hold request is written otherwise than read")
			}
			_ = r.Verify(id(t, holderText), now)
		}
		if r, err := wire.DecodeSessionHold(b); err == nil {
			if again, err := wire.EncodeSessionHold(r); err != nil || !bytes.Equal(again, b) {
				t.Error("hold request of a session is written otherwise than read")
			}
		}
		if r, err := wire.DecodeHoldResponse(b); err == nil {
			if again, err := wire.EncodeHoldResponse(r); err != nil || !bytes.Equal(again, b) {
				t.Error("hold response is written otherwise than read")
			}
		}
		if to, p, payload, err := wire.DecodeForward(b); err == nil {
			if p != wire.LetterProtocol && p != wire.HoldProtocol || len(payload) == 0 || to.ID == "" {
				t.Errorf("forward request for %v by %v", to, p)
			}
		}
	})
}
