package view

import "github.com/parley-network/parley/identity"

// Reach is how others can reach a node.
type Reach struct {
	Kind   string   `json:"kind" doc:"public: anyone connects to it; mapped: so, through its router; relayed: it is called through relays; checking: peers are being asked; near: only neighbours are connected, who can't tell whether it is reached from outside; alone: no peer to ask; unreachable: not at all; local: from this machine only, by its owner's wish; unknown: it was not told to find out"`
	Text   string   `json:"text" doc:"what that means, in plain words"`
	Do     string   `json:"do,omitempty" doc:"what the owner can do about it; absent when nothing needs doing"`
	Near   []string `json:"near,omitempty" doc:"where machines of the same network reach it; the world is not told"`
	Relays []string `json:"relays,omitempty" doc:"the peers it is called through"`
	Offers bool     `json:"offers,omitempty" doc:"it relays for others, within limits"`
}

// Connection is one open connection of a node.
type Connection struct {
	PeerID      string        `json:"peer_id"`
	Address     string        `json:"address" doc:"of the other end"`
	Transport   string        `json:"transport" doc:"quic, tcp, webtransport or websocket"`
	Inbound     bool          `json:"inbound" doc:"the other end opened it"`
	Relay       string        `json:"relay,omitempty" doc:"the peer between, which can't read it; absent when it is direct"`
	KeyExchange string        `json:"key_exchange" doc:"how the two ends agreed on its keys, X25519MLKEM768 for one; empty when that can't be told"`
	PostQuantum bool          `json:"post_quantum" doc:"whoever records it today can't read it with a quantum computer later"`
	Since       identity.Time `json:"since"`
}
