// Package model is the engine "model": scenarios lived by numbers in the place
// of nodes. One core lives through a region of thousands in a second, and
// through the adoption of ten million agents in a quarter of a minute.
//
// Who joins, wants, answers and gains is package society's, the same as on real
// nodes. What is the model's own is the medium: for each intent, which of the
// vendors who sell such a thing in that place hear of it, when, and what it
// costs all nodes.
//
// # How an intent travels
//
//   - Its topic has as many followers as take part and are awake; sharded, the
//     vendors of its category and place and who casts there in the step.
//   - Some two dozen messages are followed, one by one, through a GossipSub mesh
//     of that size (package mesh, calibrated against real nodes). An intent goes
//     as one of them did: its vendors hear it when that message's followers,
//     drawn at random, did. Beyond 4,096 followers the same is later by as many
//     hops as a larger mesh takes more; at sixteen times the size that is within
//     a twentieth of meshes followed in full.
//   - A vendor thinks (exponentially), then dials the author and delivers its
//     letter in two round trips, over a relay if neither can be dialled. What
//     comes after the window is no offer. Intents are cast in its first half.
//   - Asleep, a node neither hears nor relays. One that leaves in a window and
//     comes back catches up with what is still open. In a partition, agents
//     hear those of their own part, which is their number modulo the parts.
//   - The attacks of the GossipSub v1.1 evaluation are played as sieges (package
//     mesh) of up to 120 honest nodes with as many sybils to each as there are,
//     up to four: as many messages arrive as there and they are later by as much,
//     within the first minute and after it. Spam is mesh.Flood's.
//   - Linked are the sybils in the author's own mesh: Binomial among its degree
//     with their share of all nodes.
//
// # What it leaves out
//
// Queues and computing time; that the same few neighbours carry many topics;
// and mailboxes, so that a person asleep loses no answer. A scenario whose study is not society asks something of the
// overlay alone, which package mesh answers.
//
// For one seed the outcome is the same to the bit at any number of processors:
// intents are carried in chunks of 256 with a stream of random numbers each, and
// what is drawn by a node is a hash of its number.
package model
