package view_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/parley-network/parley/node/view"
)

func TestDecodeJSON(t *testing.T) {
	type body struct {
		Name  string         `json:"name"`
		Count int            `json:"count,omitempty"`
		Inner map[string]any `json:"inner,omitempty"`
	}
	for _, tc := range []struct {
		name, in string
		want     body
		err      string // part of it; empty: none
	}{
		{name: "plain", in: `{"name":"a","count":2}`, want: body{Name: "a", Count: 2}},
		{name: "space around it", in: " {\"name\":\"a\"}\n", want: body{Name: "a"}},
		{name: "one name in two objects", in: `{"name":"a","inner":{"name":{"name":1}}}`,
			want: body{Name: "a", Inner: map[string]any{"name": map[string]any{"name": 1.0}}}},
		{name: "unknown name", in: `{"name":"a","nmae":"b"}`, err: `unknown field "nmae"`},
		{name: "name twice", in: `{"name":"a","name":"b"}`, err: `"name" is there twice`},
		{name: "name twice, escaped", in: `{"name":"a","\u006eame":"b"}`, err: `"name" is there twice`},
		{name: "name twice inside", in: `{"inner":{"x":[{"y":1,"y":2}]}}`, err: `"y" is there twice`},
		{name: "name twice, in two cases", in: `{"Name":"a","name":"b"}`, err: `"name" is there twice`},
		{name: "two values", in: `{"name":"a"}{"name":"b"}`, err: "more after the end"},
		{name: "broken off", in: `{"name":"a"`, err: "breaks off"},
		{name: "null", in: " null ", err: "null where"},
		{name: "nothing", in: "  ", err: "nothing where"},
		{name: "not JSON", in: `{name:1}`, err: "not JSON at byte"},
		{name: "wrong type", in: `{"name":7}`, err: "name: is a number, wants string"},
		{name: "deep", in: strings.Repeat("[", 40) + strings.Repeat("]", 40), err: "nested more than 32 deep"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var got body
			err := view.DecodeJSON([]byte(tc.in), &got)
			if tc.err != "" {
				if err == nil || !strings.Contains(err.Error(), tc.err) {
					t.Fatalf("error is %v, want one with %q", err, tc.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tc.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestInvalidNamesTheField(t *testing.T) {
	err := view.Invalid("items[2].qty", "is not a positive decimal: %q", "x")
	if !errors.Is(err, view.ErrInvalid) {
		t.Error("not an ErrInvalid")
	}
	if got, want := err.Error(), `items[2].qty: is not a positive decimal: "x"`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	var f *view.FieldError
	if !errors.As(err, &f) || f.Field != "items[2].qty" {
		t.Errorf("field is lost: %v", err)
	}
}

// FuzzDecodeJSON checks that whatever is accepted is JSON and reads the same
// again after a round trip.
func FuzzDecodeJSON(f *testing.F) {
	for _, s := range []string{`{"a":1}`, `[]`, `null`, `"x"`, `{"a":{"a":[1,2,{"b":null}]}}`, `{"a":1,"a":2}`, `[[[`, `1e9`, ``} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var v any
		if view.DecodeJSON(b, &v) != nil {
			return
		}
		again, err := json.Marshal(v)
		if err != nil {
			t.Fatalf("accepted what can't be written: %v", err)
		}
		var w any
		if err := view.DecodeJSON(again, &w); err != nil {
			t.Fatalf("refused its own writing %s: %v", again, err)
		}
		if d := cmp.Diff(v, w); d != "" {
			t.Error(d)
		}
	})
}
