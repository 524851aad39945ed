// Package canary makes and finds evidence of a breach. A canary is a variant
// of one piece of a person's profile that is handed to one relationship alone:
// where it turns up, that relationship is where it came from.
//
//	Subaddress   jo+tag@example.org, for mail that knows RFC 5233 sub-addressing
//	Catchall     tag@example.org, for a domain of which the person gets all mail
//	Unit         "Apt 4-K7M3", or "Unit K7M3", on a postal address
//	Initials     "Jo K. R. Doe"
//
// An e-mail canary carries its whole [Tag] of 42 random bits. A spelling has
// less room: 25,600 units, 676 pairs of initials. [Fresh] therefore draws until
// the variant is one that nobody was given yet. Abbreviations (St for Street)
// are not offered: software that tidies addresses rewrites them, so they would
// name the wrong vendor.
//
// A tag links nothing, but what it is put on may: two vendors who compare notes
// see the same mailbox before a Subaddress, the same domain behind a Catchall,
// and the same street around a Unit. Only a person whose catch-all domain has
// many users is hidden by it.
//
// [Match] never names one where it could have been another: a value given to
// several names them all, and a canary whose mark was taken off again, leaving
// the plain value, puts its holder among those who were given that value. It
// tells what was given through this node and knows of no other way that a
// value may have got about.
//
// Nothing here does I/O or reads a clock.
package canary
