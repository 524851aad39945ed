package reach

import (
	"strconv"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/parley-network/parley/node/transport"
)

var (
	kindDesc = prometheus.NewDesc("parley_reach", "1 for how others can reach this node, 0 for the rest.", []string{"kind"}, nil)
	connDesc = prometheus.NewDesc("parley_connections", "Open connections, by transport, direction and key exchange; keys is empty where it can't be told.",
		[]string{"over", "direction", "relayed", "keys", "post_quantum"}, nil)
)

// Describe implements prometheus.Collector.
func (w *Watcher) Describe(out chan<- *prometheus.Desc) {
	out <- kindDesc
	out <- connDesc
}

// Collect implements prometheus.Collector: what is so when it is asked.
func (w *Watcher) Collect(out chan<- prometheus.Metric) {
	now := w.Judgement().Kind
	for _, k := range Kinds {
		value := 0.0
		if k == now {
			value = 1
		}
		out <- prometheus.MustNewConstMetric(kindDesc, prometheus.GaugeValue, value, string(k))
	}
	type group struct {
		over, direction, keys string
		relayed, postQuantum  bool
	}
	groups := make(map[group]int)
	for _, c := range transport.Connections(w.host) {
		g := group{over: c.Over, direction: "out", keys: c.Keys.Name, relayed: c.Relay != "", postQuantum: c.Keys.PostQuantum}
		if c.Inbound {
			g.direction = "in"
		}
		groups[g]++
	}
	for g, n := range groups {
		out <- prometheus.MustNewConstMetric(connDesc, prometheus.GaugeValue, float64(n),
			g.over, g.direction, strconv.FormatBool(g.relayed), g.keys, strconv.FormatBool(g.postQuantum))
	}
}
