// Package reconcile finds what one peer has and another lacks, in bytes that
// grow with the difference and not with what both have. It is pure: no I/O, no
// clock, messages in and messages out.
//
// The sets are of short ids: a record's 32 byte digest under a keyed hash, 8
// bytes, which mean nothing outside one conversation. The one who answers
// describes its set by coded symbols, without end and each of 12 bytes; some
// 1.4 of them for each difference are enough (Yang, Gilad and Alizadeh,
// "Practical Rateless Set Reconciliation", SIGCOMM 2024). Symbol i is the sum
// of those ids that map to it, each with probability 1/(1+i/2). Sums are
// XOR: what both have cancels, and a symbol left with one id gives it away,
// which takes that id out of the others, and so on.
//
// The conversation is Asker's and Answerer's:
//
//	asker                         answerer
//	Open: these sets        ->
//	                        <-    key, number of records, tally, 24 symbols
//	More: that many more    ->                (by the distance of the tallies)
//	                        <-    symbols
//	Get: these short ids    ->
//	                        <-    records
//
// It says nothing of what the asker has, and of what it lacks only what the
// answerer has. An asker that lacks most of it asks for a List of the short
// ids instead, which costs 8 bytes each.
//
// # Keys
//
// The key is the answerer's, drawn at random, the same for all askers for a
// while, so that the first symbols are made once and then kept up to date as
// records come and go. Who has learnt it can't make a record whose short id is
// that of somebody else's: that is a second preimage of 64 bits under a key
// that is gone by then. It can make, in some minutes of work, records that are
// in no symbol but the first and the thousandth; that hides those records and
// no others, since all others are still peeled off, and Asker stops at a bound.
// Where by chance two records share a short id, the one is not seen until the
// next key.
package reconcile
