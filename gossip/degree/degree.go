// Package degree is how wide the meshes are that ship, and how fast their
// hearts beat: the parameters of GossipSub that a simulation varies. It stands
// apart from package gossip, which says what each was chosen for, so that who
// describes an experiment need not link the service.
package degree

import "time"

const (
	// D is how many peers a mesh is to have; below Low it takes more in, above
	// High it lets some go.
	D, Low, High = 4, 4, 8
	// Lazy is how many peers outside the mesh are told what there is, at least.
	Lazy = 8
	// Heartbeat is the time from one look at the meshes to the next.
	Heartbeat = 300 * time.Millisecond
)
