package node

import (
	"errors"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/store"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/negotiation"
)

// A vendor that takes requests from anyone keeps something of each of them, and
// identifiers cost nothing: so there are so many new strangers a day, and so
// many in all. Each is forgotten once no proffer of theirs can be open any
// more. Who shows to be the author of an intent that was answered is no
// stranger, nor is who has a card.
const (
	strangersADay = 1000
	mostStrangers = 10_000
	strangerKept  = negotiation.MaxLife + 24*time.Hour
)

// roomForStranger refuses a first proffer where too many strangers have asked.
// Every statement puts off when a stranger is forgotten, so those who talk on
// count for the day as well.
func roomForStranger(c *change) error {
	all, err := c.Count(store.Query{Kind: kindRelation, State: relationStranger})
	if err != nil {
		return err
	}
	earlier, err := c.Count(store.Query{Kind: kindRelation, State: relationStranger, DueBefore: c.now.Add(strangerKept - 24*time.Hour)})
	if err != nil {
		return err
	}
	switch {
	case all >= mostStrangers:
		return refuse("%d strangers have asked here, and no more are taken until some are forgotten", all)
	case all-earlier >= strangersADay:
		return refuse("%d strangers have asked here in a day, and no more are taken: ask again tomorrow", all-earlier)
	}
	return nil
}

// forgetStranger puts away a stranger whose time is over, with all that was
// said: no card came of it.
func forgetStranger(c *change, rec store.Record) error {
	person := rec.ID
	if err := forgetTalks(c, person); err != nil {
		return err
	}
	for _, q := range []store.Query{
		logOf(identity.DID(person), identity.RolePerson),
		logOf(identity.DID(person), identity.RoleVendor),
		{Kind: kindEarly, Ref: person},
	} {
		if err := deleteAll(c, q); err != nil {
			return err
		}
	}
	if err := c.Delete(kindHeads, person); err != nil {
		return err
	}
	return c.Delete(kindRelation, person)
}

// forgetTalks deletes the negotiations with a stranger, and what was signed
// for them and never became a card.
func forgetTalks(c *change, person string) error {
	talks, err := c.List(store.Query{Kind: kindNegotiation, Ref: person})
	if err != nil {
		return err
	}
	for _, rec := range talks {
		var b negotiationBody
		if err := get(rec, &b); err != nil {
			return err
		}
		if err := forgetOffered(c, b.Offered); err != nil {
			return err
		}
		if err := c.Delete(kindNegotiation, rec.ID); err != nil {
			return err
		}
	}
	return nil
}

func forgetOffered(c *change, offered []byte) error {
	if offered == nil {
		return nil
	}
	s, err := relcard.DecodeSigned(offered)
	if err != nil {
		return err
	}
	id := dagcbor.Sum(s.Raw).String()
	k, err := c.Get(kindCard, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil || k.State != string(relcard.StateProposed) && k.State != stateRefused {
		return err
	}
	return c.Delete(kindCard, id)
}

// deleteAll deletes what q selects.
func deleteAll(c *change, q store.Query) error {
	recs, err := c.List(q)
	if err != nil {
		return err
	}
	for _, rec := range recs {
		if err := c.Delete(rec.Kind, rec.ID); err != nil {
			return err
		}
	}
	return nil
}
