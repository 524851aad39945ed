// Package transport makes the libp2p host of a real node: which transports it
// listens on, what it lets strangers use up, what it says about itself.
//
// A host is a device, not a party: its peer id is where a node can be reached
// and is never an identity. Nothing here knows what is said over the
// connections.
//
// Relays, hole punching, port mapping and address discovery are off. A host
// is reached at the addresses it listens on, and by default listens on
// loopback alone.
package transport
