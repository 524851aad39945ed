// Package mesh is the fast model of gossip: a GossipSub mesh at the level of
// messages. It keeps to the rules of go-libp2p-pubsub v0.17.0 with the
// parameters that package gossip sets, but moves numbers instead of frames: a
// cast's way through a thousand nodes takes a fraction of a millisecond.
//
// What is modelled: who is connected and at what delay; heartbeats that graft,
// prune, keep outbound neighbours and mend (gossipsub.go, heartbeat); backoffs;
// eager pushing with "I have it" (IDONTWANT); announcing and asking (IHAVE,
// IWANT); waiting for a line's bandwidth; lost packets; scores and package
// gossip's conduct, under attack. What is not: the time that computing takes,
// queues that overflow, and the handshakes of new connections.
//
// Times inside are whole microseconds, so that no machine rounds them
// otherwise; for one seed everything is the same to the bit.
package mesh
