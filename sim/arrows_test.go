package sim

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
)

const module = "github.com/parley-network/parley"

// A pattern is a package's path below the module, or the path of a package of
// others; "…/..." means it and all beneath it, "*test" every package whose last
// element ends in test.
type pattern = string

// What is under node, or may be used by all of it.
var (
	vocabulary = []pattern{"identity/...", "relcard/...", "gossip/..."}
	floors     = []pattern{"node/store/...", "node/market/...", "node/transport/..."}
	// The owner's affairs, each pure: what they are, not where they are kept.
	affairs   = []pattern{"node/agenda/...", "node/button/...", "node/canary/...", "node/channel/...", "node/loyalty/...", "node/profile/...", "node/standing/..."}
	composing = []pattern{"node", "node/store/...", "node/transport/...", "node/courier/..."}
	simulator = []pattern{"sim/...", "github.com/marcopolo/simnet/...", "github.com/libp2p/go-libp2p/x/simlibp2p/..."}
)

type arrow struct {
	from pattern
	may  []pattern // directly
	why  string
}

// arrows say what a package may import of the project. The first that matches a
// package holds. Imports are those of non-test files.
var arrows = []arrow{
	{"identity/...", []pattern{"identity/..."},
		"identity imports nothing of the project"},
	{"relcard/...", []pattern{"relcard/...", "identity/..."},
		"a card knows parties and terms, nothing above"},
	{"gossip/...", vocabulary,
		"gossip knows cards and parties, no node"},

	{"node/store/...", join(vocabulary, "node/store/..."),
		"the floors know nothing of each other"},
	{"node/market/...", join(vocabulary, "node/market/..."),
		"the floors know nothing of each other"},
	{"node/transport/...", join(vocabulary, "node/transport/..."),
		"the floors know nothing of each other"},
	{"node/config/...", []pattern{"node/config/..."},
		"settings are read before there is anything to set"},
	{"node/canary/...", join(vocabulary, "node/canary/...", "node/profile/..."),
		"a canary is a variant of a piece of the profile"},
	{"node/agenda/...", join(vocabulary, "node/agenda/..."), "the owner's affairs know nothing of each other"},
	{"node/button/...", join(vocabulary, "node/button/..."), "the owner's affairs know nothing of each other"},
	{"node/channel/...", join(vocabulary, "node/channel/..."), "the owner's affairs know nothing of each other"},
	{"node/loyalty/...", join(vocabulary, "node/loyalty/..."), "the owner's affairs know nothing of each other"},
	{"node/profile/...", join(vocabulary, "node/profile/..."), "the owner's affairs know nothing of each other"},
	{"node/standing/...", join(vocabulary, "node/standing/..."), "the owner's affairs know nothing of each other"},
	{"node/public/...", join(vocabulary, "node/public/...", "node/button/..."),
		"the web face is told what to show"},
	{"node/view/...", join(vocabulary, "node/view/...", append(affairs, "node/market/...")...),
		"views are values that node, api and client share"},
	{"node/courier/...", join(vocabulary, "node/courier/...", floors...),
		"courier stands on the floors"},
	{"node/reach/...", join(vocabulary, "node/reach/...", "node/transport/..."),
		"how a host is reached is no node's affair"},
	{"node/invite/...", join(vocabulary, "node/invite/..."), "an invitation knows terms and parties, no node"},
	{"node/peerbook/...", join(vocabulary, "node/peerbook/..."), "an address book knows addresses"},
	{"node/vendor/...", join(vocabulary, "node/vendor/...", append(floors, "node/view/...")...),
		"vendor stands on the floors"},

	{"node/api/...", join(vocabulary, "node/api/...", append(affairs, "node/view/...", "node/config/...", "node/market/...", "node/vendor/...")...),
		"api sees the node only through the interface it declares"},
	{"node/client/...", join(vocabulary, "node/client/...", append(affairs, "node/api/...", "node/view/...", "node/config/...", "node/market/...", "node/vendor/...")...),
		"client speaks only the API; it shares values with it"},
	{"node/web/...", join(vocabulary, "node/web/...", "node/client/...", "node/api/...", "node/view/...", "node/config/..."),
		"web speaks only the API"},
	{"node", join(append(vocabulary, affairs...), "node/courier/...", append(floors, "node/reach/...", "node/vendor/...", "node/view/...", "node/invite/...", "node/peerbook/...")...),
		"node composes what is beneath it; api, client and web are above"},
	{"node/...", join(vocabulary, "node/..."),
		"a use case that grew knows nothing beside node"},

	{"cmd/parley-sim/...", []pattern{"cmd/parley-sim/...", "cmd/internal/...", "identity/...", "relcard/...", "gossip/...", "node/...", "sim/..."},
		"the researchers' command runs simulations"},
	{"cmd/...", join(vocabulary, "cmd/...", "node/..."),
		"a command wires a node"},
	{"sim/outcome/...", nil, "what a run found is plain values"},
	{"sim/scenario/...", []pattern{"gossip/degree"}, "an experiment is told before there is anything to run it"},
	{"sim/result/...", []pattern{"sim/outcome/...", "sim/scenario/..."}, "results are kept without knowing what made them"},
	{"sim/sweep/...", []pattern{"sim/outcome/...", "sim/scenario/...", "sim/result/..."},
		"a sweep knows engines by their interface"},
	{"sim/...", join(vocabulary, "sim/...", "node/..."),
		"simulations are of nodes and what they are made of"},
}

// walls say what a package must not link, by whatever way it would get there.
var walls = []struct {
	from  pattern
	never []pattern
	why   string
}{
	{"cmd/parley/...", join(simulator, "*test", "testing"), "the daemon links no simulator and no test"},
	{"node/...", simulator, "nobody but sim knows of the simulator"},
	{"gossip/...", simulator, "nobody but sim knows of the simulator"},
	{"relcard/...", simulator, "nobody but sim knows of the simulator"},
	{"identity/...", simulator, "nobody but sim knows of the simulator"},
	{"node/api/...", composing, "api sees the node only through the interface it declares"},
	{"node/client/...", composing, "client speaks only the API"},
	{"node/web/...", composing, "web speaks only the API"},
}

// linksTesting are packages of others that import testing in shipped code; who
// needs them can't help linking it.
var linksTesting = []pattern{"github.com/libp2p/go-libp2p-kad-dht/..."}

// pure packages take values and a time, and do no I/O. See also
// TestPurePackagesReadNoClock.
var pure = []pattern{
	"relcard", "relcard/terms/...", "relcard/money/...",
	"gossip/intentcast/...", "gossip/admission/...", "gossip/degree", "gossip/reconcile/...",
	"node/market/...", "node/invite/...", "node/peerbook/...",
}

// inputOutput is what pure packages do not import directly.
var inputOutput = []pattern{"net", "net/http/...", "os/...", "io/ioutil", "syscall", "database/sql/...", "log/..."}

// mayTest are the packages that may import testing directly.
var mayTest = []pattern{"sim/...", "cmd/parley-sim/...", "*test"}

func join(base []pattern, one pattern, more ...pattern) []pattern {
	return slices.Concat(base, []pattern{one}, more)
}

func matches(pkg string, p pattern) bool {
	switch {
	case p == "*test":
		return strings.HasSuffix(path.Base(pkg), "test") && !isStandard(pkg)
	case strings.HasSuffix(p, "/..."):
		base := strings.TrimSuffix(p, "/...")
		return pkg == base || strings.HasPrefix(pkg, base+"/")
	}
	return pkg == p
}

func matchesAny(pkg string, ps []pattern) bool {
	return slices.ContainsFunc(ps, func(p pattern) bool { return matches(pkg, p) })
}

// isStandard tells the standard library from the project's packages, which are
// named without the module, by the first element.
func isStandard(pkg string) bool {
	first, _, _ := strings.Cut(pkg, "/")
	return !strings.Contains(first, ".") && !ours(pkg)
}

func ours(pkg string) bool {
	first, _, _ := strings.Cut(pkg, "/")
	return slices.Contains([]string{"identity", "relcard", "gossip", "node", "cmd", "sim"}, first)
}

// goPackage is what go list says of a package; paths of the module's packages
// are cut to what is below it.
type goPackage struct {
	ImportPath    string
	GoFiles       []string
	Imports, Deps []string
}

func projectPackages(t *testing.T) []goPackage {
	t.Helper()
	pkgs, err := listPackages()
	if err != nil {
		t.Fatal(err)
	}
	return pkgs
}

// listPackages runs go list once: it takes longer than all tests that ask.
var listPackages = sync.OnceValues(func() ([]goPackage, error) {
	// -e: a package that does not compile at the moment has arrows as well.
	cmd := exec.Command("go", "list", "-e", "-json=ImportPath,GoFiles,Imports,Deps", module+"/...")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w\n%s", err, &stderr)
	}
	var pkgs []goPackage
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p goPackage
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return pkgs, nil
		} else if err != nil {
			return nil, fmt.Errorf("go list's output: %w", err)
		}
		for _, list := range [][]string{p.Imports, p.Deps} {
			for i := range list {
				list[i] = strings.TrimPrefix(list[i], module+"/")
			}
		}
		p.ImportPath = strings.TrimPrefix(p.ImportPath, module+"/")
		if len(p.GoFiles) > 0 { // else only tests
			pkgs = append(pkgs, p)
		}
	}
})

func TestImportArrows(t *testing.T) {
	for _, p := range projectPackages(t) {
		i := slices.IndexFunc(arrows, func(a arrow) bool { return matches(p.ImportPath, a.from) })
		if i < 0 {
			t.Errorf("%s: no arrow says what it may import: add one, or move it", p.ImportPath)
			continue
		}
		for _, imp := range p.Imports {
			if ours(imp) && !matchesAny(imp, arrows[i].may) {
				t.Errorf("%s imports %s: %s", p.ImportPath, imp, arrows[i].why)
			}
		}
	}
}

func TestImportWalls(t *testing.T) {
	for _, p := range projectPackages(t) {
		if matchesAny(p.ImportPath, mayTest) && !matches(p.ImportPath, "sim/...") {
			continue // a conformance suite or fake is linked by tests only
		}
		excused := slices.ContainsFunc(p.Deps, func(dep string) bool { return matchesAny(dep, linksTesting) })
		for _, wall := range walls {
			if !matches(p.ImportPath, wall.from) {
				continue
			}
			for _, dep := range p.Deps {
				if matchesAny(dep, wall.never) && !(dep == "testing" && excused) {
					t.Errorf("%s links %s: %s", p.ImportPath, dep, wall.why)
				}
			}
		}
	}
}

func TestPurePackagesDoNoIO(t *testing.T) {
	for _, p := range projectPackages(t) {
		if !matchesAny(p.ImportPath, pure) || matches(p.ImportPath, "*test") {
			continue
		}
		for _, imp := range p.Imports {
			if matchesAny(imp, inputOutput) {
				t.Errorf("%s imports %s: it takes values and does no I/O", p.ImportPath, imp)
			}
		}
	}
}

func TestShippedCodeDoesNotImportTesting(t *testing.T) {
	for _, p := range projectPackages(t) {
		if matchesAny(p.ImportPath, mayTest) {
			continue
		}
		for _, imp := range p.Imports {
			if matches(imp, "testing/...") || matches(imp, "*test") {
				t.Errorf("%s imports %s: only simulations and test suites do", p.ImportPath, imp)
			}
		}
	}
}

func TestPatterns(t *testing.T) {
	for _, c := range []struct {
		pkg  string
		p    pattern
		want bool
	}{
		{"node", "node/...", true},
		{"node/api", "node/...", true},
		{"nodes", "node/...", false},
		{"node/api", "node", false},
		{"node/store/storetest", "*test", true},
		{"node/store/storetests", "*test", false},
		{"testing/fstest", "*test", false},
		{"net/http", "net", false},
		{"net/netip", "net", false},
	} {
		if got := matches(c.pkg, c.p); got != c.want {
			t.Errorf("matches(%q, %q) = %t", c.pkg, c.p, got)
		}
	}
}
