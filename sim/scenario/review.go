package scenario

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// Change gives a field another value than the file does; by is what asked for
// it, such as "--set", and is told in the place of a line. The error is that of
// [Scenario.Set]; whether the value is possible, [File.Review] tells.
func (f *File) Change(field string, value any, by string) error {
	if err := f.Scenario.Set(field, value); err != nil {
		return err
	}
	if f.changed == nil {
		f.changed = map[string]string{}
	}
	f.changed[field] = by
	return nil
}

// Review looks at the scenario as it is after any [File.Change]. Idle are
// settings that were written down and do nothing ([Scenario.Idle]) at any point
// of the sweep: whoever wrote them may believe otherwise. What is off (0, false,
// none) is not among them, nor the value beneath a sweep's axis. The error is
// [Problems]: what is impossible, and axes that do nothing, whose points would
// be one experiment many times.
func (f *File) Review() (idle Problems, err error) {
	problems, ok := asProblems(f.Scenario.Validate())
	if !ok {
		problems = f.beneath()
	}
	if len(problems) == 0 {
		idle, problems = f.idle()
	}
	return f.placed(idle), f.placed(problems).err()
}

// written are the fields that the file or a change gives a value, in order.
func (f *File) written() []string {
	set := map[string]bool{}
	for path := range f.lines {
		set[path] = true
	}
	for path := range f.changed {
		set[path] = true
	}
	maps.DeleteFunc(set, func(path string, _ bool) bool { _, single := places()[path]; return !single })
	return slices.Sorted(maps.Keys(set))
}

// swept is the number of the axis that varies a field, -1 of none.
func (s Scenario) swept(field string) int {
	return slices.IndexFunc(s.Sweep, func(a Axis) bool { return a.Field == field })
}

// beneath looks at the values of fields that the sweep varies: each must be
// possible at some point, for a value that never is can't be meant.
func (f *File) beneath() (out Problems) {
	written := f.written()
	var base checker
	alone := f.Scenario
	alone.Sweep = nil
	base.parts(alone)
	for _, p := range base.problems {
		if f.Scenario.swept(p.Field) >= 0 && slices.Contains(written, p.Field) && f.never(p.Field) {
			out = append(out, p)
		}
	}
	return out
}

// never tells whether a field's own value is impossible at every point.
func (f *File) never(field string) bool {
	value, err := f.Scenario.Get(field)
	if err != nil {
		return false
	}
	for i := range f.Scenario.Points() {
		s, _, err := f.Scenario.Point(i)
		if err != nil || s.Set(field, value) != nil {
			return false
		}
		var c checker
		c.parts(s)
		if !slices.ContainsFunc(c.problems, func(p Problem) bool { return p.Field == field }) {
			return false
		}
	}
	return true
}

// idle goes through the points with the fields that did nothing so far.
func (f *File) idle() (warned, refused Problems) {
	type suspect struct {
		field, why string
		axis       int
	}
	var suspects []suspect
	for _, field := range f.written() {
		if f.Scenario.swept(field) < 0 {
			suspects = append(suspects, suspect{field: field, axis: -1})
		}
	}
	for k, axis := range f.Scenario.Sweep {
		suspects = append(suspects, suspect{field: axis.Field, axis: k})
	}
	for i := 0; i < f.Scenario.Points() && len(suspects) > 0; i++ {
		s, _, err := f.Scenario.Point(i)
		if err != nil {
			return nil, Problems{asProblem(err)}
		}
		suspects = slices.DeleteFunc(suspects, func(x suspect) bool { return !s.off(x.field) && s.Idle(x.field) == "" })
		for j := range suspects {
			if x := &suspects[j]; x.why == "" && !s.off(x.field) {
				x.why = s.Idle(x.field)
			}
		}
	}
	for _, x := range suspects {
		switch {
		case x.why == "": // off at each point
		case x.axis >= 0:
			refused = append(refused, Problem{Field: fmt.Sprintf("sweep[%d].field", x.axis),
				Reason: fmt.Sprintf("%s changes nothing at any point of the sweep: %s", x.field, x.why)})
		default:
			warned = append(warned, Problem{Field: x.field, Reason: "has no effect: " + x.why})
		}
	}
	return warned, refused
}

// off tells whether a field's value is none at all.
func (s Scenario) off(field string) bool {
	v, err := s.field(field)
	return err == nil && (v.IsZero() || v.Kind() == reflect.String && v.String() == "none")
}

// Where is where a field's value at a point of the sweep stands in the file, for
// [File.At]: that of its axis, or its own.
func (s Scenario) Where(field string, at []Setting) string {
	k := s.swept(field)
	if k < 0 {
		return field
	}
	for _, set := range at {
		if set.Field != field {
			continue
		}
		if j := slices.Index(s.Sweep[k].Values, set.Value); j >= 0 {
			return fmt.Sprintf("sweep[%d].values[%d]", k, j)
		}
	}
	return fmt.Sprintf("sweep[%d].values", k)
}

// by is what changed a field after it was read, "" where nothing did.
func (f *File) by(field string) string {
	if strings.HasPrefix(field, "sweep") {
		return ""
	}
	return f.changed[field]
}
