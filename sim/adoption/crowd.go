package adoption

import "github.com/parley-network/parley/sim/graph"

// Crowd is who takes part, and how many of each agent's acquaintances do.
type Crowd struct {
	Graph *graph.Graph
	// In tells whether an agent takes part, Left whether it did once and went.
	In, Left []bool
	// Size is how many take part.
	Size int

	known []int32
}

// NewCrowd returns an empty crowd of the graph's nodes.
func NewCrowd(g *graph.Graph) *Crowd {
	c := &Crowd{Graph: g, In: make([]bool, g.Len()), Left: make([]bool, g.Len())}
	if !g.Whole {
		c.known = make([]int32, g.Len())
	}
	return c
}

// Known returns how many acquaintances of an agent take part.
func (c *Crowd) Known(a int32) int {
	if c.known != nil {
		return int(c.known[a])
	}
	if c.In[a] {
		return c.Size - 1
	}
	return c.Size
}

// Join has agents take part; one who does already is passed over.
func (c *Crowd) Join(agents []int32) {
	for _, a := range agents {
		if !c.In[a] {
			c.In[a] = true
			c.change(a, 1)
		}
	}
}

// Leave has agents take part no more; one who doesn't is passed over.
func (c *Crowd) Leave(agents []int32) {
	for _, a := range agents {
		if c.In[a] {
			c.In[a], c.Left[a] = false, true
			c.change(a, -1)
		}
	}
}

func (c *Crowd) change(a, by int32) {
	c.Size += int(by)
	if c.known == nil {
		return
	}
	for _, b := range c.Graph.Neighbours(a) {
		c.known[b] += by
	}
}
