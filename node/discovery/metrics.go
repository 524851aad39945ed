package discovery

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics are what a node counts of finding others. A nil one counts nothing.
type metrics struct {
	reg        prometheus.Registerer
	lookups    *prometheus.CounterVec
	lookupTime prometheus.Histogram
	adverts    *prometheus.CounterVec
	heard      *prometheus.CounterVec
	asks       *prometheus.CounterVec
	refused    *prometheus.CounterVec
}

func newMetrics(reg prometheus.Registerer) (*metrics, error) {
	if reg == nil {
		return nil, nil
	}
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "parley", Subsystem: "discovery", Name: name, Help: help}, labels)
	}
	m := &metrics{
		reg:     reg,
		lookups: counter("lookups_total", "Look-ups in the DHT, by what for and whether anybody was found.", "what", "found"),
		adverts: counter("adverts_total", "Keys put out in the DHT, by how that ended.", "ok"),
		heard:   counter("peers_heard_total", "Peers heard of, by source.", "source"),
		asks:    counter("exchanges_total", "Peer exchanges, by side and outcome.", "side", "outcome"),
		refused: counter("records_refused_total", "Peers that others named and that were not taken, by reason.", "reason"),
		lookupTime: prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: "parley", Subsystem: "discovery", Name: "lookup_seconds", Help: "Time that a look-up takes.",
			Buckets: prometheus.ExponentialBuckets(0.05, 2, 10),
		}),
	}
	var errs error
	for _, c := range []prometheus.Collector{m.lookups, m.adverts, m.heard, m.asks, m.refused, m.lookupTime} {
		errs = errors.Join(errs, reg.Register(c))
	}
	return m, errs
}

// shelf has the number of records kept for others shown.
func (m *metrics) shelf(n func() int) {
	_ = m.reg.Register(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Namespace: "parley", Subsystem: "discovery", Name: "records", Help: "Provider records kept for others.",
	}, func() float64 { return float64(n()) }))
}

func (m *metrics) advert(err error) {
	if m != nil {
		m.adverts.WithLabelValues(yes(err == nil)).Inc()
	}
}

func (m *metrics) found(source string, n int) {
	if m != nil {
		m.heard.WithLabelValues(source).Add(float64(n))
	}
}

func (m *metrics) asked(side, outcome string) {
	if m != nil {
		m.asks.WithLabelValues(side, outcome).Inc()
	}
}

func (m *metrics) refuse(reason string) {
	if m != nil {
		m.refused.WithLabelValues(reason).Inc()
	}
}
