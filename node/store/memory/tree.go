package memory

import (
	"math/rand/v2"

	"github.com/parley-network/parley/node/store"
)

// order says where a record stands in an index: negative if a comes before b.
type order func(a, b *store.Record) int

// node is a node of a treap (Seidel and Aragon, Randomized Search Trees,
// 1996): a search tree by order, a heap by priority, so balanced in
// expectation whatever the order of arrival. Nodes are never changed once
// built; a change copies the path to it, and an old root stays a snapshot.
type node struct {
	rec         *store.Record
	priority    uint64
	left, right *node
}

// put returns the tree n with rec in place of its equal, if any.
func put(n *node, by order, rec *store.Record) *node {
	if n == nil {
		return &node{rec: rec, priority: rand.Uint64()}
	}
	c := *n
	switch d := by(rec, n.rec); {
	case d == 0:
		c.rec = rec
	case d < 0:
		c.left = put(n.left, by, rec)
		if c.left.priority > c.priority {
			return rotateRight(&c)
		}
	default:
		c.right = put(n.right, by, rec)
		if c.right.priority > c.priority {
			return rotateLeft(&c)
		}
	}
	return &c
}

// rotateRight lifts n's left child, which put has just built, above n.
func rotateRight(n *node) *node {
	up := n.left
	n.left, up.right = up.right, n
	return up
}

func rotateLeft(n *node) *node {
	up := n.right
	n.right, up.left = up.left, n
	return up
}

// drop returns the tree n without rec's equal, which must be in it.
func drop(n *node, by order, rec *store.Record) *node {
	d := by(rec, n.rec)
	if d == 0 {
		return join(n.left, n.right)
	}
	c := *n
	if d < 0 {
		c.left = drop(n.left, by, rec)
	} else {
		c.right = drop(n.right, by, rec)
	}
	return &c
}

// join returns the tree of a and b, all of a standing before all of b.
func join(a, b *node) *node {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	case a.priority > b.priority:
		c := *a
		c.right = join(a.right, b)
		return &c
	default:
		c := *b
		c.left = join(a, b.left)
		return &c
	}
}

// find returns rec's equal in n, or nil.
func find(n *node, by order, rec *store.Record) *store.Record {
	for n != nil {
		switch d := by(rec, n.rec); {
		case d == 0:
			return n.rec
		case d < 0:
			n = n.left
		default:
			n = n.right
		}
	}
	return nil
}

// ascend calls visit for every record of n after from, in order, until visit
// returns false; it returns false if visit did.
func ascend(n *node, by order, from *store.Record, visit func(*store.Record) bool) bool {
	if n == nil {
		return true
	}
	if by(n.rec, from) > 0 {
		if !ascend(n.left, by, from, visit) || !visit(n.rec) {
			return false
		}
	}
	return ascend(n.right, by, from, visit)
}
