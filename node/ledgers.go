package node

import (
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/relcard/disclosure"
	"github.com/parley-network/parley/relcard/statement"
)

const (
	// mostLedgers bounds the relationships whose ledgers are kept in memory, at
	// about a kilobyte each. A change is told to all in turn: of more than are
	// kept, none would be found.
	mostLedgers = 16384
	// mostEntries bounds the items of such a ledger, at some 600 bytes each.
	mostEntries = 32
)

// ledgers keeps what was read from the logs of relationships, so that the next
// statement of one costs as much in its hundredth year as in its first. What is
// kept is named by the ends of both logs, each of which names all before it: it
// can't be out of date, whatever became of the transaction that put it here.
type ledgers struct {
	known recent[identity.DID, ledgerAt]
}

func newLedgers() ledgers { return ledgers{recent[identity.DID, ledgerAt]{most: mostLedgers}} }

// ends are the ends of the two logs that a ledger was read from.
type ends struct{ person, vendor statement.Head }

type ledgerAt struct {
	ends
	ledger disclosure.Ledger
}

// endsOf returns the ends of a relationship's logs.
func endsOf(r *relation) ends {
	if r.body.Side == identity.RoleVendor {
		return ends{person: r.body.Other, vendor: r.body.Mine}
	}
	return ends{person: r.body.Mine, vendor: r.body.Other}
}

// before returns the ends without st, the last statement of its log.
func (e ends) before(st *statement.Statement) ends {
	head := statement.Head{Count: st.Body.Seq, Last: st.Body.Prev}
	if st.Body.By == identity.RoleVendor {
		e.vendor = head
	} else {
		e.person = head
	}
	return e
}

func (l *ledgers) get(person identity.DID, at ends, now time.Time) (disclosure.Ledger, bool) {
	have, ok := l.known.get(person)
	if !ok || have.ends != at {
		return disclosure.Ledger{}, false
	}
	return have.ledger.At(now), true
}

func (l *ledgers) put(person identity.DID, at ends, ledger disclosure.Ledger) {
	if len(ledger.Entries)+len(ledger.Demands)+len(ledger.Problems) <= mostEntries {
		l.known.put(person, ledgerAt{at, ledger})
	}
}

// follow takes the ledger that ends before st on to at, where st is the last
// of its log, if it is kept.
func (l *ledgers) follow(person identity.DID, at ends, st *statement.Statement, now time.Time) {
	before, ok := l.get(person, at.before(st), now)
	if !ok {
		return
	}
	if after, err := before.Apply(st, now); err == nil {
		l.put(person, at, after)
	}
}

// ledger reads who knows what from both logs of a relationship.
func (n *Node) ledger(tx store.Tx, r *relation) (disclosure.Ledger, error) {
	now := n.now()
	if l, ok := n.ledgers.get(r.body.Person, endsOf(r), now); ok {
		return l, nil
	}
	person, vendor, err := bothLogs(tx, r)
	if err != nil {
		return disclosure.Ledger{}, err
	}
	l, err := disclosure.Fold(person, vendor, now)
	if err == nil && endsOf(r) == (ends{headOf(person), headOf(vendor)}) {
		n.ledgers.put(r.body.Person, endsOf(r), l)
	}
	return l, err
}

// ledgerBefore is the ledger without the newest statement of the other side,
// which is about to have its effect.
func (n *Node) ledgerBefore(c *change, r *relation, st *statement.Statement) (disclosure.Ledger, error) {
	at := endsOf(r)
	l, ok := n.ledgers.get(r.body.Person, at.before(st), c.now)
	if !ok {
		person, vendor, err := bothLogs(c.Tx, r)
		if err != nil {
			return l, err
		}
		person, vendor = withoutLast(person, st), withoutLast(vendor, st)
		if l, err = disclosure.Fold(person, vendor, c.now); err != nil {
			return l, err
		}
		if at.before(st) != (ends{headOf(person), headOf(vendor)}) {
			return l, nil
		}
	}
	if after, err := l.Apply(st, c.now); err == nil && r.body.Other.Last == st.ID {
		n.ledgers.put(r.body.Person, at, after)
	}
	return l, nil
}

// withoutLast returns the log without st, if that is its last statement.
func withoutLast(log []statement.Statement, st *statement.Statement) []statement.Statement {
	if len(log) > 0 && log[len(log)-1].ID == st.ID {
		return log[:len(log)-1]
	}
	return log
}

// headOf returns the end of a log that is read from its beginning.
func headOf(log []statement.Statement) statement.Head {
	if len(log) == 0 {
		return statement.Head{}
	}
	return statement.Head{Count: uint64(len(log)), Last: log[len(log)-1].ID}
}
