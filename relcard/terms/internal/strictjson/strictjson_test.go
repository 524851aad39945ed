package strictjson

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

type inner struct {
	ID  string `json:"id"`
	Num int    `json:"num,omitempty"`
}

type base struct {
	Base string `json:"base,omitempty"`
}

type outer struct {
	base
	Name string   `json:"name"`
	List []inner  `json:"list"`
	One  *inner   `json:"one,omitempty"`
	Tags []string `json:"tags,omitempty"`
	On   bool     `json:"on,omitempty"`
}

func TestDecode(t *testing.T) {
	var o outer
	err := Decode([]byte(` {"name":"é 😀","list":[{"id":"a","num":3}],"one":{"id":"b"},"tags":["x"],"on":true,"base":"c"} `), &o)
	want := outer{base{"c"}, "é 😀", []inner{{"a", 3}}, &inner{ID: "b"}, []string{"x"}, true}
	if err != nil || !reflect.DeepEqual(o, want) {
		t.Fatalf("%+v, %v", o, err)
	}
}

func TestRefusedAndWhere(t *testing.T) {
	deep := strings.Repeat("[", 17) + strings.Repeat("]", 17)
	for name, c := range map[string]struct{ in, want string }{
		"nothing":           {"", "breaks off"},
		"half":              {`{"name":`, "breaks off"},
		"no close":          {`{"name":"a"`, "breaks off"},
		"no close of array": {`[1,2`, "breaks off"},
		"no JSON":           {`{name:1}`, "not JSON at byte"},
		"trailing":          {`{"name":"a"} {}`, "more after the end"},
		"trailing text":     {`{"name":"a"}x`, "more after the end"},
		"twice":             {`{"list":[{"id":"a","id":"b"}]}`, `list[0]: "id" is there twice`},
		"twice by escape":   {`{"name":"a","n\u0061me":"b"}`, `"name" is there twice`},
		"unknown":           {`{"list":[{"id":"a"},{"di":"b"}]}`, `list[1]: "di" is not known`},
		"other case":        {`{"Name":"a"}`, `"Name" is not known`},
		"null":              {`{"one":null}`, "one: null"},
		"not UTF-8":         {"{\"name\":\"\xff\"}", "not UTF-8"},
		"half a surrogate":  {`{"name":"\ud800"}`, "name: "},
		"broken name":       {`{"\ud800":"x"}`, "broken character"},
		"deep":              {`{"tags":` + deep + `}`, "nested more than 16 deep"},
		"long":              {`"` + strings.Repeat("a", MaxBytes) + `"`, "the most is 65536"},
		"array for text":    {`{"name":["a"]}`, "name: is an array"},
		"object for text":   {`{"name":{"a":"b"}}`, "name: is an object"},
		"text for a number": {`{"list":[{"num":"3"}]}`, "is a string, wants int"},
		"text at the top":   {`"a"`, "wants strictjson.outer"},
		"long name in path": {`{"` + strings.Repeat("ab", 40) + `":null}`, "…: null"},
	} {
		t.Run(name, func(t *testing.T) {
			err := Decode([]byte(c.in), new(outer))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("got %v, want %q", err, c.want)
			}
			if len(err.Error()) > 300 {
				t.Errorf("the error repeats %d bytes of foreign text", len(err.Error()))
			}
		})
	}
}

// What is accepted means the same to encoding/json.
func FuzzParse(f *testing.F) {
	for _, s := range []string{`{"a":[1,"b",true,{"c":{}}]}`, `[]`, `"x"`, `1e9`, `{"a":1,"a":2}`, `{"a":null}`, ` {} x`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		tree, err := Parse(b)
		if err != nil {
			return
		}
		again, err := json.Marshal(tree)
		if err != nil {
			t.Fatal(err)
		}
		var want any
		if err := json.Unmarshal(b, &want); err != nil {
			t.Fatalf("accepted %q: %v", b, err)
		}
		var got any
		if err := json.Unmarshal(again, &got); err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("%q became %q", b, again)
		}
	})
}
