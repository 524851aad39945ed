package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"
)

// shape FILE compares the parts that the last standard output has, which is
// JSON, with those a file of the script lists: a path and a kind of value a
// line, ids and all other values left out. Elements of a list count as one.
func shape(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: shape file")
	}
	var v any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &v))
	parts := map[string]bool{}
	walkShape("", v, parts)
	got := strings.Join(slices.Sorted(maps.Keys(parts)), "\n")
	if want := strings.TrimSpace(ts.ReadFile(args[0])); got != want {
		ts.Fatalf("%s: -want +got:\n%s\nit is now:\n%s", args[0], cmp.Diff(want, got), got)
	}
}

func walkShape(path string, v any, parts map[string]bool) {
	switch v := v.(type) {
	case map[string]any:
		for name, in := range v {
			walkShape(path+"."+name, in, parts)
		}
	case []any:
		if len(v) == 0 {
			parts[path+"[] none"] = true
		}
		for _, in := range v {
			walkShape(path+"[]", in, parts)
		}
	case nil:
		parts[path+" null"] = true
	default:
		parts[strings.TrimPrefix(fmt.Sprintf("%s %T", path, v), " ")] = true
	}
}

// until REGEXP PROGRAM ARG… runs a program again and again until it succeeds
// and its standard output matches: what the other side does takes a moment.
func until(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: until regexp program args…")
	}
	want, err := regexp.Compile("(?m)" + args[0])
	ts.Check(err)
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(100 * time.Millisecond) {
		err := ts.Exec(args[1], args[2:]...)
		if err == nil && want.MatchString(ts.ReadFile("stdout")) {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("after a minute it does not match: %v\n%s%s", err, ts.ReadFile("stdout"), ts.ReadFile("stderr"))
		}
	}
}
