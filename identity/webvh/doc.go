// Package webvh reads, verifies and writes key logs in the format of did:webvh
// 1.0 (https://identity.foundation/didwebvh/v1.0/): a list of signed versions
// of a DID document, each linked by hash to the one before, whose first entry
// hashes to the identifier itself (the SCID). A party proves by its log which
// keys may sign for it, since when, and that nobody else replaced them.
//
// The package is pure: it takes bytes and a time and does no I/O. A verifier
// holds the log, however it came by it; where a did:webvh would be fetched
// from ([ID.URL]) is no part of what it proves.
//
// Parse gives a [Log], which claims; Verify gives a [History], which is proven:
//
//	l, err := webvh.Parse(jsonl)
//	h, err := webvh.Verify(l, nil, time.Now())
//	keys := h.Latest().Keys
//
// Where the specification leaves a choice, the strict one is taken: unknown
// properties, null parameters, internationalised names that are not in their
// ASCII form, and a lower-case %3a are refused. One leniency is deliberate: a
// witness may be named by a bare Multikey as well as by its did:key, because
// published logs of one implementation do so and it names the same key.
package webvh
