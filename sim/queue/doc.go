// Package queue spreads the cells of a sweep over workers: those of this
// process, and those of any machine that reaches the same NATS cluster. Cells
// go through a JetStream work queue, by default of a server inside the process
// that listens on no port.
//
// The queue is never the record. A result is recorded durably before it is
// taken off the queue, and what the record lacks is compared again and again
// with what the queue still holds: a cell that is in neither is published once
// more. So a queue may be wiped, and a server or a worker killed, at any
// moment; cells are run again, and none is missing or there twice.
//
// # What travels
//
//	parley.sim.task.<version>.<run>.<cell>   a cell; removed when acknowledged
//	parley.sim.result.<run>.<cell>           what it gave; removed when recorded
//	parley.sim.note.<run>                    progress; lost if nobody listens
//
// Version is the first 16 hex digits of the SHA-256 of the program's version:
// workers see the cells of their own version alone. What does not fit a message
// (bodies beyond 256 KiB, files that a scenario names) is in the object store
// of the same cluster.
//
// A run's folder is written by its coordinator only: see [Run]. Workers need no
// folder: see [Work].
package queue
