package intentcast

import "time"

// Limits of what is accepted. They keep one cast within MaxCast and the work
// of reading it small; a body beyond them is refused, never cut.
const (
	// MaxCast is the size of one encoded cast, body and envelope, in bytes.
	MaxCast = 8 << 10
	// MaxOffer is the size of one encoded signed offer in bytes. With the
	// seal's own cost it fits the 64 KiB that sealed letters are padded to.
	MaxOffer = 48 << 10
	// MaxLife is the longest an intent or an offer stands after its creation.
	MaxLife = 7 * 24 * time.Hour
	// MaxSkew is how far ahead of the reader's clock a creation may lie.
	MaxSkew = 5 * time.Minute
	// MaxItems is the most wanted items of one intent.
	MaxItems = 32
	// MaxRadius is the widest public place, in metres. It is also the margin
	// that ShardsFor adds, so that a place is missed by nobody it touches.
	MaxRadius = 100_000
	// ReplyKeySize is the length of an MLKEM768X25519 public key in bytes:
	// 1,184 of ML-KEM-768 (FIPS 203, table 3) and 32 of X25519 (RFC 7748).
	ReplyKeySize = 1216
	// MaxHolders is the most peers that keep letters for one route beside its
	// own: one that is gone or full and one that lies leave another.
	MaxHolders = 3
)

// Bounds in bytes of text, and in elements of lists.
const (
	maxText      = 2048 // free text
	maxName      = 200  // names of goods, places, programmes; one value
	maxProperty  = 128  // names of properties; units; SKUs
	maxDID       = 512  // an identifier; a did:webvh names a domain and a path
	maxLanguage  = 35   // RFC 5646, section 4.4.1
	maxTaxonomy  = 32
	maxCategory  = 128
	maxParts     = 8 // depth of a category
	maxGeohash   = 5 // about 5 km; finer is private detail
	maxList      = 16
	maxWishes    = 48 // constraints of one list; an offer states as many attributes for each of two lists
	maxTerms     = 8
	maxAddrs     = 4
	maxAddr      = 256
	maxPeer      = 128
	maxLines     = 64
	maxResponder = 1000
	maxSeq       = 1 << 20

	digestSize = 32
	slotSize   = 32
	saltSize   = 16
)
