package sqlite

import (
	"fmt"

	"github.com/parley-network/parley/node/store"
)

// applicationID marks the file as ours (PRAGMA application_id): "Prly".
const applicationID = 0x50726c79

// migrations[v] takes the schema from version v, kept in PRAGMA user_version,
// to v+1. A released step is never changed; a new one is added.
var migrations = [][]string{{
	// due counts microseconds since the Unix epoch, NULL meaning never. The
	// rowid holds bodies together; the key and the indexes stay small.
	`CREATE TABLE record (
		kind  TEXT NOT NULL,
		id    TEXT NOT NULL,
		ref   TEXT NOT NULL,
		state TEXT NOT NULL,
		due   INTEGER,
		body  BLOB NOT NULL,
		PRIMARY KEY (kind, id)
	) STRICT`,
	`CREATE INDEX record_ref   ON record (kind, ref, id)   WHERE ref <> ''`,
	`CREATE INDEX record_state ON record (kind, state, id) WHERE state <> ''`,
	`CREATE INDEX record_due   ON record (kind, due, id)   WHERE due IS NOT NULL`,
	fmt.Sprintf(`PRAGMA application_id = %d`, applicationID),
}}

// migrate brings the database, which recognise has passed, through steps to
// the newest schema in one transaction.
func migrate(c *conn, steps [][]string) error {
	version, err := c.number("PRAGMA user_version")
	if err != nil {
		return err
	}
	if version == int64(len(steps)) {
		return nil
	}
	if err := c.once("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	if err := advance(c, steps, version); err != nil {
		c.once("ROLLBACK") // the error that matters is err
		return fmt.Errorf("migrate the schema from version %d: %w", version, err)
	}
	return c.once("COMMIT")
}

// recognise reports, without a write, what keeps the database from being a
// store that steps could bring to the newest schema.
func recognise(c *conn, steps [][]string) error {
	var header [3]int64
	for i, sql := range []string{"PRAGMA application_id", "PRAGMA user_version", "SELECT count(*) FROM sqlite_schema"} {
		n, err := c.number(sql)
		if err != nil {
			return err
		}
		header[i] = n
	}
	id, version, newest := header[0], header[1], int64(len(steps))
	switch {
	case header == [3]int64{}: // just created
		return nil
	case id != applicationID:
		return fmt.Errorf("a database of another program (application id %#x): %w", id, store.ErrCorrupt)
	case version > newest:
		return fmt.Errorf("schema version %d, this release knows %d: %w", version, newest, store.ErrNewer)
	case version < 1:
		return fmt.Errorf("schema version %d: %w", version, store.ErrCorrupt)
	}
	return nil
}

func advance(c *conn, steps [][]string, from int64) error {
	for _, step := range steps[from:] {
		for _, sql := range step {
			if err := c.once(sql); err != nil {
				return err
			}
		}
	}
	return c.once(fmt.Sprintf("PRAGMA user_version = %d", len(steps)))
}
