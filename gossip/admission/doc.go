// Package admission decides how much of what strangers send a node takes in:
// stamps of work beside casts and letters, the difficulty that a node asks for
// by its load, and quotas. It is pure: values and the time go in, decisions
// come out.
//
// What it can do and not: a stamp makes the first million casts of a flood as
// dear as the last, and costs a person on a quiet network nothing, since the
// floor is 0. It does not stop who owns a rack of machines; that is for the
// quotas of neighbours and GossipSub's scores. An author is a fresh key for
// each intent, so nobody who relays can know whether a party with a card is
// behind it. Parties with a card in force pass free where they are known, which
// is on arrival of a letter.
package admission
