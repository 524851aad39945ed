package graph

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"

	"github.com/parley-network/parley/sim/scenario"
)

// Build makes the scenario's network of so many agents. Places is each agent's
// town, which block and geographic go by; nil: all in one. Of none and complete
// the graph is Whole. Of kind file, the file is read and refused if it has more
// people than there are agents; agents that it leaves over know nobody. What
// can't be is refused, naming the field.
func Build(n scenario.Network, agents int, places []int32, r *rand.Rand) (*Graph, error) {
	if places == nil {
		places = make([]int32, agents)
	}
	if len(places) != agents {
		return nil, fmt.Errorf("places of %d agents: there are %d", len(places), agents)
	}
	g, err := build(n, agents, places, r)
	if err != nil {
		return nil, fmt.Errorf("network of kind %s: %w", n.Kind, err)
	}
	return g, nil
}

func build(n scenario.Network, agents int, places []int32, r *rand.Rand) (*Graph, error) {
	switch n.Kind {
	case "none", "complete":
		return Whole(agents), nil
	case "erdos-renyi":
		if !(n.Degree >= 0 && n.Degree <= float64(agents-1)) {
			return nil, fmt.Errorf("network.degree is %v: want 0 to %d", n.Degree, agents-1)
		}
		return ErdosRenyi(agents, n.Degree/math.Max(float64(agents-1), 1), r)
	case "watts-strogatz":
		// The ring has an even degree: the nearest one.
		if !(n.Degree >= 0 && n.Degree <= float64(agents)) {
			return nil, fmt.Errorf("network.degree is %v: want 0 to %d", n.Degree, agents-2)
		}
		return WattsStrogatz(agents, 2*int(math.Round(n.Degree/2)), n.Rewire, r)
	case "barabasi-albert":
		return BarabasiAlbert(agents, n.Attach, r)
	case "block":
		return Block(places, n.Degree, n.Within, r)
	case "geographic":
		return Geographic(places, n.Degree, r)
	case "file":
		return fromFile(n.File, agents)
	}
	return nil, fmt.Errorf("network.kind %q: want none, complete, erdos-renyi, watts-strogatz, barabasi-albert, block, geographic or file", n.Kind)
}

func fromFile(path string, agents int) (*Graph, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open edge list: %w", err)
	}
	defer f.Close()
	l, err := ReadList(path, f)
	if err != nil {
		return nil, err
	}
	if l.Len() > agents {
		return nil, fmt.Errorf("%s has %d people: the scenario has %d agents", path, l.Len(), agents)
	}
	for l.Len() < agents {
		l.Start = append(l.Start, l.Start[l.Len()])
	}
	return l.Graph, nil
}
