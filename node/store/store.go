// Package store is the node's durable memory: one table of records behind one
// small transactional interface, with a backend for each place a node lives.
//
// Cards, intents, offers, outbox letters, seen message ids, peers, catalogue
// items, routes and settings are all a [Record]; what they mean is their
// owner's affair. Backends are store/sqlite (a node at home), store/memory
// (thousands of simulated nodes) and PostgreSQL (several replicas of one node
// over one database). Each passes store/storetest.
package store

import (
	"context"
	"errors"
	"time"
)

// Errors a backend returns, wrapped with what was being done and where.
var (
	// ErrNotFound is returned by Get for a record that is not there.
	ErrNotFound = errors.New("no such record")
	// ErrExists is returned by Insert for a record that is there already.
	ErrExists = errors.New("record exists")
	// ErrInvalid is returned for a record, query or claim outside the limits
	// stated in this package; the error names the field.
	ErrInvalid = errors.New("invalid")
	// ErrReadOnly is returned by a write within View.
	ErrReadOnly = errors.New("write in a read-only transaction")
	// ErrTxDone is returned by a Tx used after its function has returned.
	ErrTxDone = errors.New("transaction is over")
	// ErrClosed is returned by a Store that has been closed.
	ErrClosed = errors.New("store is closed")
	// ErrLocked is returned by opening a store that another process, or
	// another Store of this process, holds open.
	ErrLocked = errors.New("store is in use")
	// ErrFull is returned by an Update that found no room on the disk. Nothing
	// of it has changed; reads go on, and writes too once there is room.
	ErrFull = errors.New("no room left for the store")
	// ErrCorrupt is returned for stored data that is damaged or not a store.
	ErrCorrupt = errors.New("store is damaged")
	// ErrNewer is returned by opening a store written by a later release.
	ErrNewer = errors.New("store was written by a newer release")
)

// Tx is a transaction: every read sees one state of the store, with the
// writes of this transaction on top. It serves one goroutine and ends when
// the function it was given to returns (then every method returns ErrTxDone).
//
// Records go in and come out by value and bodies are copied both ways, so a
// caller may change what it passed or got.
type Tx interface {
	// Get returns the record (kind, id), or ErrNotFound.
	Get(kind Kind, id string) (Record, error)
	// Put stores r in place of the record of the same key, if any.
	Put(r Record) error
	// Insert stores r, or returns ErrExists and changes nothing if there is a
	// record of the same key: two racing Inserts never both succeed, which is
	// what exactly-once effects rest on.
	Insert(r Record) error
	// Delete removes the record (kind, id); one that is absent is no error.
	Delete(kind Kind, id string) error
	// List returns the records that q selects, in q's order: all of them or an
	// error.
	List(q Query) ([]Record, error)
	// Count returns how many records q selects, not regarding q.Limit and q's
	// position.
	Count(q Query) (int, error)
}

// Store is a set of records. Its methods are safe for concurrent use, except
// from within the functions given to View and Update: those use their Tx
// alone (an Update within an Update waits for itself for ever).
type Store interface {
	// View runs fn on a snapshot that includes every Update that had returned
	// before. Writes return ErrReadOnly. It returns fn's error.
	View(ctx context.Context, fn func(Tx) error) error

	// Update runs fn and makes its writes durable, all or none. Updates take
	// effect as if they ran one after another. When Update returns nil the
	// writes survive a killed process and a power cut; when it returns an
	// error, or fn panics (the panic goes through to the caller), nothing has
	// changed.
	//
	// A backend may run fn more than once, with a fresh Tx each time: after a
	// conflict with another replica, or when a neighbour in the same commit
	// filled the disk. So fn has no effect except on its Tx and on variables
	// it assigns afresh. If a method of Tx failed for want of room or for
	// damage, Update fails even if fn returns nil.
	//
	// If ctx ends before fn has begun, Update does nothing and returns
	// ctx.Err(). Once fn has returned nil, ctx is not regarded: the result
	// says what happened.
	Update(ctx context.Context, fn func(Tx) error) error

	// Claim takes up to limit records of the kind that are due (Due <= now),
	// the longest due first, by setting their Due to now+lease in one atomic
	// step, and returns them with that new Due. No two callers, replicas of
	// the node included, hold one record at a time as long as leases are kept.
	//
	// The new Due is the claim's token: it only ever grows, so a holder whose
	// work is done compares it with the record's Due in the Update that
	// finishes the work, and lets go if they differ. A record whose holder
	// died becomes due again when the lease has passed.
	//
	// A limit below 1 or a lease below [Precision] is ErrInvalid.
	Claim(ctx context.Context, kind Kind, now time.Time, lease time.Duration, limit int) ([]Record, error)

	// Close waits for the transactions under way, refuses the others with
	// ErrClosed and frees everything; no goroutine is left. A second Close
	// returns nil.
	Close() error
}

// Scrubber is a [Store] whose files hold what was deleted or replaced until
// they are cleaned of it.
type Scrubber interface {
	// Scrub returns nil once nothing that an earlier Update has deleted or
	// replaced is left in the store's files. It may fail while a View is under
	// way, and can be tried again. What the file system or the drive keeps of a
	// file's former content is beyond it.
	Scrub(ctx context.Context) error
}

// ClaimIn is [Store.Claim] within an Update, for a caller that takes records
// and changes others in one step. Backends whose Updates are serial build
// their Claim on it.
func ClaimIn(tx Tx, kind Kind, now time.Time, lease time.Duration, limit int) ([]Record, error) {
	if err := CheckClaim(kind, lease, limit); err != nil {
		return nil, err
	}
	due, err := tx.List(Query{Kind: kind, DueBefore: now.Add(Precision), Limit: limit})
	if err != nil {
		return nil, err
	}
	until := roundDue(now.Add(lease))
	for i := range due {
		due[i].Due = until
		if err := tx.Put(due[i]); err != nil {
			return nil, err
		}
	}
	return due, nil
}
