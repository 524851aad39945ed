package negotiation

import (
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/relcard/statement"
)

// Encode checks p and returns its canonical bytes: a statement's content.
func (p *Proffer) Encode() ([]byte, error) { return encode(p, KindProffer) }

// Encode checks a and returns its canonical bytes: a statement's content.
func (a *Answer) Encode() ([]byte, error) { return encode(a, KindAnswer) }

// Encode checks c and returns its canonical bytes: a statement's content.
func (c *Close) Encode() ([]byte, error) { return encode(c, KindClose) }

// DecodeProffer reads what Encode writes and nothing else; see
// [Proffer.Check] for the errors.
func DecodeProffer(b []byte) (*Proffer, error) { return decode(b, new(Proffer), KindProffer) }

// DecodeAnswer reads what Encode writes and nothing else; see [Answer.Check]
// for the errors.
func DecodeAnswer(b []byte) (*Answer, error) { return decode(b, new(Answer), KindAnswer) }

// DecodeClose reads what Encode writes and nothing else; see [Close.Check]
// for the errors.
func DecodeClose(b []byte) (*Close, error) { return decode(b, new(Close), KindClose) }

type content interface{ Check() error }

func encode(c content, what statement.Kind) ([]byte, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	b, err := dagcbor.Marshal(c)
	if err != nil {
		return nil, refuse(CauseInvalid, "%s: %w", what, err)
	}
	return b, nil
}

func decode[T content](b []byte, c T, what statement.Kind) (T, error) {
	var none T
	if len(b) > statement.MaxContent {
		return none, refuse(CauseInvalid, "%s of %d bytes, the most is %d", what, len(b), statement.MaxContent)
	}
	if err := dagcbor.Unmarshal(b, c); err != nil {
		return none, refuse(CauseInvalid, "%s: %w", what, err)
	}
	if err := c.Check(); err != nil {
		return none, err
	}
	return c, nil
}

// About returns the proffer that s is about: the statement's own id for a
// proffer, what it answers for an answer, what it names for a close. The error
// wraps CauseInvalid where that can't be told.
func About(s *statement.Statement) (dagcbor.CID, error) {
	switch s.Body.Kind {
	case KindProffer:
		return s.ID, nil
	case KindAnswer:
		if s.Body.Answers.IsZero() {
			return dagcbor.CID{}, refuse(CauseInvalid, "answers: an answer names no proffer")
		}
		return s.Body.Answers, nil
	case KindClose:
		c, err := DecodeClose(s.Body.Content)
		if err != nil {
			return dagcbor.CID{}, err
		}
		return c.Proffer, nil
	}
	return dagcbor.CID{}, refuse(CauseInvalid, "a %s is no part of a negotiation", s.Body.Kind)
}
