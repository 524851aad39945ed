package mesh

import (
	"encoding/binary"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
)

// madeUp is an intent as a ledger sees it, made at a second.
func madeUp(second int, life time.Duration) *intentcast.Cast {
	at := time.Unix(int64(second), 0)
	id := dagcbor.Sum(binary.BigEndian.AppendUint64(nil, uint64(second)))
	return &intentcast.Cast{
		ID: id, Envelope: identity.Envelope{Time: identity.At(at)},
		Intent: intentcast.Intent{
			Author: "did:key:somebody", Status: intentcast.StatusOpen, Created: identity.At(at), Expires: identity.At(at.Add(life)),
			Category: intentcast.Category{Taxonomy: "parley", Value: "baby"},
		},
	}
}

// The shelf of the model keeps what the ledger of a node keeps.
func TestTheShelfIsTheLedger(t *testing.T) {
	const day = 24 * time.Hour
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.IntRange(1, 12).Draw(t, "limit")
		spamLife := rapid.SampledFrom([]time.Duration{time.Minute, day, 7 * day}).Draw(t, "spam's life")
		life := rapid.SampledFrom([]time.Duration{2 * time.Minute, day, 3 * day}).Draw(t, "life")
		s, l := shelf{limit: limit, spamLife: int(spamLife.Seconds())}, intentcast.NewLedger(limit)
		var people []*cast
		for second := 1000; second < 1100; second++ {
			now := time.Unix(int64(second), 0)
			s.expire(second)
			l.Expire(now)
			bits := rapid.IntRange(0, 26).Draw(t, "bits")
			var ok bool
			var c *intentcast.Cast
			switch rapid.IntRange(0, 3).Draw(t, "who") {
			case 0: // a person
				p := &cast{made: second, ends: second + int(life.Seconds()), at: -1, worth: worthOf(bits, life)}
				if ok, _ = s.put(p, second); ok {
					people, s.alive = append(people, p), append(s.alive, p)
				}
				c = madeUp(second, life)
			case 1: // one again, with other work
				if len(people) == 0 {
					continue
				}
				p := rapid.SampledFrom(people).Draw(t, "again")
				if p.at >= 0 || p.ends <= second {
					continue
				}
				p.worth = worthOf(bits, life)
				ok, _ = s.put(p, second)
				c = madeUp(p.made, life)
			default:
				in, _ := s.flood(1, worthOf(bits, spamLife), second)
				ok, c = in == 1, madeUp(second, spamLife)
			}
			if _, err := l.Apply(c, bits, now); (err == nil) != ok {
				t.Fatalf("second %d, %d bits: the model takes it in: %v; the ledger: %v", second, bits, ok, err)
			}
			if s.kept != l.Len() {
				t.Fatalf("second %d: the model keeps %d, the ledger %d", second, s.kept, l.Len())
			}
		}
		for _, p := range people {
			if _, there := l.Lookup(madeUp(p.made, life).ID); there != (p.at >= 0) {
				t.Fatalf("of second %d: in the ledger %v, in the model %v", p.made, there, p.at >= 0)
			}
		}
	})
}
