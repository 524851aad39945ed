package node_test

import (
	"bytes"
	"strings"

	"github.com/parley-network/parley/identity/keystore"
	"github.com/parley-network/parley/node/courier/seal"
	"github.com/parley-network/parley/node/courier/wire"
	"github.com/parley-network/parley/sim"
)

// routeKeys are the sealing keys of the reply routes whose secrets are there: with
// them a spy who has the vendor's key as well opens what was said by a session.
func routeKeys(w *sim.World, of ...*keystore.Store) (keys []*seal.PrivateKey) {
	w.T.Helper()
	for _, k := range of {
		for _, name := range k.Names() {
			if !strings.HasPrefix(name, "courier/route/") {
				continue
			}
			secret := must[[]byte](w)(k.Get(name))
			keys = append(keys, must[*seal.PrivateKey](w)(seal.NewPrivateKey(secret[len(secret)-seal.SeedSize:])))
		}
	}
	return keys
}

// exchange is one frame that came to the vendor, and the answer.
type exchange struct {
	ask    wire.LetterAsk
	answer []byte
}

func (v spiedVendor) exchanges(w *sim.World) (out []exchange) {
	w.T.Helper()
	for _, s := range v.spy.streams(wire.LetterProtocol) {
		s.mu.Lock()
		in, back := bytes.NewReader(bytes.Clone(s.in.Bytes())), bytes.NewReader(bytes.Clone(s.out.Bytes()))
		s.mu.Unlock()
		for in.Len() > 0 { // a stream is used again
			x := exchange{ask: must[wire.LetterAsk](w)(wire.DecodeLetter(must[[]byte](w)(wire.ReadFrame(in, wire.MaxLetter))))}
			if back.Len() > 0 {
				x.answer = must[[]byte](w)(wire.ReadFrame(back, wire.MaxAnswer))
			}
			out = append(out, x)
		}
	}
	return out
}

// letters are all letters that came to the vendor itself, opened: those of
// sessions with the keys of the routes that began them.
func (v spiedVendor) letters(w *sim.World, routes []*seal.PrivateKey) (out []seal.Letter) {
	w.T.Helper()
	key := must[*seal.PrivateKey](w)(seal.NewPrivateKey(must[[]byte](w)(v.Keys.Get("courier/self"))))
	var sessions []*seal.Session
	all := v.exchanges(w)
	for _, x := range all {
		if len(x.ask.Slot) > 0 || x.ask.Proof != nil || x.ask.Talk != nil {
			continue // kept for somebody, no letter, or opened below
		}
		l, receipt, err := key.Open(x.ask.Sealed)
		if err != nil {
			w.T.Fatal(err)
		}
		out = append(out, l)
		if x.ask.Replies {
			sessions = append(sessions, begun(receipt, x.answer, routes)...)
		}
	}
	for _, x := range all {
		if x.ask.Talk == nil {
			continue
		}
		r, ok := openTalk(sessions, x.ask.Talk)
		if !ok {
			w.T.Fatal("a session's request that the spy can't open")
		}
		if len(r.Letter) > 0 {
			out = append(out, must[seal.Letter](w)(seal.DecodeLetter(r.Letter)))
		}
	}
	return out
}

// begun are the sessions that begin with the answer to a letter.
func begun(receipt, answer []byte, routes []*seal.PrivateKey) (out []*seal.Session) {
	_, rest, err := wire.DecodeAnswer(answer)
	if err != nil {
		return nil
	}
	_, letters, err := wire.DecodeReceipt(rest)
	if err != nil || len(letters) == 0 {
		return nil
	}
	for _, k := range routes {
		if _, second, err := k.Open(letters[0]); err == nil {
			out = append(out, seal.Talk(receipt, second))
		}
	}
	return out
}

func openTalk(sessions []*seal.Session, sealed []byte) (wire.TalkRequest, bool) {
	for _, s := range sessions {
		for n := range uint64(64) {
			body, err := s.OpenRequest(n, sealed)
			if err != nil {
				continue
			}
			r, err := wire.DecodeTalkRequest(body)
			return r, err == nil
		}
	}
	return wire.TalkRequest{}, false
}
