package sqlite

import "github.com/parley-network/parley/node/store"

// known is what a transaction that writes has seen of records, or left them
// with: of each what the indexes hold. A record that is read and then replaced,
// as most are, is written without the indexes in which it stays where it is;
// SQLite itself takes a column that is assigned for one that has changed.
type known struct {
	records map[recordKey]indexed
}

type recordKey struct {
	kind store.Kind
	id   string
}

// indexed is the columns of a record that indexes are made of.
type indexed struct {
	ref, state string
	due        any // nil or an int64
}

// mostKnown bounds the memory of it.
const mostKnown = 1024

func (k *known) get(kind store.Kind, id string) (indexed, bool) {
	i, ok := k.records[recordKey{kind, id}]
	return i, ok
}

func (k *known) put(kind store.Kind, id string, i indexed) {
	key := recordKey{kind, id}
	if _, ok := k.records[key]; !ok && len(k.records) >= mostKnown {
		return
	}
	if k.records == nil {
		k.records = make(map[recordKey]indexed)
	}
	k.records[key] = i
}

func (k *known) drop(kind store.Kind, id string) {
	delete(k.records, recordKey{kind, id})
}
