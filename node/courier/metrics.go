package courier

import (
	"fmt"
	"strings"

	"github.com/libp2p/go-libp2p/core/protocol"
	"github.com/parley-network/parley/node/courier/hold"
	"github.com/parley-network/parley/node/courier/wire"
	"github.com/prometheus/client_golang/prometheus"
)

// What became of a letter received, as counted.
const (
	resultTaken      = "taken"
	resultDuplicate  = "duplicate"
	resultRefused    = "refused"
	resultExpired    = "expired"
	resultFailed     = "failed"     // the handler's error: it comes again
	resultUnreadable = "unreadable" // sealed to another key, or not at all
	resultMalformed  = "malformed"
	resultAck        = "ack"
	resultProof      = "proof"     // of a letter that an answer brought
	resultStrayAck   = "stray_ack" // of a letter not known, or by the wrong route
)

// counters are the courier's metrics. Labels are of small fixed sets: no peer,
// no route, no letter.
type counters struct {
	in, out, asked *prometheus.CounterVec
	fallen, about  *prometheus.CounterVec
	denied         *prometheus.CounterVec
	polls, minted  prometheus.Counter
	paced          prometheus.Counter
	replaced       prometheus.Counter
}

func newCounters(reg prometheus.Registerer, h *hold.Holder) (counters, error) {
	vec := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "parley", Subsystem: "courier", Name: name, Help: help}, labels)
	}
	c := counters{
		in:     vec("letters_received_total", "Letters that reached this node, by what became of them.", "result"),
		out:    vec("send_attempts_total", "Attempts to send a letter, by the state it is in after.", "state"),
		asked:  vec("requests_total", "Requests of other peers, by protocol and answer.", "protocol", "answer"),
		fallen: vec("fallback_attempts_total", "Attempts to hand a letter in at a holder for a recipient that was not reached, by the state it is in after.", "state"),
		about:  vec("own_routes_requests_total", "Requests about own routes, by how they prove it: signed, or of a session.", "proof"),
		denied: vec("letters_denied_total", "Letters handed in here and not taken: where, and for want of what.", "where", "why"),
		minted: prometheus.NewCounter(prometheus.CounterOpts{
			Namespace: "parley", Subsystem: "courier", Name: "letter_stamps_total", Help: "Stamps of work made for letters, where that was asked for.",
		}),
		paced: prometheus.NewCounter(prometheus.CounterOpts{
			Namespace: "parley", Subsystem: "courier", Name: "fetches_put_off_total", Help: "Fetches put off as the route had brought too many letters.",
		}),
		polls: prometheus.NewCounter(prometheus.CounterOpts{
			Namespace: "parley", Subsystem: "courier", Name: "polls_failed_total", Help: "Fetches from holders that failed.",
		}),
		replaced: prometheus.NewCounter(prometheus.CounterOpts{
			Namespace: "parley", Subsystem: "courier", Name: "routes_replaced_total", Help: "Own routes that got new keys and another slot.",
		}),
	}
	if reg == nil {
		return c, nil
	}
	gauge := func(name, help string, of func(hold.Stats) int) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: "parley", Subsystem: "courier", Name: name, Help: help},
			func() float64 { return float64(of(h.Stats())) })
	}
	for _, m := range []prometheus.Collector{
		c.in, c.out, c.asked, c.denied, c.fallen, c.about, c.minted, c.paced, c.polls, c.replaced,
		gauge("held_slots", "Slots kept for others.", func(s hold.Stats) int { return s.Slots }),
		gauge("held_letters", "Letters kept for others.", func(s hold.Stats) int { return s.Letters }),
		gauge("turned_out_letters", "Letters kept for others that made way for others since the start.", func(s hold.Stats) int { return s.TurnedOut }),
		gauge("held_bytes", "Bytes of letters kept for others.", func(s hold.Stats) int { return s.Bytes }),
	} {
		if err := reg.Register(m); err != nil {
			return c, fmt.Errorf("register metrics: %w", err)
		}
	}
	return c, nil
}

func (c counters) received(result string) { c.in.WithLabelValues(result).Inc() }
func (c counters) sent(state string)      { c.out.WithLabelValues(state).Inc() }

func (c counters) fellBack(state string) { c.fallen.WithLabelValues(state).Inc() }

// refused counts a letter that was handed in here and not taken.
func (c counters) refused(where, why string) { c.denied.WithLabelValues(where, why).Inc() }

func (c counters) pollFailed() { c.polls.Inc() }

// What a request about an own route proves itself by, as counted.
const (
	proofSigned  = "signed"
	proofSession = "session"
)

func (c counters) askedAbout(proof string) { c.about.WithLabelValues(proof).Inc() }

// served counts a request; status 0 is one whose stream failed.
func (c counters) served(p protocol.ID, s wire.Status) {
	c.asked.WithLabelValues(servedAs(p, s)...).Inc()
}

// servedAs returns the labels that an answer is counted under.
func servedAs(p protocol.ID, s wire.Status) []string {
	answer := "stream failed"
	if s != 0 {
		answer = s.String()
	}
	return []string{strings.TrimSuffix(strings.TrimPrefix(string(p), "/parley/"), "/1"), answer}
}
