package scenario

import (
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/pelletier/go-toml/v2"
)

// decode writes a tree of values into s. The problems are everything in the
// tree that has no place there; the fields in question stay as they were.
func decode(tree map[string]any, s *Scenario) Problems {
	var d decoder
	d.table("", tree, reflect.ValueOf(s).Elem())
	return d.problems
}

type decoder struct{ problems Problems }

func (d *decoder) refuse(path, reason string) {
	d.problems = append(d.problems, Problem{Field: path, Reason: reason})
}

// table goes through the keys in alphabetical order, so that problems come in
// the same order each time.
func (d *decoder) table(path string, tree map[string]any, to reflect.Value) {
	keys := make([]string, 0, len(tree))
	for key := range tree {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		at := under(path, key)
		field, ok := fieldNamed(to, key)
		if !ok {
			d.refuse(at, unknownKey(to.Type(), path, key))
			continue
		}
		d.value(at, tree[key], field)
	}
}

func (d *decoder) value(path string, in any, to reflect.Value) {
	switch {
	case isPart(to.Type()):
		table, ok := in.(map[string]any)
		if !ok {
			d.refuse(path, fmt.Sprintf("want a table of its fields, not %s", kindOf(in)))
			return
		}
		d.table(path, table, to)
	case to.Kind() == reflect.Slice:
		d.list(path, in, to)
	default:
		v, err := convert(to.Type(), in)
		if err != nil {
			d.refuse(path, err.Error())
			return
		}
		to.Set(v)
	}
}

func (d *decoder) list(path string, in any, to reflect.Value) {
	list, ok := in.([]any)
	if !ok {
		d.refuse(path, fmt.Sprintf("want a list, not %s", kindOf(in)))
		return
	}
	out := reflect.MakeSlice(to.Type(), len(list), len(list))
	for i, element := range list {
		at := fmt.Sprintf("%s[%d]", path, i)
		if to.Type().Elem().Kind() == reflect.Interface { // an axis' values; Validate looks at them
			out.Index(i).Set(reflect.ValueOf(&element).Elem())
			continue
		}
		d.value(at, element, out.Index(i))
	}
	to.Set(out)
}

// kindOf names what a value is, for people.
func kindOf(v any) string {
	switch v.(type) {
	case nil:
		return "nothing"
	case map[string]any:
		return "a table"
	case []any:
		return "a list"
	case string:
		return "text"
	case bool:
		return "true or false"
	case int, int64, uint64:
		return "a whole number"
	case float64:
		return "a number"
	case time.Time, toml.LocalDate, toml.LocalTime, toml.LocalDateTime:
		return "a date or a time of day"
	}
	return fmt.Sprintf("a %T", v)
}
