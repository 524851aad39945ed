// Package sweep runs the cells of a scenario: every combination of its axes'
// values, each replicated. A cell's seed follows from the scenario alone, so
// that results are the same to the bit at any number of workers and in any
// order.
//
// A [Source] hands cells out, an [Engine] runs them, a [Sink] takes what they
// found. The sink's journal is the record: [Job.Complete] runs until nothing
// is missing in it, and after a crash goes on with what is.
package sweep
