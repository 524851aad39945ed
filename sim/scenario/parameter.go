package scenario

import (
	"fmt"
	"reflect"
)

// Parameter is one field of a scenario, for people.
type Parameter struct {
	// Path is its name in a file, such as "adoption.q".
	Path string `json:"path"`
	// Type is text, whole number, number, truth, duration, two durations or a
	// list.
	Type string `json:"type"`
	// Unit is what a number counts, empty where nothing.
	Unit string `json:"unit,omitempty"`
	// Default is what it is when left out, as a file would have it.
	Default string `json:"default"`
	// Meaning is one sentence or two, without the last full stop.
	Meaning string `json:"meaning"`
}

// about is what the code can't tell of a field.
type about struct{ path, unit, meaning string }

func explanations() [][]about {
	return [][]about{frameAbout, peopleAbout, vendorsAbout, networkAbout, adoptionAbout,
		marketAbout, protocolAbout, faultsAbout, attackAbout, recordAbout}
}

// Parameters lists every field in the order of the code: path, type and default
// are read from it, unit and meaning stand in the file of each part.
func Parameters() []Parameter {
	told := map[string]about{}
	for _, part := range explanations() {
		for _, a := range part {
			told[a.path] = a
		}
	}
	var out []Parameter
	var walk func(path string, v reflect.Value)
	walk = func(path string, v reflect.Value) {
		for i := range v.NumField() {
			name := fieldName(v.Type().Field(i))
			if name == "" {
				continue
			}
			at, field := under(path, name), v.Field(i)
			if isPart(field.Type()) {
				walk(at, field)
				continue
			}
			out = append(out, Parameter{Path: at, Type: typeName(field.Type()), Unit: told[at].unit,
				Default: written(field), Meaning: told[at].meaning})
		}
	}
	walk("", reflect.ValueOf(Default()))
	return out
}

func typeName(t reflect.Type) string {
	switch {
	case t == durationType:
		return "duration"
	case t == rangeType:
		return "two durations"
	}
	switch t.Kind() {
	case reflect.Int, reflect.Uint64:
		return "whole number"
	case reflect.Float64:
		return "number"
	case reflect.Bool:
		return "truth"
	case reflect.Slice:
		return "list"
	}
	return "text"
}

func written(v reflect.Value) string {
	if v.Kind() == reflect.Slice {
		return "none"
	}
	return fmt.Sprint(plain(v))
}

var frameAbout = []about{
	{"name", "", "What the experiment is called"},
	{"description", "", "What it is for"},
	{"engine", "", "What runs it: model (discrete-event model) or stack (real nodes in virtual time)"},
	{"study", "", "What is asked: society (who joins and what is traded), or of the overlay alone cost, admission or siege"},
	{"seed", "", "What every cell's own seed is derived from"},
	{"replicates", "runs", "How many runs each point of the sweep gets, with a seed each"},
	{"calibration", "", "A file of constants for the engine model, as parley-sim calibrate writes them, found from the folder of the scenario; left out: those that ship"},
	{"clock.unit", "", "What a step is called: hour, day, week, month or year"},
	{"clock.steps", "steps", "How many steps a run has"},
	{"clock.window", "", "The network's time in one step, in which its intents are cast and answered"},
	{"sweep", "", "Axes: a field's path and the values it takes; every combination is a point"},
}
