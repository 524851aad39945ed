package strictjson

import (
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"strings"
)

// Decode reads the one JSON value in b into the struct that v points to. Names
// are those of its json tags. On error *v holds nothing to be used.
func Decode(b []byte, v any) error {
	tree, err := Parse(b)
	if err != nil {
		return err
	}
	if err := known(tree, reflect.TypeOf(v).Elem(), ""); err != nil {
		return err
	}
	if err := json.Unmarshal(b, v); err != nil {
		var kind *json.UnmarshalTypeError
		if errors.As(err, &kind) {
			return at(kind.Field, "is a %s, wants %s", kind.Value, kind.Type)
		}
		return fmt.Errorf("read JSON: %w", err)
	}
	return nil
}

var ownText = reflect.TypeFor[encoding.TextUnmarshaler]()

// known checks that every name in tree is one of t's.
func known(tree any, t reflect.Type, path string) error {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if reflect.PointerTo(t).Implements(ownText) {
		return nil
	}
	switch v := tree.(type) {
	case []any:
		if t.Kind() != reflect.Slice {
			return at(path, "is an array, wants %s", t.Kind())
		}
		for i, e := range v {
			if err := known(e, t.Elem(), fmt.Sprintf("%s[%d]", path, i)); err != nil {
				return err
			}
		}
	case map[string]any:
		if t.Kind() != reflect.Struct {
			return at(path, "is an object, wants %s", t.Kind())
		}
		names := fields(t)
		for name, e := range v {
			ft, ok := names[name]
			if !ok {
				return at(path, "%.80q is not known here", name)
			}
			if err := known(e, ft, join(path, name)); err != nil {
				return err
			}
		}
	}
	return nil
}

// fields returns the types of t's fields by their names in JSON, those of
// embedded structs among them.
func fields(t reflect.Type) map[string]reflect.Type {
	m := make(map[string]reflect.Type, t.NumField())
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous {
			maps.Copy(m, fields(f.Type))
			continue
		}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		m[name] = f.Type
	}
	return m
}
