// Package scenario is the file that says what an experiment is: who there is,
// what connects them, why they join, what they trade, what fails and who
// attacks. The same file runs on real nodes and on the fast model.
//
// Each part has a file of its own here, with its fields, their units, what
// they are when left out, and what is impossible. Pure but for [Load], [Open] and
// [DigestFile].
package scenario

import "encoding/json"

// Scenario is one experiment, complete: a field that a file leaves out has the
// value it has in [Default], and 0 means 0.
type Scenario struct {
	Name        string `toml:"name" yaml:"name" json:"name"`
	Description string `toml:"description" yaml:"description" json:"description,omitempty"`
	// Engine runs it unless the command line says otherwise.
	Engine Engine `toml:"engine" yaml:"engine" json:"engine"`
	// Study is what is asked: society (who joins and what is traded), or of the
	// overlay alone cost, admission or siege, which only the model answers.
	Study string `toml:"study" yaml:"study" json:"study"`
	// Seed is what every cell's own seed is derived from.
	Seed uint64 `toml:"seed" yaml:"seed" json:"seed"`
	// Replicates is how many runs each point of the sweep gets, with a seed each.
	Replicates int `toml:"replicates" yaml:"replicates" json:"replicates"`
	// Calibration is a file of constants that the engine model goes by instead of
	// those that ship, as parley-sim calibrate writes them; "" for those.
	Calibration string `toml:"calibration" yaml:"calibration" json:"calibration,omitempty"`
	// Constants is what stands in that file: [Load] reads it, nobody writes it.
	// It is part of the scenario, and of its hash, wherever that goes; what it
	// means the engine knows.
	Constants json.RawMessage `toml:"-" yaml:"-" json:"calibration_constants,omitempty"`

	Clock    Clock    `toml:"clock" yaml:"clock" json:"clock"`
	People   People   `toml:"people" yaml:"people" json:"people"`
	Vendors  Vendors  `toml:"vendors" yaml:"vendors" json:"vendors"`
	Network  Network  `toml:"network" yaml:"network" json:"network"`
	Adoption Adoption `toml:"adoption" yaml:"adoption" json:"adoption"`
	Market   Market   `toml:"market" yaml:"market" json:"market"`
	Protocol Protocol `toml:"protocol" yaml:"protocol" json:"protocol"`
	Faults   Faults   `toml:"faults" yaml:"faults" json:"faults"`
	Attack   Attack   `toml:"attack" yaml:"attack" json:"attack"`
	Record   Record   `toml:"record" yaml:"record" json:"record"`
	// Sweep varies fields: every combination of the axes' values is a point.
	Sweep []Axis `toml:"sweep" yaml:"sweep" json:"sweep,omitempty"`
}

// Engine is what runs a scenario.
type Engine string

const (
	// Model is the discrete-event model, calibrated against Stack.
	Model Engine = "model"
	// Stack is real nodes over simulated links in virtual time.
	Stack Engine = "stack"
)

// Clock is how time passes. Adoption happens in steps of a day, a week, a
// year; the network works in milliseconds. So each step lives through a window
// of the network's time, in which that step's intents are cast and answered.
type Clock struct {
	// Unit is what a step is called: hour, day, week, month or year.
	Unit string `toml:"unit" yaml:"unit" json:"unit"`
	// Steps is how many there are.
	Steps int `toml:"steps" yaml:"steps" json:"steps"`
	// Window is the network's time in one step.
	Window Duration `toml:"window" yaml:"window" json:"window"`
}

// Axis is one field of the scenario by its path in the file, such as
// "adoption.q", and the values it takes, one after another.
type Axis struct {
	Field  string `toml:"field" yaml:"field" json:"field"`
	Values []any  `toml:"values" yaml:"values" json:"values"`
}
