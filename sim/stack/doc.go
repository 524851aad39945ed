// Package stack is the engine "stack": a scenario lived by real nodes. Every
// agent that takes part gets a [node.Node] on a libp2p host of its own, with
// gossip, courier, mailboxes and rules as the daemon has them; its records are
// kept in memory instead of SQLite. Hosts are linked by a simulated network and
// live in virtual time (package sim).
//
// # What is measured, and how
//
//   - An intent is cast when the node has signed and stored it: its delays and
//     the offers' count from then. What comes before, the opening of a reply
//     route at another node, is not part of them.
//   - A vendor has heard of it when its node has stored and matched it.
//   - An offer has arrived when the person's node has opened, checked and stored
//     it.
//   - Linked are the attacker's identities for which the first neighbour that
//     sent the intent was the author's own node: whoever guesses that the first
//     to tell is the author guesses right (the first-spy estimator of Biryukov,
//     Khovratovich and Pustogarov, 2014). Without an attacker nobody guesses.
//   - Copies are messages of all topics received by nodes, term updates among
//     them; bytes are what all hosts sent in UDP payload, handshakes and
//     acknowledgements included.
//
// # What differs from the world outside
//
//   - Peers are found by a directory that knows everybody in the place of the
//     DHT: it answers a look-up by the scenario's latency.
//   - A node behind a NAT can't be dialled, and no hole is punched.
//   - A vendor's node answers by its rules at once; the time that its people
//     take to think (vendors.think, exponential) is added to what was measured.
//   - Computing takes no time: virtual time passes only while all wait. But work
//     for a stamp takes people as long as on a phone; and an attacker no more than
//     its budget, though it is really done.
//
// Same seed, same population, keys, links and losses; but not the same run, as
// goroutines and TLS draw on the machine.
package stack
