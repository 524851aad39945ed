package marketrun

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// published are the optimal scores of the data sets, as their README states.
var published = map[string]string{
	"contractors_10_30": "6091.94",
	"contractors_33_99": "23444.27",
	"restaurants_33_99": "762.53",
}

func dataDir(t *testing.T, name string) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("no go.mod above the test")
		}
	}
	path := filepath.Join(dir, "..", "shared", "data", "marketplace", name)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("SKIPPED: the published market is not here: %v", err)
	}
	return path
}

func TestNaiveOptimumIsThePublishedOne(t *testing.T) {
	for name, want := range published {
		t.Run(name, func(t *testing.T) {
			dir := dataDir(t, name)
			m, err := Load(dir)
			if err != nil {
				t.Fatal(err)
			}
			if got := m.Optimal().String(); got != want {
				t.Errorf("optimal %s, want %s", got, want)
			}
			if got, ok := Published(dir); !ok || got.String() != want {
				t.Errorf("published beside the data: %s %v, want %s", got, ok, want)
			}
		})
	}
}

func TestLoadNamesWhatIsWrong(t *testing.T) {
	const business = "id: b\nmenu_features: {Soup: 3.50}\namenity_features: {wifi: true}\n"
	for _, tc := range []struct{ name, customer, business, want string }{
		{"no customers", "", business, "0 customers"},
		{"price", "id: c\nmenu_features:\n  Soup: cheap\n", business, `line 3: the price of "Soup" is "cheap"`},
		{"negative", "id: c\nmenu_features: {Soup: -1}\n", business, "not an amount"},
		{"no id", "menu_features: {Soup: 1}\n", business, "needs an id"},
		{"amenity", "id: c\nmenu_features: {Soup: 1}\n", "id: b\namenity_features: {wifi: perhaps}\n", "perhaps"},
		{"yaml", "id: [", business, "c.yaml"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			for sub, text := range map[string]string{"customers/c.yaml": tc.customer, "businesses/b.yaml": tc.business} {
				path := filepath.Join(dir, sub)
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				if text == "" {
					continue
				}
				if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			_, err := Load(dir)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want one with %q", err, tc.want)
			}
		})
	}
}
