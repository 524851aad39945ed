package gossip

import "github.com/prometheus/client_golang/prometheus"

// catchMetrics counts conversations about what one side lacks.
type catchMetrics struct {
	asked   *prometheus.CounterVec // by result
	refused *prometheus.CounterVec // by reason
	got     *prometheus.CounterVec // by kind
	served  *prometheus.CounterVec // by kind
	bytes   prometheus.Counter
}

func newCatchMetrics() catchMetrics {
	opts := func(name, help string) prometheus.CounterOpts {
		return prometheus.CounterOpts{Namespace: "parley", Subsystem: "gossip", Name: "catchup_" + name, Help: help}
	}
	by := func(label, name, help string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(opts(name, help), []string{label})
	}
	return catchMetrics{
		asked:   by("result", "asked_total", "Times a peer was asked for what this node lacks."),
		refused: by("reason", "refused_total", "Conversations in which a peer that asked was not answered to the end."),
		got:     by("kind", "got_total", "Records got by asking."),
		served:  by("kind", "served_total", "Records sent to peers that asked."),
		bytes:   prometheus.NewCounter(opts("bytes_total", "Bytes of this node's questions and the answers to them.")),
	}
}
