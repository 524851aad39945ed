// Package study holds the model's gossip against real nodes': [Compare] plays
// the same casts in both at sizes where both run and tells how far apart their
// distributions are; [Calibrate] measures real nodes and fits the model's
// constants to them.
//
// Both measure gossip by itself: nodes that follow one topic, without adoption
// and market. distance.go and fit.go are pure; measure.go runs the engines.
package study
