// Package loyalty is the person's side of loyalty: the programmes they belong
// to, whose numbers never leave the node, and what they say of themselves to
// a vendor, signed, in place of a score the vendor keeps of them.
//
// A [Programme] and its number are kept in [Programmes]. An intent carries
// names alone, from [Programmes.Attach]. A [Statement] is the content of a
// signed statement of the kind [Kind].
//
// Nothing here does I/O or reads a clock.
package loyalty
