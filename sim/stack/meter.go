package stack

import (
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// meter is a node's registry that keeps only the few counters that a scenario's
// costs are made of: thousands of full registries would take more memory than
// the nodes' records.
type meter struct {
	before               reading // of the nodes that counted here earlier
	received, duplicates prometheus.Collector
	refused, ignored     prometheus.Collector
}

// reading is what a meter shows. Refused are messages that are wrong by
// themselves, or that admission turned away.
type reading struct{ received, duplicates, refused float64 }

func (r reading) minus(o reading) reading {
	return reading{r.received - o.received, r.duplicates - o.duplicates, r.refused - o.refused}
}

// Register implements prometheus.Registerer.
func (m *meter) Register(c prometheus.Collector) error {
	descs := make(chan *prometheus.Desc, 8)
	go func() {
		defer close(descs)
		c.Describe(descs)
	}()
	for d := range descs {
		for name, at := range map[string]*prometheus.Collector{
			"parley_gossip_received_total": &m.received, "parley_gossip_duplicates_total": &m.duplicates,
			"parley_gossip_refused_total": &m.refused, "parley_gossip_ignored_total": &m.ignored,
		} {
			if strings.Contains(d.String(), `"`+name+`"`) {
				*at = c
			}
		}
	}
	return nil
}

// MustRegister implements prometheus.Registerer.
func (m *meter) MustRegister(all ...prometheus.Collector) {
	for _, c := range all {
		_ = m.Register(c)
	}
}

// Unregister implements prometheus.Registerer.
func (m *meter) Unregister(prometheus.Collector) bool { return false }

// renew is called before another node counts here.
func (m *meter) renew() { *m = meter{before: m.read()} }

func (m *meter) read() reading {
	return m.before.plus(reading{sum(m.received), sum(m.duplicates), sum(m.refused) + sum(m.ignored, "quota", "work", "pace", "busy")})
}

// sum adds a collector's counters up: all, or those with one of the labels'
// values.
func sum(c prometheus.Collector, labels ...string) float64 {
	if c == nil {
		return 0
	}
	all := make(chan prometheus.Metric, 64)
	go func() {
		defer close(all)
		c.Collect(all)
	}()
	total := 0.0
	for one := range all {
		var v dto.Metric
		if one.Write(&v) == nil && (len(labels) == 0 || slices.ContainsFunc(v.GetLabel(), func(l *dto.LabelPair) bool {
			return slices.Contains(labels, l.GetValue())
		})) {
			total += v.GetCounter().GetValue()
		}
	}
	return total
}
