package scenario

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
)

// fieldName is what a field of the struct is called in a file, "" for none.
func fieldName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("toml"), ",")
	if name == "-" {
		return ""
	}
	return name
}

// isPart tells a part of the scenario, which has fields, from a value.
func isPart(t reflect.Type) bool { return t.Kind() == reflect.Struct }

func fieldNamed(v reflect.Value, name string) (reflect.Value, bool) {
	for i := range v.NumField() {
		if name != "" && fieldName(v.Type().Field(i)) == name {
			return v.Field(i), true
		}
	}
	return reflect.Value{}, false
}

// places are the indices, as [reflect.Value.FieldByIndex] takes them, of every
// single value by its path.
var places = sync.OnceValue(func() map[string][]int {
	out := map[string][]int{}
	var walk func(path string, index []int, t reflect.Type)
	walk = func(path string, index []int, t reflect.Type) {
		for i := range t.NumField() {
			f := t.Field(i)
			name, here := fieldName(f), append(slices.Clone(index), i)
			switch at := under(path, name); {
			case name == "" || f.Type.Kind() == reflect.Slice:
			case isPart(f.Type):
				walk(at, here, f.Type)
			default:
				out[at] = here
			}
		}
	}
	walk("", nil, reflect.TypeFor[Scenario]())
	return out
})

// field finds what a path such as "adoption.q" names: a single value.
func (s *Scenario) field(path string) (reflect.Value, error) {
	v := reflect.ValueOf(s).Elem()
	if index, ok := places()[path]; ok {
		return v.FieldByIndex(index), nil
	}
	at := ""
	for name := range strings.SplitSeq(path, ".") {
		if !isPart(v.Type()) {
			return v, fmt.Errorf("%s has no parts", at)
		}
		next, ok := fieldNamed(v, name)
		if !ok {
			return v, fmt.Errorf("%s", unknownKey(v.Type(), at, name))
		}
		v, at = next, under(at, name)
	}
	return v, fmt.Errorf("%s is no single value", path)
}

// Set gives a field, by its path in the file, a value of its type. The scenario
// stays as it was where there is no such field or the type is another; whether
// the value is possible, [Scenario.Validate] tells.
func (s *Scenario) Set(path string, value any) error {
	field, err := s.field(path)
	if err != nil {
		return err
	}
	v, err := convert(field.Type(), value)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	field.Set(v)
	return nil
}

// Get returns a field's value as a file would have it: int64, uint64, float64,
// bool or string; a duration as text.
func (s *Scenario) Get(path string) (any, error) {
	field, err := s.field(path)
	if err != nil {
		return nil, err
	}
	return plain(field), nil
}

// unknownKey says what there is instead.
func unknownKey(t reflect.Type, path, key string) string {
	var names []string
	for i := range t.NumField() {
		if name := fieldName(t.Field(i)); name != "" {
			names = append(names, name)
		}
	}
	of := "a scenario"
	if path != "" {
		of = path
	}
	if near := nearest(key, names); near != "" {
		return fmt.Sprintf("%s has no %q; did you mean %q?", of, key, near)
	}
	return fmt.Sprintf("%s has no %q; it has %s", of, key, strings.Join(names, ", "))
}

// nearest is the name that differs from key by a slip of the hand or two.
func nearest(key string, names []string) string {
	best, at := "", 3
	for _, name := range names {
		if d := distance(key, name); d < at && d < len(name) {
			best, at = name, d
		}
	}
	return best
}

// distance is Levenshtein's.
func distance(a, b string) int {
	if len(a) > 64 {
		return len(a)
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(diagonal+cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
