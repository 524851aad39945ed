// Package archive is a relationship card as one file: a CARv1 with every
// version, envelope and key log in it, which a stranger verifies with nothing
// else at hand. What the parties said beside the card, their statements, can
// be in it too, and the openings of pieces of data that the owner chooses to
// show. A second kind of file, a [Dispute], holds two copies of one card and
// says where they part.
//
// A file has one root, a manifest; every block is strict DAG-CBOR and named by
// its sha2-256 CID. The blocks are, in this order: the manifest; for each
// version, by seq and then CID, its body, the person's envelope and the
// vendor's, as far as they are there; the key logs by DID; for each statement,
// the person's by seq and then the vendor's, its body and its envelope; the
// openings by statement and item. The same content has exactly one such file:
// Import refuses a file that Export would not have written.
package archive

import (
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/disclosure"
	"github.com/parley-network/parley/relcard/statement"
)

// The most bytes of a file of either kind. A card whose logs have grown beyond
// the first is exported with the statements of its negotiation alone.
const (
	MaxSize    = 1 << 20
	MaxDispute = 8 << 20
)

// maxListed is the most statements, openings or versions that one manifest
// can name: the encoding allows no longer lists.
const maxListed = dagcbor.MaxElements

// Bundle is what a file has in it, not verified; see [Verify].
type Bundle struct {
	Versions   []relcard.Signed   // of one card, in any order
	Logs       []KeyLog           // of the parties with a log, in any order
	Statements []statement.Signed // of each party from its first one on, without a gap; in any order, or none
	Openings   []Opening          // of what the statements name by digest; in any order, or none
}

// KeyLog is the key log of one party, as bytes.
type KeyLog struct {
	DID     identity.DID
	Log     []byte // did:webvh 1.0 log, JSON lines
	Witness []byte // did-witness.json, or none
}

// Opening shows a piece of data that a statement names by its digest: an item
// of a disclose statement or, as item 0, the copy of a comply statement. It is
// personal data, put into a file only by choice.
type Opening struct {
	Statement dagcbor.CID
	disclosure.Opening
}

const (
	manifestVersion = 1 // of a card without statements
	manifestSpoken  = 2 // of one with statements
	manifestType    = "relcard-archive"
	partType        = "relcard-part" // what is known of another copy; version 1
	blockVersion    = 1
	logType         = "keylog"
	openingType     = "opening"
)

// manifest is the root block, and in a dispute that of each copy.
type manifest struct {
	Version    uint64            `cbor:"v"`
	Type       string            `cbor:"type"`
	Card       dagcbor.CID       `cbor:"card,omitzero"` // the first version; none in a part
	Versions   []versionBlocks   `cbor:"versions"`
	Logs       []dagcbor.CID     `cbor:"logs,omitempty"`
	Statements []statementBlocks `cbor:"statements,omitempty"`
	Openings   []dagcbor.CID     `cbor:"openings,omitempty"`
}

// versionBlocks names the blocks of one version.
type versionBlocks struct {
	Body   dagcbor.CID `cbor:"body"`
	Person dagcbor.CID `cbor:"person,omitzero"`
	Vendor dagcbor.CID `cbor:"vendor,omitzero"`
}

// statementBlocks names the blocks of one statement.
type statementBlocks struct {
	Body     dagcbor.CID `cbor:"body"`
	Envelope dagcbor.CID `cbor:"env"`
}

// logBlock holds a key log as bytes within DAG-CBOR, so that one kind of CID
// names every block.
type logBlock struct {
	Version uint64       `cbor:"v"`
	Type    string       `cbor:"type"`
	DID     identity.DID `cbor:"did"`
	Log     []byte       `cbor:"log"`
	Witness []byte       `cbor:"witness,omitempty"`
}

// openingBlock holds an opening.
type openingBlock struct {
	Version   uint64             `cbor:"v"`
	Type      string             `cbor:"type"`
	Statement dagcbor.CID        `cbor:"statement"`
	Opening   disclosure.Opening `cbor:"opening"`
}
