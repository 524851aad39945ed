// Package profile is what a person keeps about themselves, piece by piece, so
// that each piece can be shared, changed and taken back alone.
//
// A [Piece] is one JSContact object (RFC 9553) under a [Path]. The paths are
// the properties of a JSContact Card that people share with those they deal
// with; where the Card keeps several under ids, so does the path:
//
//	name                     Name               RFC 9553 §2.2.1
//	nicknames/ID             Nickname           §2.2.2
//	organizations/ID         Organization       §2.2.3
//	speakToAs                SpeakToAs          §2.2.4
//	titles/ID                Title              §2.2.5
//	emails/ID                EmailAddress       §2.3.1
//	onlineServices/ID        OnlineService      §2.3.2
//	phones/ID                Phone              §2.3.3
//	preferredLanguages/ID    LanguagePref       §2.3.4
//	addresses/ID             Address            §2.5.1
//	links/ID                 Link               §2.6.3
//	birthday                 Anniversary        §2.8.1, kind "birth"
//	notes/ID                 Note               §2.8.3
//	payments/ID              Payment            of this package
//
// A Payment, which JSContact lacks, is an opaque reference: {"label": "Visa
// ending 1234", "ref": "tok_9f2c"}, at least one of the two. It is exported
// under a vendor-specific property (RFC 9553 §1.8.1), and what looks like a
// whole card number or bank account is refused.
//
// # One value, one encoding
//
// A piece's value is canonical JSON (RFC 8785) in a normal form: without
// "@type" where the property implies it, without members that say no more than
// their absence ("isOrdered": false, an empty "contexts", a title's kind
// "title"), and with components whose order says nothing in a fixed one. Two
// equal pieces therefore have equal bytes and equal digests. Properties
// outside the set here are refused by [Profile.Set] and dropped, each by name,
// by the imports: a profile is the person's own words about themselves, not an
// address book that must keep what it does not understand.
//
// Nothing here does I/O or reads a clock.
package profile
