package strictjson_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/parley-network/parley/node/channel/internal/strictjson"
)

type thing struct {
	Name string           `json:"name"`
	Tags []string         `json:"tags"`
	Sub  *thing           `json:"sub"`
	Map  map[string]thing `json:"map"`
	N    int              `json:"n"`
}

func TestDecode(t *testing.T) {
	const raw = ` {"name":"a","tags":["x","x"],"sub":{"name":"b","tags":[],"n":2},"map":{"k":{"name":"name"}},"n":1} `
	var got, want thing
	if err := strictjson.Decode([]byte(raw), &got); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(raw), &want); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}

func TestDecodeRefuses(t *testing.T) {
	for raw, want := range map[string]string{
		``:                              "breaks off",
		` `:                             "breaks off",
		`{`:                             "breaks off",
		`{"name":"a"`:                   "breaks off",
		`{"name":"a"}x`:                 "more after the end",
		`{"name":"a"}{}`:                "more after the end",
		`{"name":"a","name":"b"}`:       `byte 18: name "name" is there twice`,
		`{"sub":{"n":1,"n":1}}`:         "is there twice",
		`{"map":{"k":{},"k":{}}}`:       "is there twice",
		`{"Name":"a"}`:                  `name "Name" is not all a-z`,
		`{"tag\u017f":[]}`:              "is not all a-z",
		`{"name":null}`:                 "null",
		`{"tags":[null]}`:               "null",
		`null`:                          "null",
		`{"other":1}`:                   `unknown field "other"`,
		`{"n":"1"}`:                     "n: is a string, wants int",
		`{"n":1.5}`:                     "wants int",
		`{"sub":{"n":[]}}`:              "n: is a array, wants int",
		`{"name":'a'}`:                  "not JSON at byte",
		strings.Repeat(`{"sub":`, 1000): "nested more than 16 deep",
		strings.Repeat(`[`, 1000):       "nested more than 16 deep",
	} {
		var v thing
		if err := strictjson.Decode([]byte(raw), &v); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60s: %v, want %s", raw, err, want)
		}
	}
}

// What is read strictly is read by encoding/json to the same value.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"name":"a","tags":["x"],"sub":{"n":2},"map":{"k":{"name":"b"}}}`))
	f.Add([]byte(`[{}]`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var got, want thing
		if strictjson.Decode(raw, &got) != nil {
			return
		}
		if err := json.Unmarshal(raw, &want); err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("%v: %+v, want %+v", err, got, want)
		}
	})
}
