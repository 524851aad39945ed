package api_test

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	gotoken "go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/parley-network/parley/node/api/apitest"
)

// document is what these tests look at of an OpenAPI document.
type document struct {
	OpenAPI    string
	Info       struct{ Title, Version string }
	Paths      map[string]map[string]operation
	Components struct {
		Schemas         map[string]any
		SecuritySchemes map[string]any `json:"securitySchemes" yaml:"securitySchemes"`
	}
	Security []map[string][]string
}

type operation struct {
	OperationID string `json:"operationId" yaml:"operationId"`
	Summary     string
	Description string
	Security    []map[string][]string
	Parameters  []struct {
		Name, In    string
		Description string
		Required    bool
		Schema      map[string]any
	}
	RequestBody *struct{ Content map[string]any } `json:"requestBody" yaml:"requestBody"`
	Responses   map[string]struct {
		Description string
		Content     map[string]any
	}
}

func openapi(t *testing.T) (document, string) {
	t.Helper()
	got := serve(t).do("GET", "/openapi.json", "")
	var d document
	if err := json.Unmarshal([]byte(got.body), &d); err != nil || got.status != 200 {
		t.Fatalf("status %d, %v", got.status, err)
	}
	return d, got.body
}

// TestOpenAPIListsEveryRoute holds the document against the paths written in
// the source of this package.
func TestOpenAPIListsEveryRoute(t *testing.T) {
	d, _ := openapi(t)
	var listed []string
	for path, ops := range d.Paths {
		for method := range ops {
			listed = append(listed, strings.ToUpper(method)+" "+path)
		}
	}
	slices.Sort(listed)
	if diff := cmp.Diff(routesInSource(t), listed); diff != "" {
		t.Error(diff)
	}
}

// routesInSource finds the operations that this package registers.
func routesInSource(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var routes []string
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") || file == "operation.go" {
			continue
		}
		f, err := parser.ParseFile(gotoken.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			routes = append(routes, registered(n)...)
			return true
		})
	}
	slices.Sort(routes)
	return routes
}

// registered is the route that a node of the source registers, if it does.
func registered(n ast.Node) []string {
	switch n := n.(type) {
	case *ast.CallExpr: // handle(s, http.MethodGet, "/v1/…", …)
		name, _ := n.Fun.(*ast.Ident)
		switch {
		case name == nil:
		case name.Name == "handle" || name.Name == "perform":
			return []string{route(n.Args[1], n.Args[2])}
		case name.Name == "download":
			return []string{"GET " + text(n.Args[1])}
		}
	case *ast.CompositeLit: // huma.Operation{Method: …, Path: …}
		var method, path ast.Expr
		for _, e := range n.Elts {
			if kv, ok := e.(*ast.KeyValueExpr); ok {
				switch fmt.Sprint(kv.Key) {
				case "Method":
					method = kv.Value
				case "Path":
					path = kv.Value
				}
			}
		}
		if method != nil && path != nil {
			return []string{route(method, path)}
		}
	}
	return nil
}

func text(literal ast.Expr) string { return strings.Trim(literal.(*ast.BasicLit).Value, `"`) }

func route(method, path ast.Expr) string {
	name := method.(*ast.SelectorExpr).Sel.Name
	return strings.ToUpper(strings.TrimPrefix(name, "Method")) + " " + text(path)
}

// TestOpenAPIIsValid checks what OpenAPI 3.1 asks of a document: version and
// info, unique operation ids, a declared and required parameter for each
// {name} in a path, a described answer for each operation, references and
// security schemes that exist.
func TestOpenAPIIsValid(t *testing.T) {
	d, text := openapi(t)
	if !strings.HasPrefix(d.OpenAPI, "3.1.") || d.Info.Title == "" || d.Info.Version == "" {
		t.Errorf("openapi %q, info %+v", d.OpenAPI, d.Info)
	}
	ids := map[string]bool{}
	for path, ops := range d.Paths {
		for method, op := range ops {
			at := method + " " + path
			if op.OperationID == "" || ids[op.OperationID] {
				t.Errorf("%s: operation id %q is missing or taken", at, op.OperationID)
			}
			if op.Summary == "" || strings.HasSuffix(op.Summary, ".") || !strings.HasSuffix(op.Description, ".") {
				t.Errorf("%s: summary %q is a heading, description %q a sentence", at, op.Summary, op.Description)
			}
			ids[op.OperationID] = true
			checkParameters(t, at, path, op)
			checkResponses(t, at, op)
			if method == "put" && op.RequestBody == nil {
				t.Errorf("%s: no request body", at)
			}
		}
	}
	for _, s := range d.Security {
		for name := range s {
			if d.Components.SecuritySchemes[name] == nil {
				t.Errorf("security scheme %s does not exist", name)
			}
		}
	}
	checkReferences(t, d, text)
}

func checkParameters(t *testing.T, at, path string, op operation) {
	t.Helper()
	there := map[string]bool{}
	for _, p := range op.Parameters {
		if there[p.In+p.Name] || p.Schema == nil || p.Description == "" || p.In == "path" && !p.Required {
			t.Errorf("%s: parameter %s in %s is there twice, has no schema or description, or is not required", at, p.Name, p.In)
		}
		there[p.In+p.Name] = true
	}
	for _, part := range strings.Split(path, "/") {
		if name, ok := strings.CutPrefix(part, "{"); ok && !there["path"+strings.TrimSuffix(name, "}")] {
			t.Errorf("%s: %s is not declared", at, part)
		}
	}
}

func checkResponses(t *testing.T, at string, op operation) {
	t.Helper()
	success := false
	for status, r := range op.Responses {
		success = success || strings.HasPrefix(status, "2")
		if r.Description == "" || (len(r.Content) == 0) != (status == "204") {
			t.Errorf("%s: answer %s has no description or content", at, status)
		}
	}
	if _, problem := op.Responses["default"].Content["application/problem+json"]; !success || !problem {
		t.Errorf("%s: no answer for success, or no problem document for the rest", at)
	}
}

func checkReferences(t *testing.T, d document, text string) {
	t.Helper()
	const prefix = `"$ref":"#/components/schemas/`
	for _, part := range strings.Split(text, prefix)[1:] {
		name, _, _ := strings.Cut(part, `"`)
		if d.Components.Schemas[name] == nil {
			t.Errorf("schema %s does not exist", name)
		}
	}
}

func TestOpenAPIInYAMLSaysTheSame(t *testing.T) {
	d, _ := openapi(t)
	got := serve(t).do("GET", "/openapi.yaml", "")
	var y document
	if err := yaml.Unmarshal([]byte(got.body), &y); err != nil || got.status != 200 {
		t.Fatalf("status %d, %v", got.status, err)
	}
	if y.OpenAPI != d.OpenAPI || len(y.Paths) != len(d.Paths) || len(y.Components.Schemas) != len(d.Components.Schemas) {
		t.Errorf("openapi %s with %d paths and %d schemas; in JSON %s, %d, %d",
			y.OpenAPI, len(y.Paths), len(y.Components.Schemas), d.OpenAPI, len(d.Paths), len(d.Components.Schemas))
	}
}

// TestAnswersFollowTheDocument asks every operation that looks and answers
// with JSON, and checks that no answer has a field that the document does not
// know, or lacks one it requires: what generated clients are strict about.
func TestAnswersFollowTheDocument(t *testing.T) {
	d, _ := openapi(t)
	r := serve(t)
	asked := 0
	for path, ops := range d.Paths {
		get, ok := ops["get"]
		answer, _ := get.Responses["200"].Content["application/json"].(map[string]any)
		schema, _ := answer["schema"].(map[string]any)
		ref, _ := schema["$ref"].(string)
		if !ok || ref == "" {
			continue
		}
		got := r.do("GET", sampled(path), "")
		var v map[string]any
		if err := json.Unmarshal([]byte(got.body), &v); err != nil || got.status != 200 {
			t.Fatalf("%s: status %d, %v: %s", path, got.status, err, got.body)
		}
		follows(t, d, path, ref[strings.LastIndex(ref, "/")+1:], v)
		asked++
	}
	if asked < 30 {
		t.Errorf("asked %d operations", asked)
	}
}

// sampled is a path of the document with ids of what a sample has.
func sampled(path string) string {
	what := map[string]string{"intents": "intent", "cards": "card", "negotiations": "proffer"}[strings.Split(path, "/")[2]]
	return strings.NewReplacer("{id}", apitest.ID(what).String(), "{did}", shop, "/v1/button", "/v1/button?vendor="+shop).
		Replace(strings.NewReplacer("changes/{id}", "changes/c1", "wants/{id}", "wants/w1").Replace(path))
}

// shop is the vendor of a sample.
const shop = "did:webvh:Qm:shop.example"

func follows(t *testing.T, d document, at, schema string, v map[string]any) {
	t.Helper()
	s := d.Components.Schemas[schema].(map[string]any)
	props := s["properties"].(map[string]any)
	for name, value := range v {
		prop, ok := props[name].(map[string]any)
		if !ok {
			t.Errorf("%s: %s.%s is not in the document", at, schema, name)
			continue
		}
		each(prop, value, func(ref string, inner map[string]any) { follows(t, d, at, ref, inner) })
	}
	required, _ := s["required"].([]any)
	for _, name := range required {
		if _, ok := v[name.(string)]; !ok {
			t.Errorf("%s: %s.%s is required and missing", at, schema, name)
		}
	}
}

// each calls fn for the objects in a value and the schema they refer to.
func each(prop map[string]any, value any, fn func(ref string, v map[string]any)) {
	switch value := value.(type) {
	case map[string]any:
		if ref, ok := prop["$ref"].(string); ok {
			fn(ref[strings.LastIndex(ref, "/")+1:], value)
		}
	case []any:
		items, _ := prop["items"].(map[string]any)
		for _, v := range value {
			each(items, v, fn)
		}
	}
}
