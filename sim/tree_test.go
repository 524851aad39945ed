package sim

import (
	"bufio"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// What lies at the top of the tree: these and nothing else, dot-files and what
// .gitignore names apart.
var (
	topLevel    = []string{"node", "identity", "relcard", "gossip", "cmd", "sim", "go.mod", "go.sum", "Makefile", "README.md", "LICENSE"}
	topOptional = []string{"docs"}
	goFolders   = topLevel[:6]
)

// maxLines is the most a Go file that ships may have.
const maxLines = 500

// clock is what pure packages do not call: they are told the time.
var clock = []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker"}

func moduleRoot(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("no go.mod above the test")
		}
		dir = parent
	}
}

func TestTopLevel(t *testing.T) {
	root := moduleRoot(t)
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	for _, name := range topLevel {
		if !slices.Contains(names, name) {
			t.Errorf("%s is missing at the top of the tree", name)
		}
	}
	known := slices.Concat(topLevel, topOptional)
	ignored := ignorePatterns(t, root)
	for _, name := range names {
		if !strings.HasPrefix(name, ".") && !slices.Contains(known, name) && !matchesGlob(name, ignored) {
			t.Errorf("%s does not belong at the top of the tree", name)
		}
	}
}

// ignorePatterns are .gitignore's as far as they concern the top of the tree.
func ignorePatterns(t *testing.T, root string) (out []string) {
	t.Helper()
	f, err := os.Open(filepath.Join(root, ".gitignore"))
	if os.IsNotExist(err) {
		return nil
	} else if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		if p := strings.Trim(strings.TrimSpace(s.Text()), "/"); p != "" && p[0] != '#' {
			out = append(out, p)
		}
	}
	return out
}

func matchesGlob(name string, patterns []string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		ok, _ := path.Match(p, name)
		return ok
	})
}

func TestGoLivesInTheSixFolders(t *testing.T) {
	root := moduleRoot(t)
	for _, file := range goFiles(t, root) {
		first, _, _ := strings.Cut(file, "/")
		if !slices.Contains(goFolders, first) {
			t.Errorf("%s lies outside %s", file, strings.Join(goFolders, ", "))
		}
	}
}

func TestShippedFilesAreShort(t *testing.T) {
	root := moduleRoot(t)
	for _, file := range goFiles(t, root) {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(root, file))
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(text), "\n"); n > maxLines && !ast.IsGenerated(parse(t, root, file)) {
			t.Errorf("%s has %d lines, at most %d: it holds more than one idea", file, n, maxLines)
		}
	}
}

// goFiles are the paths of the tree's Go files below root.
func goFiles(t *testing.T, root string) (files []string) {
	t.Helper()
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && name != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata") {
			return filepath.SkipDir
		}
		if strings.HasSuffix(name, ".go") && !d.IsDir() {
			rel, err := filepath.Rel(root, name)
			files = append(files, filepath.ToSlash(rel))
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func parse(t *testing.T, root, file string) *ast.File {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, file), nil, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		t.Fatalf("parse %s: %v", file, err)
	}
	return f
}

func TestPurePackagesReadNoClock(t *testing.T) {
	root := moduleRoot(t)
	for _, file := range goFiles(t, root) {
		if strings.HasSuffix(file, "_test.go") || !matchesAny(path.Dir(file), pure) {
			continue
		}
		ast.Inspect(parse(t, root, file), func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok {
				if x, ok := sel.X.(*ast.Ident); ok && x.Name == "time" && slices.Contains(clock, sel.Sel.Name) {
					t.Errorf("%s uses time.%s: a pure package is told the time", file, sel.Sel.Name)
				}
			}
			return true
		})
	}
}

func TestExportedNamesAreDocumented(t *testing.T) {
	root := moduleRoot(t)
	described := map[string]bool{} // directories whose package has a comment
	var dirs []string
	for _, file := range goFiles(t, root) {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		f := parse(t, root, file)
		if dir := path.Dir(file); !slices.Contains(dirs, dir) {
			dirs = append(dirs, dir)
		}
		described[path.Dir(file)] = described[path.Dir(file)] || f.Doc != nil
		if ast.IsGenerated(f) {
			continue
		}
		for _, name := range undocumented(f) {
			t.Errorf("%s: %s has no comment", file, name)
		}
	}
	for _, dir := range dirs {
		if !described[dir] {
			t.Errorf("%s: the package has no comment", dir)
		}
	}
}

// undocumented returns the exported names of f without a comment. A group's
// comment serves all of its constants or variables, and so does one behind a
// name. Methods of unexported types are nobody's to read.
func undocumented(f *ast.File) (names []string) {
	for _, decl := range f.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			if d.Doc == nil && d.Name.IsExported() && (d.Recv == nil || exportedReceiver(d.Recv)) {
				names = append(names, d.Name.Name)
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch s := spec.(type) {
				case *ast.TypeSpec:
					grouped := d.Lparen.IsValid()
					if s.Name.IsExported() && s.Doc == nil && s.Comment == nil && (grouped || d.Doc == nil) {
						names = append(names, s.Name.Name)
					}
				case *ast.ValueSpec:
					for _, name := range s.Names {
						if name.IsExported() && s.Doc == nil && s.Comment == nil && d.Doc == nil {
							names = append(names, name.Name)
						}
					}
				}
			}
		}
	}
	return names
}

func exportedReceiver(recv *ast.FieldList) bool {
	expr := recv.List[0].Type
	for {
		switch e := expr.(type) {
		case *ast.StarExpr:
			expr = e.X
		case *ast.IndexExpr:
			expr = e.X
		case *ast.IndexListExpr:
			expr = e.X
		case *ast.Ident:
			return e.IsExported()
		default:
			return false
		}
	}
}

func TestUndocumentedFindsNames(t *testing.T) {
	const source = `package p

func Bare() {}

// Said is.
func Said() {}
func quiet() {}

type T struct{ X int }

func (T) Method() {}
func (*t[K]) Method() {}

// Limits.
const (
	A = 1
	B = 2
)

const (
	C = 1 // bytes
	D = 2
)

// Group says nothing of its types.
type (
	E int
	// F is.
	F int
)
`
	f, err := parser.ParseFile(token.NewFileSet(), "p.go", source, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := undocumented(f), []string{"Bare", "T", "Method", "D", "E"}; !slices.Equal(got, want) {
		t.Errorf("undocumented are %v, want %v", got, want)
	}
}
