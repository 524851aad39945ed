// Package archive is a relationship card as one file: a CARv1 with every
// version, envelope and key log in it, which a stranger verifies with nothing
// else at hand.
//
// The file has one root, a manifest; every block is strict DAG-CBOR and named
// by its sha2-256 CID. The blocks are, in this order: the manifest; for each
// version, by seq and then CID, its body, the person's envelope and the
// vendor's, as far as they are there; the key logs by DID. A card has exactly
// one such file: Import refuses a file that Export would not have written.
package archive

import (
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/relcard"
)

// MaxSize is the most bytes of a file.
const MaxSize = 1 << 20

// Bundle is what a file has in it, not verified; see [Verify].
type Bundle struct {
	Versions []relcard.Signed // of one card, in any order
	Logs     []KeyLog         // of the parties with a log, in any order
}

// KeyLog is the key log of one party, as bytes.
type KeyLog struct {
	DID     identity.DID
	Log     []byte // did:webvh 1.0 log, JSON lines
	Witness []byte // did-witness.json, or none
}

const (
	manifestVersion = 1
	manifestType    = "relcard-archive"
	logType         = "keylog"
)

// manifest is the root block.
type manifest struct {
	Version  uint64          `cbor:"v"`
	Type     string          `cbor:"type"`
	Card     dagcbor.CID     `cbor:"card"` // the first version
	Versions []versionBlocks `cbor:"versions"`
	Logs     []dagcbor.CID   `cbor:"logs,omitempty"`
}

// versionBlocks names the blocks of one version.
type versionBlocks struct {
	Body   dagcbor.CID `cbor:"body"`
	Person dagcbor.CID `cbor:"person,omitzero"`
	Vendor dagcbor.CID `cbor:"vendor,omitzero"`
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
