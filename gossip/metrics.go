package gossip

import (
	"fmt"

	pubsub "github.com/libp2p/go-libp2p-pubsub"
	"github.com/prometheus/client_golang/prometheus"
)

// metrics counts what arrives and what becomes of it.
type metrics struct {
	messages, bytes  prometheus.Counter
	duplicates       prometheus.Counter
	aside            prometheus.Counter
	accepted, cast   prometheus.Counter
	ignored, refused *prometheus.CounterVec // by reason

	minted, recast prometheus.Counter
	turnedOut      prometheus.Counter
	notices        *prometheus.CounterVec // by what became of them

	terms termsMetrics
	catch catchMetrics
}

// mostAsked is the highest difficulty asked for on any topic.
func (s *Service) mostAsked() int {
	bits := 0
	for _, shard := range s.Joined() {
		bits = max(bits, s.gate.asks(TopicPrefix+shard))
	}
	return bits
}

// termsMetrics counts term updates.
type termsMetrics struct {
	accepted, published prometheus.Counter
	ignored, refused    *prometheus.CounterVec // by reason
}

func newMetrics(reg prometheus.Registerer, known, topics, terms, asked func() int) (*metrics, error) {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Namespace: "parley", Subsystem: "gossip", Name: name, Help: help})
	}
	byReason := func(name, help string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "parley", Subsystem: "gossip", Name: name, Help: help}, []string{"reason"})
	}
	gauge := func(name, help string, value func() int) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: "parley", Subsystem: "gossip", Name: name, Help: help},
			func() float64 { return float64(value()) })
	}
	m := &metrics{
		messages:   counter("received_total", "Messages from peers, each counted once."),
		bytes:      counter("received_bytes_total", "Bytes of the data of those messages."),
		duplicates: counter("duplicates_total", "Further copies of messages already received."),
		aside:      counter("aside_total", "Copies handed to peers outside a mesh that is in doubt."),
		accepted:   counter("accepted_total", "Casts taken in and relayed."),
		cast:       counter("cast_total", "Casts published by this node."),
		ignored:    byReason("ignored_total", "Casts not relayed for a reason that is not their sender's fault."),
		refused:    byReason("refused_total", "Messages that are wrong by themselves."),
	}
	m.minted = counter("stamps_minted_total", "Stamps of work made for this node's own casts.")
	m.turnedOut = counter("turned_out_total", "Intents turned out of the full ledger for others that did more work.")
	m.recast = counter("recast_total", "Casts of this node sent again with more work, because neighbours asked for it.")
	m.notices = prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "parley", Subsystem: "gossip",
		Name: "admission_notices_total", Help: "Notices of the work asked for, between neighbours."}, []string{"what"})
	m.terms = termsMetrics{
		accepted:  counter("terms_accepted_total", "Term updates taken in and relayed."),
		published: counter("terms_published_total", "Term updates published by this node."),
		ignored:   byReason("terms_ignored_total", "Term updates not relayed for a reason that is not their sender's fault."),
		refused:   byReason("terms_refused_total", "Term updates that are wrong by themselves."),
	}
	m.catch = newCatchMetrics()
	if reg == nil {
		return m, nil
	}
	for _, c := range []prometheus.Collector{
		m.messages, m.bytes, m.duplicates, m.aside, m.accepted, m.cast, m.ignored, m.refused, m.minted, m.recast, m.turnedOut, m.notices,
		gauge("asked_bits", "The highest difficulty asked for on any topic; 0: no work is asked for.", asked),
		m.terms.accepted, m.terms.published, m.terms.ignored, m.terms.refused,
		m.catch.asked, m.catch.refused, m.catch.got, m.catch.served, m.catch.bytes,
		gauge("known_terms", "Vendors whose terms are known, those that ran out among them.", terms),
		gauge("known_intents", "Intents known, dead ones included.", known),
		gauge("topics", "Topics followed.", topics),
	} {
		if err := reg.Register(c); err != nil {
			return nil, fmt.Errorf("register metrics: %w", err)
		}
	}
	return m, nil
}

func (m *metrics) received(bytes int) {
	m.messages.Inc()
	m.bytes.Add(float64(bytes))
}

func (m *metrics) refuse(result pubsub.ValidationResult, reason string) {
	countRefusal(m.ignored, m.refused, result, reason)
}

func (m *termsMetrics) refuse(result pubsub.ValidationResult, reason string) {
	countRefusal(m.ignored, m.refused, result, reason)
}

func countRefusal(ignored, refused *prometheus.CounterVec, result pubsub.ValidationResult, reason string) {
	if result == pubsub.ValidationIgnore {
		ignored.WithLabelValues(reason).Inc()
		return
	}
	refused.WithLabelValues(reason).Inc()
}
