package marketrun

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/shopspring/decimal"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/node/market"
	"github.com/parley-network/parley/node/view"
	"github.com/parley-network/parley/relcard/archive"
	"github.com/parley-network/parley/relcard/money"
	"github.com/parley-network/parley/relcard/terms"
)

// currency is what the data sets' prices are read as; they name none.
const currency = "USD"

// category is the one all of a data set trades in; the sets name none.
var category = intentcast.Category{Taxonomy: "market", Value: "open"}

// Options set how a market is run.
type Options struct {
	Seed     uint64                              // of who is connected to whom and who casts first
	Patience time.Duration                       // without any progress, the run has failed
	Progress func(stage string, done, total int) // nil, or told how far it is
	Dir      string                              // for the nodes' stores; "" a temporary folder
}

// Quantiles are of durations in milliseconds.
type Quantiles struct {
	P50 float64 `json:"p50"`
	P99 float64 `json:"p99"`
}

// Result is the outcome of one run.
type Result struct {
	Customers  int       `json:"customers"`
	Businesses int       `json:"businesses"`
	Cast       int       `json:"cast"`
	Offers     int       `json:"offers"`
	Accepted   int       `json:"accepted"`
	Satisfied  int       `json:"satisfied"`
	Utility    Amount    `json:"utility"`
	Optimal    Amount    `json:"optimal"`
	Identical  int       `json:"cards_both_sides_identical"`
	Verified   int       `json:"cards_verified"`
	Seconds    float64   `json:"seconds"`
	CastOffer  Quantiles `json:"cast_to_offer_ms"`
	Accept     Quantiles `json:"accept_to_signed_ms"`
	Messages   uint64    `json:"messages"`
	Bytes      uint64    `json:"bytes"`
	Seed       uint64    `json:"seed"`
	Published  *Amount   `json:"published_optimal,omitempty"`
	Choices    []Choice  `json:"choices"`
}

// Choice is what one customer did.
type Choice struct {
	Customer string `json:"customer"`
	Business string `json:"business,omitempty"` // empty: bought nothing
	Paid     string `json:"paid,omitempty"`
}

// Amount is an exact decimal that JSON shows as a number.
type Amount struct{ decimal.Decimal }

// MarshalJSON writes the digits as a number.
func (d Amount) MarshalJSON() ([]byte, error) { return []byte(d.String()), nil }

// Run plays the market m through real nodes on loopback and scores it.
func Run(ctx context.Context, m *Market, o Options) (res *Result, err error) {
	started := time.Now()
	defer withProcessors()()
	if o.Patience == 0 {
		// Longer than a node takes to send an intent once more, 150 s: what a busy
		// machine loses, as where a mesh forms just then, the network mends.
		o.Patience = 4 * time.Minute
	}
	if o.Progress == nil {
		o.Progress = func(string, int, int) {}
	}
	if o.Dir == "" {
		if o.Dir, err = os.MkdirTemp("", "parley-market-"); err != nil {
			return nil, fmt.Errorf("market run: %w", err)
		}
		defer os.RemoveAll(o.Dir)
	}
	r := &run{
		market: m, opts: o, rand: rand.New(rand.NewPCG(o.Seed, 0x6d61726b6574)),
		watch: newWatch(len(m.Businesses), len(m.Customers)),
	}
	defer func() { err = errors.Join(err, r.close()) }()
	for _, stage := range []struct {
		name string
		do   func(context.Context) error
	}{
		{"start nodes", r.start}, {"connect nodes", r.connect}, {"fill catalogues", r.fill}, {"settle", r.settle},
		{"cast intents", r.cast}, {"gather offers", r.gather}, {"accept offers", r.accept},
	} {
		if err := stage.do(ctx); err != nil {
			return nil, fmt.Errorf("market run: %s: %w", stage.name, err)
		}
	}
	if res, err = r.result(ctx); err != nil {
		return nil, fmt.Errorf("market run: result: %w", err)
	}
	res.Seconds = time.Since(started).Seconds()
	return res, nil
}

// run is one market being played.
type run struct {
	market *Market
	opts   Options
	rand   *rand.Rand
	watch  *watch

	customers, businesses []*member
	intents               []dagcbor.CID // by customer
	choices               []view.Card   // by customer; zero: nothing bought
}

func (r *run) all() []*member { return slices.Concat(r.customers, r.businesses) }

// start makes a node of every customer and business.
func (r *run) start(ctx context.Context) error {
	customers := len(r.market.Customers)
	configs := make([]memberConfig, customers+len(r.market.Businesses))
	for i := range configs {
		configs[i] = r.member(i)
	}
	members := make([]*member, len(configs))
	r.customers, r.businesses = members[:customers], members[customers:]
	started := func(done int) { r.opts.Progress("starting nodes", done, len(configs)) }
	// A node lives as long as ctx, not only until all have started.
	return together(ctx, len(configs), started, func(_ context.Context, i int) (err error) {
		if members[i], err = startMember(ctx, configs[i]); err != nil {
			return fmt.Errorf("%s: %w", configs[i].id, err)
		}
		return nil
	})
}

// member returns what node number i is made of, customers before businesses.
func (r *run) member(i int) memberConfig {
	c := memberConfig{dir: r.opts.Dir, seed: r.rand.Uint64()}
	if i < len(r.market.Customers) {
		c.id, c.name, c.observe = "customer "+r.market.Customers[i].ID, fmt.Sprintf("customer-%d", i), r.watch.customer(i)
		return c
	}
	i -= len(r.market.Customers)
	b := r.market.Businesses[i]
	c.id, c.name, c.observe = "business "+b.ID, fmt.Sprintf("business-%d", i), r.watch.business(i)
	c.vendor = clip(cmp.Or(b.Name, b.ID), 200)
	return c
}

// degree is how many others each node dials.
const degree = 4

// connect joins the nodes into one random network. Each dials a few before it,
// the businesses first and each at least one other business: who trades in
// something knows somebody who does, and hears of intents through them.
func (r *run) connect(ctx context.Context) error {
	nodes := r.all()
	customers, businesses := nodes[:len(r.customers)], nodes[len(r.customers):]
	for _, group := range [][]*member{customers, businesses} {
		r.rand.Shuffle(len(group), func(i, j int) { group[i], group[j] = group[j], group[i] })
	}
	nodes = slices.Concat(businesses, customers)
	dialled := make([][]int, len(nodes))
	for i := 1; i < len(nodes); i++ {
		peers := map[int]bool{r.rand.IntN(min(i, len(businesses))): true}
		for range degree - 1 {
			peers[r.rand.IntN(i)] = true
		}
		dialled[i] = slices.Sorted(mapsKeys(peers))
	}
	connected := func(done int) { r.opts.Progress("connecting", done, len(nodes)) }
	return together(ctx, len(nodes), connected, func(ctx context.Context, i int) error {
		for _, j := range dialled[i] {
			if err := nodes[i].dial(ctx, nodes[j]); err != nil {
				return err
			}
		}
		return nil
	})
}

// fill gives each business its catalogue and rules.
func (r *run) fill(ctx context.Context) error {
	told := func(done int) { r.opts.Progress("filling catalogues", done, len(r.businesses)) }
	return together(ctx, len(r.businesses), told, func(ctx context.Context, i int) error {
		b := r.market.Businesses[i]
		if err := r.businesses[i].stock(ctx, b); err != nil {
			return fmt.Errorf("business %s: %w", b.ID, err)
		}
		return nil
	})
}

// want is what a customer casts: the items and the amenities it requires. The
// prices it knows are what the goods are worth to it and stay at home.
func want(c Customer, responders int) view.Want {
	w := view.Want{
		Text: clip(c.Request, 2000), Category: category, MaxResponders: uint64(responders), Life: "1h",
		Worth: &money.Money{Currency: currency, Amount: c.Worth().String()},
	}
	for _, item := range c.Wants {
		w.Items = append(w.Items, intentcast.Want{Name: item.Name, Quantity: "1"})
	}
	for _, a := range c.Amenities {
		w.Seller.Require = append(w.Seller.Require, intentcast.Constraint{
			Property: a, Type: intentcast.TypeBool, Op: intentcast.OpEq, Values: []string{"true"},
		})
	}
	return w
}

// mostResponders is the highest cap an intent can set.
const mostResponders = 1000

// clip makes free text, which nothing depends on, fit an intent.
func clip(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
	for len(s) > most {
		r := []rune(s)
		s = string(r[:len(r)*most/(len(s)+1)])
	}
	return s
}

// catalogue is what a business sells, as its node reads it.
func catalogue(b Business) []market.Item {
	items := make([]market.Item, len(b.Items))
	for i, p := range b.Items {
		items[i] = market.Item{Name: p.Name, Category: category, Price: money.Of(currency, p.Price)}
	}
	return items
}

// rules let a business answer whatever its catalogue matches.
func rules(b Business) market.Rules {
	r := market.Rules{Answer: market.ModeAuto, Categories: []intentcast.Category{category}, Text: clip(b.Description, 500)}
	base, _ := terms.Lookup("SD-BASE")
	r.Accepts = []terms.Ref{base.Ref}
	for _, name := range slices.Sorted(mapsKeys(b.Amenities)) {
		r.Seller = append(r.Seller, intentcast.Attribute{
			Property: name, Type: intentcast.TypeBool, Value: fmt.Sprint(b.Amenities[name]),
		})
	}
	return r
}

// cast lets the customers ask, in an order drawn from the seed.
func (r *run) cast(ctx context.Context) error {
	r.intents = make([]dagcbor.CID, len(r.customers))
	for done, i := range r.rand.Perm(len(r.customers)) {
		if err := r.roomToCast(ctx, done); err != nil {
			return err
		}
		r.watch.castAt(i, time.Now())
		in, err := r.customers[i].node.Cast(ctx, want(r.market.Customers[i], min(len(r.businesses), mostResponders)))
		if err != nil {
			return fmt.Errorf("customer %s: %w", r.market.Customers[i].ID, err)
		}
		r.intents[i] = in.Root
		r.opts.Progress("casting intents", done+1, len(r.customers))
	}
	return nil
}

// gather waits until every business has decided about every intent and every
// offer made has arrived: no customer decides on half the market.
func (r *run) gather(ctx context.Context) error {
	decided := len(r.businesses) * len(r.customers)
	return r.watch.until(ctx, r.opts.Patience, func(c counts) (bool, string) {
		r.opts.Progress("gathering offers", c.decided, decided)
		return c.decided >= decided && c.received >= c.sent,
			fmt.Sprintf("%d of %d decisions made, %d of %d offers arrived", c.decided, decided, c.received, c.sent)
	})
}

// accept lets every customer rank its offers and take the best that meets
// everything, and waits until both have signed.
func (r *run) accept(ctx context.Context) error {
	r.choices = make([]view.Card, len(r.customers))
	taken := 0
	for _, i := range r.rand.Perm(len(r.customers)) {
		best, ok, err := r.customers[i].node.Best(ctx, r.intents[i])
		if err != nil {
			return fmt.Errorf("customer %s: %w", r.market.Customers[i].ID, err)
		}
		if !ok {
			continue
		}
		if err := r.roomToAccept(ctx, taken); err != nil {
			return err
		}
		r.watch.acceptAt(i, time.Now())
		if r.choices[i], err = r.customers[i].node.Accept(ctx, best.ID); err != nil {
			return fmt.Errorf("customer %s: %w", r.market.Customers[i].ID, err)
		}
		taken++
	}
	return r.watch.until(ctx, r.opts.Patience, func(c counts) (bool, string) {
		r.opts.Progress("signing cards", c.active, taken)
		return c.active >= taken && c.countersigned >= taken,
			fmt.Sprintf("%d of %d cards signed by both", c.active, taken)
	})
}

// result scores the market by the data itself, not by what the nodes believe.
func (r *run) result(ctx context.Context) (*Result, error) {
	c := r.watch.counts()
	res := &Result{
		Customers: len(r.customers), Businesses: len(r.businesses), Cast: len(r.intents), Offers: c.received,
		Optimal: Amount{r.market.Optimal()}, Seed: r.opts.Seed,
		CastOffer: quantiles(r.watch.offerTimes()), Accept: quantiles(r.watch.acceptTimes()), Choices: []Choice{},
	}
	utility := decimal.Zero
	for i, card := range r.choices {
		customer := r.market.Customers[i]
		if card.ID.IsZero() {
			res.Choices = append(res.Choices, Choice{Customer: customer.ID})
			continue
		}
		j := slices.IndexFunc(r.businesses, func(m *member) bool { return m.did() == card.Body.Vendor.DID })
		if j < 0 {
			return nil, fmt.Errorf("customer %s has a card with an unknown vendor", customer.ID)
		}
		paid, err := card.Body.Total.Decimal()
		if err != nil {
			return nil, err
		}
		gain, ok := Score(customer, r.market.Businesses[j], paid)
		utility = utility.Add(gain)
		res.Accepted++
		if ok {
			res.Satisfied++
		}
		if err := r.inspect(ctx, res, r.customers[i], r.businesses[j], card.ID); err != nil {
			return nil, fmt.Errorf("card %s: %w", card.ID, err)
		}
		res.Choices = append(res.Choices, Choice{customer.ID, r.market.Businesses[j].ID, paid.String()})
	}
	res.Utility = Amount{utility}
	for _, m := range r.all() {
		res.Messages += m.messages()
		res.Bytes += m.bytes()
	}
	return res, nil
}

// inspect compares the two stored cards and verifies each from its file.
func (r *run) inspect(ctx context.Context, res *Result, a, b *member, id dagcbor.CID) error {
	var files [2][]byte
	for k, m := range []*member{a, b} {
		var err error
		if files[k], err = m.node.ExportCard(ctx, id); err != nil {
			return err
		}
	}
	if bytes.Equal(files[0], files[1]) {
		res.Identical++
	}
	for _, f := range files {
		if _, _, err := archive.Import(bytes.NewReader(f), time.Now()); err != nil {
			return nil // counted by its absence
		}
	}
	res.Verified++
	return nil
}

func (r *run) close() error {
	all := slices.DeleteFunc(r.all(), func(m *member) bool { return m == nil })
	told := func(done int) { r.opts.Progress("stopping nodes", done, len(all)) }
	errs := make([]error, len(all))
	_ = together(context.Background(), len(all), told, func(_ context.Context, i int) error {
		errs[i] = errors.Join(all[i].stop(), all[i].close())
		return nil // the others are closed even so
	})
	return errors.Join(errs...)
}

// settle waits until the businesses' topics have meshes.
func (r *run) settle(ctx context.Context) error {
	deadline := time.Now().Add(r.opts.Patience)
	for {
		ready := 0
		for _, m := range r.businesses {
			if m.listening() {
				ready++
			}
		}
		r.opts.Progress("settling", ready, len(r.businesses))
		if ready == len(r.businesses) {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%d of %d businesses hear the market after %s", ready, len(r.businesses), r.opts.Patience)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// SetPublished states the optimum that the data's publishers give.
func (r *Result) SetPublished(d decimal.Decimal) { r.Published = &Amount{d} }

// Problem says what did not hold, "" when all did.
func (r *Result) Problem() string {
	switch {
	case !r.Utility.Equal(r.Optimal.Decimal):
		return fmt.Sprintf("the utility is %s, the optimum is %s", r.Utility, r.Optimal)
	case r.Identical != r.Accepted:
		return fmt.Sprintf("%d of %d cards are identical on both sides", r.Identical, r.Accepted)
	case r.Verified != r.Accepted:
		return fmt.Sprintf("%d of %d cards verify offline", r.Verified, r.Accepted)
	}
	return ""
}
