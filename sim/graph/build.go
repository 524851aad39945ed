package graph

import (
	"fmt"
	"math/rand/v2"

	"github.com/parley-network/parley/sim/scenario"
)

// Build makes the scenario's network of so many agents. Places is each agent's
// town, which block and geographic go by; nil: all in one. Of kind file, the
// file is read, and it is refused if it has more people than there are agents;
// those it leaves over know nobody.
func Build(n scenario.Network, agents int, places []int32, r *rand.Rand) (*Graph, error) {
	return nil, fmt.Errorf("network.kind %q: not yet", n.Kind)
}
