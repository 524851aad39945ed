package admission

import (
	"errors"
	"fmt"

	"github.com/parley-network/parley/identity/dagcbor"
)

const (
	// MaxNotice is the size of one encoded notice in bytes.
	MaxNotice = 48 << 10
	// MaxEntries is the most entries of each of a notice's lists.
	MaxEntries = 64

	maxTopic      = 256
	noticeVersion = 1
)

// Notice is what one neighbour tells another on the protocol
// /parley/admission/1: the difficulty it asks for from now on, and which casts
// of those it was sent it has dropped for want of work. It names no author,
// and its receiver may be any relay between.
type Notice struct {
	Version uint64    `cbor:"v"` // 1
	Needs   []Need    `cbor:"needs,omitempty"`
	Refused []Refusal `cbor:"refused,omitempty"`
}

// Need is the difficulty asked for on a topic, of what lives up to a day.
type Need struct {
	Topic string `cbor:"topic"`
	Bits  uint64 `cbor:"bits"` // 0: none; at most 64
}

// Refusal says that a cast was dropped, and what it would have needed if it
// lived up to a day: LifeBits of its life are to be added. Who passes a refusal
// on need not know how long the cast lives.
type Refusal struct {
	Topic string      `cbor:"topic"`
	ID    dagcbor.CID `cbor:"id"`
	Bits  uint64      `cbor:"bits"` // 1 to 64
}

// Encode returns the notice as it travels, DAG-CBOR.
func (n Notice) Encode() ([]byte, error) {
	n.Version = noticeVersion
	if err := n.check(); err != nil {
		return nil, fmt.Errorf("encode notice: %w", err)
	}
	b, err := dagcbor.Marshal(&n)
	if err != nil {
		return nil, fmt.Errorf("encode notice: %w", err)
	}
	return b, nil
}

// DecodeNotice reads the one encoding of a notice. Difficulties beyond what
// anybody should ask for are read as they are: the reader believes MaxBits.
func DecodeNotice(b []byte) (Notice, error) {
	var n Notice
	if len(b) > MaxNotice {
		return n, fmt.Errorf("decode notice: %d bytes, at most %d are allowed", len(b), MaxNotice)
	}
	if err := dagcbor.Unmarshal(b, &n); err != nil {
		return Notice{}, fmt.Errorf("decode notice: %w", err)
	}
	if err := n.check(); err != nil {
		return Notice{}, fmt.Errorf("decode notice: %w", err)
	}
	return n, nil
}

func (n *Notice) check() error {
	switch {
	case n.Version != noticeVersion:
		return fmt.Errorf("version %d, only %d is known", n.Version, noticeVersion)
	case len(n.Needs) > MaxEntries:
		return fmt.Errorf("needs: %d entries, at most %d are allowed", len(n.Needs), MaxEntries)
	case len(n.Refused) > MaxEntries:
		return fmt.Errorf("refused: %d entries, at most %d are allowed", len(n.Refused), MaxEntries)
	case len(n.Needs)+len(n.Refused) == 0:
		return errors.New("says nothing")
	}
	for i, need := range n.Needs {
		if err := checkEntry(need.Topic, need.Bits); err != nil {
			return fmt.Errorf("needs[%d]: %w", i, err)
		}
	}
	for i, r := range n.Refused {
		if err := checkEntry(r.Topic, r.Bits); err != nil {
			return fmt.Errorf("refused[%d]: %w", i, err)
		}
		if r.ID.IsZero() || r.Bits == 0 {
			return fmt.Errorf("refused[%d]: names no cast or no work", i)
		}
	}
	return nil
}

func checkEntry(topic string, bits uint64) error {
	switch {
	case topic == "" || len(topic) > maxTopic:
		return fmt.Errorf("a topic of %d bytes, want 1 to %d", len(topic), maxTopic)
	case bits > maxClaim:
		return fmt.Errorf("%d bits, at most %d exist", bits, maxClaim)
	}
	return nil
}
