package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net/url"

	modernc "modernc.org/sqlite"
)

// conn is one connection to the database, with every statement it has run
// kept prepared. It serves one goroutine at a time.
//
// It speaks to the driver directly and not through database/sql, whose pool
// and whose interruption by context are the wrong ones here: a connection must
// keep its transaction from one Update to the next, and an interrupted write
// would undo the neighbours in its commit too.
type conn struct {
	raw   driver.Conn
	stmts map[string]statement
}

type statement interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

// dial opens a connection to the file at path, which is absolute, and sets it
// up with the given pragmas.
func dial(path string, pragmas ...string) (*conn, error) {
	// As a URI, since a plain name could not hold a question mark.
	dsn := (&url.URL{Scheme: "file", Path: path}).String()
	raw, err := new(modernc.Driver).Open(dsn)
	if err != nil {
		return nil, err
	}
	c := &conn{raw: raw, stmts: map[string]statement{}}
	if err := c.set(pragmas...); err != nil {
		return nil, errors.Join(err, c.close())
	}
	return c, nil
}

func (c *conn) set(pragmas ...string) error {
	for _, p := range pragmas {
		if err := c.once("PRAGMA " + p); err != nil {
			return fmt.Errorf("set pragma %s: %w", p, err)
		}
	}
	return nil
}

// once runs sql without keeping it prepared.
func (c *conn) once(sql string) error {
	_, err := c.exec(sql)
	return errors.Join(err, c.forget(sql))
}

func (c *conn) forget(sql string) error {
	s, ok := c.stmts[sql]
	if !ok {
		return nil
	}
	delete(c.stmts, sql)
	return s.Close()
}

func (c *conn) prepare(sql string) (statement, error) {
	if s, ok := c.stmts[sql]; ok {
		return s, nil
	}
	raw, err := c.raw.Prepare(sql)
	if err != nil {
		return nil, err
	}
	s, ok := raw.(statement)
	if !ok {
		return nil, errors.Join(fmt.Errorf("the driver's statement is a %T", raw), raw.Close())
	}
	c.stmts[sql] = s
	return s, nil
}

// exec runs sql and returns how many rows it changed. An argument is an
// int64, a string, a []byte or nil.
func (c *conn) exec(sql string, args ...any) (int64, error) {
	s, err := c.prepare(sql)
	if err != nil {
		return 0, err
	}
	res, err := s.ExecContext(context.Background(), bind(args))
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// query runs sql and calls each with every row; the values are each's to keep.
func (c *conn) query(sql string, args []any, each func(row []driver.Value) error) (err error) {
	s, err := c.prepare(sql)
	if err != nil {
		return err
	}
	rows, err := s.QueryContext(context.Background(), bind(args))
	if err != nil {
		return err
	}
	defer func() {
		if cerr := rows.Close(); err == nil {
			err = cerr
		}
	}()
	row := make([]driver.Value, len(rows.Columns()))
	for {
		switch err := rows.Next(row); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		if err := each(row); err != nil {
			return err
		}
	}
}

// value returns the one value of sql's one row.
func (c *conn) value(sql string, args ...any) (v driver.Value, err error) {
	found := false
	err = c.query(sql, args, func(row []driver.Value) error {
		v, found = row[0], true
		return nil
	})
	if err == nil && !found {
		err = fmt.Errorf("%s: no row", sql)
	}
	return v, err
}

// number returns the one number that sql, which is not kept prepared, yields.
func (c *conn) number(sql string) (int64, error) {
	v, err := c.value(sql)
	if err = errors.Join(err, c.forget(sql)); err != nil {
		return 0, err
	}
	n, ok := v.(int64)
	if !ok {
		return 0, fmt.Errorf("%s: got %v, want a number", sql, v)
	}
	return n, nil
}

func (c *conn) close() error {
	var errs []error
	for _, s := range c.stmts {
		errs = append(errs, s.Close())
	}
	return errors.Join(append(errs, c.raw.Close())...)
}

func bind(args []any) []driver.NamedValue {
	named := make([]driver.NamedValue, len(args))
	for i, a := range args {
		named[i] = driver.NamedValue{Ordinal: i + 1, Value: a}
	}
	return named
}
