// Package marketrun plays a published market through real nodes: every
// customer and every business of a data set becomes a node, intents go out,
// offers come back, cards are signed, and the outcome is scored as the data
// set's publishers score it.
package marketrun

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/shopspring/decimal"
	"go.yaml.in/yaml/v3"
)

// Priced is one item with a price: what a business sells it at, or what a
// customer has known it at.
type Priced struct {
	Name  string
	Price decimal.Decimal
}

// Customer wants every item from one business that has every amenity.
type Customer struct {
	ID, Name, Request string
	Wants             []Priced
	Amenities         []string
}

// Worth is what the goods are worth to the customer: twice the sum of the
// prices it knows (the data sets' scoring rule).
func (c Customer) Worth() decimal.Decimal {
	sum := decimal.Zero
	for _, w := range c.Wants {
		sum = sum.Add(w.Price)
	}
	return sum.Mul(decimal.NewFromInt(2))
}

// Business sells items at list prices and has some amenities, or says it has
// not.
type Business struct {
	ID, Name, Description string
	Items                 []Priced
	Amenities             map[string]bool
}

// serves reports whether b has everything c asks for, and at what price.
func (b Business) serves(c Customer) (decimal.Decimal, bool) {
	total := decimal.Zero
	for _, w := range c.Wants {
		i := slices.IndexFunc(b.Items, func(p Priced) bool { return p.Name == w.Name })
		if i < 0 {
			return total, false
		}
		total = total.Add(b.Items[i].Price)
	}
	for _, a := range c.Amenities {
		if !b.Amenities[a] {
			return total, false
		}
	}
	return total, true
}

// Market is one data set.
type Market struct {
	Customers  []Customer
	Businesses []Business
}

// Optimal is the most the customers together can gain: each at the cheapest
// business that has everything, or at none where even that would be a loss.
func (m *Market) Optimal() decimal.Decimal {
	sum := decimal.Zero
	for _, c := range m.Customers {
		best := decimal.Zero
		for _, b := range m.Businesses {
			if price, ok := b.serves(c); ok {
				best = decimal.Max(best, c.Worth().Sub(price))
			}
		}
		sum = sum.Add(best)
	}
	return sum
}

// Score is what buying from b at price is worth to c.
func Score(c Customer, b Business, price decimal.Decimal) (gain decimal.Decimal, satisfied bool) {
	if _, ok := b.serves(c); ok {
		return c.Worth().Sub(price), true
	}
	return price.Neg(), false
}

// Load reads a data set: customers/*.yaml and businesses/*.yaml. Fields that
// take no part in the market are passed over.
func Load(dir string) (*Market, error) {
	m := &Market{}
	err := eachFile(filepath.Join(dir, "customers"), func(raw []byte) error {
		var f struct {
			ID        string    `yaml:"id"`
			Name      string    `yaml:"name"`
			Request   string    `yaml:"request"`
			Menu      yaml.Node `yaml:"menu_features"`
			Amenities []string  `yaml:"amenity_features"`
		}
		if err := yaml.Unmarshal(raw, &f); err != nil {
			return err
		}
		wants, err := readPrices(f.Menu)
		if err != nil {
			return err
		}
		if f.ID == "" || len(wants) == 0 {
			return errors.New("a customer needs an id and at least one entry in menu_features")
		}
		m.Customers = append(m.Customers, Customer{f.ID, f.Name, f.Request, wants, f.Amenities})
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = eachFile(filepath.Join(dir, "businesses"), func(raw []byte) error {
		var f struct {
			ID          string          `yaml:"id"`
			Name        string          `yaml:"name"`
			Description string          `yaml:"description"`
			Menu        yaml.Node       `yaml:"menu_features"`
			Amenities   map[string]bool `yaml:"amenity_features"`
		}
		if err := yaml.Unmarshal(raw, &f); err != nil {
			return err
		}
		items, err := readPrices(f.Menu)
		if err != nil {
			return err
		}
		if f.ID == "" {
			return errors.New("a business needs an id")
		}
		m.Businesses = append(m.Businesses, Business{f.ID, f.Name, f.Description, items, f.Amenities})
		return nil
	})
	if err != nil {
		return nil, err
	}
	return m, m.check(dir)
}

func (m *Market) check(dir string) error {
	if len(m.Customers) == 0 || len(m.Businesses) == 0 {
		return fmt.Errorf("market data %s: %d customers and %d businesses; some of both are needed (*.yaml in customers/ and businesses/)", dir, len(m.Customers), len(m.Businesses))
	}
	seen := map[string]bool{}
	for _, c := range m.Customers {
		if seen[c.ID] {
			return fmt.Errorf("market data %s: customer %q stands twice", dir, c.ID)
		}
		seen[c.ID] = true
	}
	clear(seen)
	for _, b := range m.Businesses {
		if seen[b.ID] {
			return fmt.Errorf("market data %s: business %q stands twice", dir, b.ID)
		}
		seen[b.ID] = true
	}
	return nil
}

// readPrices keeps prices as the decimals they are written as; a float would
// lose cents.
func readPrices(n yaml.Node) ([]Priced, error) {
	if n.IsZero() || n.Tag == "!!null" {
		return nil, nil
	}
	if n.Kind != yaml.MappingNode {
		return nil, fmt.Errorf("line %d: menu_features is not a mapping of names to prices", n.Line)
	}
	var out []Priced
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		price, err := decimal.NewFromString(v.Value)
		if err != nil || v.Kind != yaml.ScalarNode || price.IsNegative() {
			return nil, fmt.Errorf("line %d: the price of %q is %q, not an amount", v.Line, k.Value, v.Value)
		}
		out = append(out, Priced{k.Value, price})
	}
	return out, nil
}

func eachFile(dir string, fn func([]byte) error) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("market data: %s is missing", dir)
	}
	if err != nil {
		return fmt.Errorf("market data: %w", err)
	}
	for _, e := range entries {
		if ext := filepath.Ext(e.Name()); e.IsDir() || strings.HasPrefix(e.Name(), ".") || (ext != ".yaml" && ext != ".yml") {
			continue
		}
		path := filepath.Join(dir, e.Name())
		raw, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("market data: %w", err)
		}
		if err := fn(raw); err != nil {
			return fmt.Errorf("market data: %s: %w", path, err)
		}
	}
	return nil
}

// Published returns the optimum a data set's publishers state beside it, if
// they do.
func Published(dir string) (decimal.Decimal, bool) {
	raw, err := os.ReadFile(filepath.Join(dir, "baseline_utilities.json"))
	if err != nil {
		return decimal.Zero, false
	}
	var f struct {
		Optimal struct {
			Constant json.Number `json:"constant"`
		} `json:"pick_optimal_baseline"`
	}
	if json.Unmarshal(raw, &f) != nil {
		return decimal.Zero, false
	}
	d, err := decimal.NewFromString(f.Optimal.Constant.String())
	// The published figure is a sum of floats; money has cents.
	return d.Round(2), err == nil
}
