package view

import (
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
)

// KeyRotation is a rotation of keys that has been made.
type KeyRotation struct {
	DID     identity.DID  `json:"did" doc:"whose keys; it stays the same"`
	Version string        `json:"version" doc:"versionId in its key log (did:webvh 1.0)"`
	Number  int           `json:"number" doc:"of that version, from 1"`
	Since   identity.Time `json:"since" doc:"from when on the new key signs"`
	Told    int           `json:"told" doc:"relationships whose other side is told"`
}

// KeyRotationDue is a rotation of one card's keys that will be made.
type KeyRotationDue struct {
	Card dagcbor.CID   `json:"card"`
	With string        `json:"with" doc:"the vendor's name"`
	Due  identity.Time `json:"due"`
}
