package courier

import (
	"context"
	"encoding/hex"
	"errors"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/parley-network/parley/node/courier/seal"
	"github.com/parley-network/parley/node/courier/wire"
	"github.com/parley-network/parley/node/store"
)

// speakOrDeliver sends a letter by a talk, if there is one that nobody uses, and
// else sealed.
func (c *Courier) speakOrDeliver(ctx context.Context, t *task) outcome {
	if len(t.out.Plain) > 0 {
		if o, ok := c.speak(ctx, t); ok || ctx.Err() != nil {
			return o
		}
		if err := c.sealLate(t); err != nil {
			return outcome{state: StateQueued, problem: err.Error()}
		}
	}
	return c.deliver(ctx, t.out)
}

// speak sends a letter as the next request of a talk. It returns false where
// there is none, or it has failed: then nobody may have it, or its recipient may.
func (c *Courier) speak(ctx context.Context, t *task) (outcome, bool) {
	key := keyOfTalk(t.out)
	tk := c.talks.take(key, time.Now())
	if tk == nil {
		return outcome{}, false
	}
	to, err := wire.ParsePeer(t.out.Peer, t.out.Addrs)
	if err != nil {
		c.talks.put(key, tk)
		return outcome{}, false
	}
	by, err := c.passageTo(to, t.out)
	if err != nil {
		c.talks.put(key, tk)
		return outcome{}, false
	}
	plain, err := c.plainOf(t)
	if err != nil {
		return outcome{}, false
	}
	resp, err := c.request(ctx, tk, by, wire.TalkRequest{Letter: plain})
	if err != nil {
		if errors.Is(err, errUnreached) {
			c.away.note(t.out.Peer, time.Now())
		}
		c.log.Debug("a talk has ended, the letter goes sealed", "error", err)
		return outcome{}, false
	}
	var o outcome
	switch resp.Status {
	case wire.Taken, wire.Duplicate:
		o = outcome{state: StateDelivered}
	case wire.Refused:
		o = outcome{state: StateRefused, problem: "the recipient refuses it"}
	default:
		c.talks.put(key, tk)
		return outcome{state: StateQueued, problem: "the recipient answers: " + resp.Status.String()}, true
	}
	if len(resp.Letters) == 0 {
		c.talks.put(key, tk)
		return o, true
	}
	o.brought = &brought{by: by, letters: resp.Letters, talk: tk}
	return o, true
}

// request has the other end of a talk asked. After an error the talk is over.
func (c *Courier) request(ctx context.Context, tk *talk, by *passage, r wire.TalkRequest) (wire.TalkResponse, error) {
	body, err := wire.EncodeTalkRequest(r)
	if err != nil {
		return wire.TalkResponse{}, err
	}
	n := tk.next
	tk.next++
	sealed, err := tk.session.SealRequest(n, body)
	if err != nil {
		return wire.TalkResponse{}, err
	}
	if len(sealed) > wire.MaxTalk {
		return wire.TalkResponse{}, errors.New("too long for a request")
	}
	status, rest, err := c.carryBy(ctx, by, wire.EncodeTalk(sealed))
	if err != nil {
		return wire.TalkResponse{}, err
	}
	if status != wire.Taken {
		return wire.TalkResponse{}, errors.New(status.String())
	}
	if body, err = tk.session.OpenResponse(n, rest); err != nil {
		return wire.TalkResponse{}, err
	}
	return wire.DecodeTalkResponse(body)
}

// takeSpoken takes in the letters that came by a talk in the answer to t, and says
// so. It reports whether what became of t is recorded too, as takeReplies does.
func (c *Courier) takeSpoken(ctx context.Context, t task, o outcome) (settled bool) {
	settle, ran := c.settleWith(t, o)
	var proofs []wire.TalkProof
	for _, plain := range o.brought.letters {
		l, status, err := c.takeOneSpoken(ctx, t, plain, settle)
		switch {
		case err != nil && ctx.Err() == nil:
			c.log.Warn("letter in an answer not taken, it will come again", "error", err)
		case status != 0:
			if *ran {
				settle, settled = nil, true
			}
			proofs = append(proofs, wire.TalkProof{Letter: l.ID, Status: status})
		}
	}
	if len(proofs) == 0 {
		return settled
	}
	// Lost, it costs a letter more for each.
	if _, err := c.request(ctx, o.brought.talk, o.brought.by, wire.TalkRequest{Proofs: proofs}); err != nil {
		c.log.Debug("proof of a letter did not arrive", "error", err)
		return settled
	}
	c.talks.put(keyOfTalk(t.out), o.brought.talk)
	return settled
}

// takeOneSpoken takes in one letter; status 0: nothing became of it.
func (c *Courier) takeOneSpoken(ctx context.Context, t task, plain []byte, also func(store.Tx) error) (seal.Letter, wire.Status, error) {
	l, err := seal.DecodeLetter(plain)
	if err != nil || l.From != nil {
		c.count.received(resultMalformed)
		return l, 0, nil
	}
	l.From = recipientOf(t.out)
	label, ok := c.labelOf(t.out.From)
	if !ok {
		return l, 0, nil // closed meanwhile
	}
	status, err := c.receive(ctx, l, incoming{label: label, to: t.out.From, by: byAnswer, also: also})
	if err != nil {
		return l, 0, err
	}
	if status == wire.Duplicate {
		status = wire.Taken
	}
	return l, status, nil
}

// settleWith returns what records the outcome of t within a transaction, and
// whether it was done.
func (c *Courier) settleWith(t task, o outcome) (settle func(store.Tx) error, ran *bool) {
	ran = new(bool)
	return func(tx store.Tx) error {
		_, err := c.settle(tx, t, o)
		*ran = err == nil
		return err
	}, ran
}

// answerTalk answers the next request of a talk that another has begun.
func (c *Courier) answerTalk(ctx context.Context, from peer.ID, frame []byte) []byte {
	now := time.Now()
	tk, n := c.talks.answer(frame[:seal.TagSize], now)
	if tk == nil {
		return wire.EncodeAnswer(wire.NoSession, nil)
	}
	body, err := tk.session.OpenRequest(n, frame)
	if err != nil {
		return wire.EncodeAnswer(wire.Unreadable, nil) // and the talk is over
	}
	r, err := wire.DecodeTalkRequest(body)
	if err != nil {
		return wire.EncodeAnswer(wire.Malformed, nil)
	}
	c.door.friend(from, now)
	resp := wire.TalkResponse{Status: wire.Taken}
	var said *gathering
	if len(r.Proofs) > 0 {
		resp.Status = c.heedProofs(ctx, tk, r.Proofs)
	} else if resp.Status, said, err = c.hearSpoken(ctx, tk, r.Letter); err != nil {
		c.log.Warn("letter not taken, it will come again", "error", err)
		resp.Status = wire.Busy
	}
	answer, err := c.encodeSpoken(tk, n, resp, said)
	if err != nil {
		c.log.Error("answer of a talk", "error", err)
		return wire.EncodeAnswer(wire.Busy, nil)
	}
	c.talks.join(tk)
	return wire.EncodeAnswer(wire.Taken, answer)
}

// hearSpoken has a letter's effect. What it sends back to the talk's other end is
// gathered for the answer.
func (c *Courier) hearSpoken(ctx context.Context, tk *talk, plain []byte) (wire.Status, *gathering, error) {
	l, err := seal.DecodeLetter(plain)
	if err != nil || l.From != nil || l.Kind == AckKind {
		return wire.Malformed, nil, nil
	}
	route := tk.route
	l.From = &route
	var said *gathering
	if c.replies.room() {
		said = &gathering{to: route.Key, talk: true}
	}
	status, err := c.receive(ctx, l, incoming{to: []byte(c.keyHash), by: byStream, said: said})
	return status, said, err
}

// encodeSpoken seals the answer to the request n with what is said in return.
// Each letter waits for its proof, or goes by itself.
func (c *Courier) encodeSpoken(tk *talk, n uint64, resp wire.TalkResponse, said *gathering) ([]byte, error) {
	var letters []task
	if said != nil {
		letters = said.letters
	}
	for _, t := range letters {
		plain, err := c.plainOf(&t)
		if err != nil {
			return nil, err
		}
		resp.Letters = append(resp.Letters, plain)
	}
	body, brought, err := wire.EncodeTalkResponse(resp)
	if err != nil {
		return nil, err
	}
	for i, t := range letters {
		if i >= brought || !c.replies.await(t, t.rec.ID, nil, c.tooLate(t.rec.ID)) {
			c.dispatch(t)
		}
	}
	return tk.session.SealResponse(n, body)
}

// heedProofs notes that the letters which an answer of this talk brought were
// taken in, or are refused.
func (c *Courier) heedProofs(ctx context.Context, tk *talk, proofs []wire.TalkProof) wire.Status {
	for _, p := range proofs {
		t, _, ok := c.replies.take(hex.EncodeToString(p.Letter))
		if !ok {
			continue // it was given up, and goes by itself
		}
		if string(t.out.Key) != string(tk.route.Key) {
			c.dispatch(t) // another's: who knows its id is no nearer to it
			continue
		}
		o := outcome{state: StateDelivered}
		if p.Status == wire.Refused {
			o = outcome{state: StateRefused, problem: "the recipient refuses it"}
		}
		if err := c.noteOutcome(ctx, t, o); err != nil {
			c.log.Warn("proof of a letter not recorded, it is sent again", "id", t.rec.ID, "error", err)
			c.dispatch(t)
			return wire.Busy
		}
		c.count.received(resultProof)
	}
	return wire.Taken
}
