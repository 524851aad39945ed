package model

import (
	"math/rand/v2"
)

// carrier knows how a message travels among those who follow a topic.
type carrier interface {
	// topic returns what is known of a topic of n followers, at least two. It is
	// called by one goroutine at a time.
	topic(n int) (*topic, error)
	// idle is what a node sends while nobody casts, in bytes a second.
	idle() float64
}

// topic is how messages travel among so many followers.
type topic struct {
	followers int
	// traces are some messages' ways: after how many seconds each, or some, of
	// the followers had it, in no order. A follower's delay is any one of one
	// trace, so that one message's delays belong together.
	traces [][]float32
	// reach is the share of followers, beside the author, who get a message.
	reach float64
	// copies is how often each of them gets it, the first time included; bytes
	// what all nodes sent for it, for each of them.
	copies, bytes float64
	// early is the same in the first minute of an attack; nil: as ever.
	early *topic
}

func (t *topic) trace(r *rand.Rand) []float32 { return t.traces[r.IntN(len(t.traces))] }
