// Package transport makes the libp2p host of a real node: which transports it
// listens on, what it lets strangers use up, what it says about itself.
//
// A host is a device, not a party: its peer id is where a node can be reached
// and is never an identity. Nothing here knows what is said over the
// connections.
//
// By default a host listens on loopback alone and does nothing to be reached;
// [Config] opens it to the world, and what it then does for itself and for
// others is in reachable.go, with the limits of it. What it tells others of its
// addresses is in announce.go. [Connections] says of each connection how it
// came about and how its keys were agreed on.
package transport
