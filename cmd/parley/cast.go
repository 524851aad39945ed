package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/parley-network/parley/node/view"
)

// castCmd is a want and, if it is to replace one, the intent it replaces.
type castCmd struct {
	wantFlags `embed:""`

	Amend string `help:"Put this in the place of an open intent you cast." placeholder:"INTENT"`
}

// wantFlags say what is wanted.
type wantFlags struct {
	Text []string `arg:"" optional:"" help:"What you want, in your own words. Vendors read it; only what the options say is matched."`

	Category      string            `help:"What kind of thing: a path in Shopify's taxonomy, or TAXONOMY:PATH." placeholder:"PATH"`
	Item          []string          `sep:"none" help:"A wanted item and how many; gtin:DIGITS or sku:NUMBER name one exactly. Repeatable." placeholder:"NAME[:QTY]"`
	Require       []string          `sep:"none" help:"What each item must be, such as drive=4wd, seats>=5, colour=red|blue. Repeatable." placeholder:"PROPERTY=VALUE"`
	Prefer        []string          `sep:"none" help:"What each item had better be. Repeatable." placeholder:"PROPERTY=VALUE"`
	SellerRequire []string          `sep:"none" help:"What the seller must be. Repeatable." placeholder:"PROPERTY=VALUE"`
	SellerPrefer  []string          `sep:"none" help:"What the seller had better be. Repeatable." placeholder:"PROPERTY=VALUE"`
	Exclude       []string          `sep:"none" help:"What no offer may contain, such as insurance. Repeatable." placeholder:"PROPERTY[:TEXT]"`
	Place         string            `help:"Where, by name." placeholder:"NAME"`
	Region        string            `help:"Where, as an ISO 3166-2 region." placeholder:"US-UT"`
	Geohash       string            `help:"Where, as a geohash of 1 to 5 characters." placeholder:"9x0q"`
	Radius        string            `help:"How far around, such as 20km or 800m." placeholder:"20km"`
	From          string            `help:"Wanted from: a date, a date and time, or RFC 3339." placeholder:"2026-03-20"`
	Until         string            `help:"Wanted until; a date counts to its end." placeholder:"2026-03-25"`
	Within        time.Duration     `help:"Wanted within this time from now." placeholder:"5h"`
	Budget        string            `help:"The most the whole may cost; vendors read it." placeholder:"'USD 500'"`
	Worth         string            `help:"What the whole is worth to you; told to nobody." placeholder:"'USD 600'"`
	Membership    []string          `sep:"none" help:"A programme you belong to, without your number. Repeatable." placeholder:"NAME"`
	Terms         []string          `help:"Terms any answer is bound by; SD-BASE when none is given. Repeatable." placeholder:"ID"`
	Responders    uint64            `help:"How many offers to take at most." placeholder:"N"`
	Life          time.Duration     `help:"How long the intent stays open, at most 168h." placeholder:"24h"`
	Private       map[string]string `mapsep:"none" help:"A detail kept back: only its salted hash goes out. Repeatable." placeholder:"NAME=DETAIL"`
	Lang          string            `help:"Language of your words (BCP 47)." placeholder:"en"`

	File string `help:"Read all of it from a JSON file instead; - is standard input." placeholder:"want.json"`
}

// Help implements kong.HelpProvider.
func (castCmd) Help() string {
	return `Nobody learns who asks: the intent is signed by a key made for it alone, and
offers come back sealed.

Comparisons are = != < <= > >= and a bare PROPERTY for "has it at all". A
value is a number if it looks like one (a unit may follow: "height<=180 cm"),
true or false, a time in RFC 3339, or else text; PROPERTY:text=5 says which.

Example:

    parley cast "I'll be skiing in Park City from March 20-25. I want a
      4-wheel-drive SUV." --category vehicles/suv --item SUV --require drive=4wd
      --place "Park City" --from 2026-03-20 --until 2026-03-25
      --exclude prepaid_fuel --exclude insurance
      --membership "Avis Wizard" --membership "Hertz 1 Club"
    parley cast "a stroller for twins" --category baby/strollers
      --item "twin stroller" --place "Grand Rapids" --within 5h
    parley cast --file want.json`
}

// Run casts.
func (c castCmd) Run(e *env) error {
	w, err := c.want(e, time.Now())
	if err != nil {
		return err
	}
	node, err := e.node()
	if err != nil {
		return err
	}
	defer node.Close()
	var in view.Intent
	if c.Amend == "" {
		in, err = node.Cast(e.ctx, w)
	} else {
		var old view.Intent
		if old, err = e.findIntent(node, c.Amend); err == nil {
			in, err = node.Amend(e.ctx, old.Root, w)
		}
	}
	if c.File != "" && errors.Is(err, view.ErrInvalid) {
		return inFile(c.File, err)
	}
	if err != nil {
		return err
	}
	status, err := node.Status(e.ctx)
	if err != nil {
		return err
	}
	if status.Peers > 0 {
		in, err = poll(e, "", outSoon, func() (view.Intent, bool, error) {
			now, err := node.Intent(e.ctx, in.Root)
			return now, now.Answer == "", err
		})
	}
	if err != nil {
		return err
	}
	return e.show(in, func(w io.Writer) {
		done := yes(c.Amend == "", "Cast.", "Amended.")
		if in.Answer != "" {
			done = yes(c.Amend == "", "Kept, and nobody has it yet.", "Amended here, and nobody has it yet.")
		}
		fmt.Fprintf(w, "%s See who offers what: parley offers %s\n", done, short(in.Root))
		switch {
		case status.Peers == 0:
			fmt.Fprintln(w, "Your node is alone: it goes out as soon as you connect to another (parley peer add ADDRESS).")
		case in.Answer != "":
			fmt.Fprintf(w, "It goes out by itself; so far it is %s.\n", clean(in.Answer))
		}
	})
}

// outSoon is how long to wait for an intent to leave the node: where anybody
// listens it takes moments.
const outSoon = time.Second

// want is the file's want or that of the options.
func (c wantFlags) want(e *env, now time.Time) (view.Want, error) {
	if c.File == "" {
		return c.fromOptions(now)
	}
	rest := c
	rest.File = ""
	if !rest.empty() {
		return view.Want{}, wrong("--file says all there is to say: leave the other options out")
	}
	b, err := e.readFile(c.File, maxWantFile)
	if err != nil {
		return view.Want{}, err
	}
	var w view.Want
	if err := view.DecodeJSON(b, &w); err != nil {
		return w, inFile(c.File, err)
	}
	return w, nil
}

// maxWantFile bounds a want's file.
const maxWantFile = 64 << 10

func (c wantFlags) empty() bool {
	lists := [][]string{c.Text, c.Item, c.Require, c.Prefer, c.SellerRequire, c.SellerPrefer, c.Exclude, c.Membership, c.Terms}
	for _, l := range lists {
		if len(l) > 0 {
			return false
		}
	}
	return c.Category+c.Place+c.Region+c.Geohash+c.Radius+c.From+c.Until+c.Budget+c.Worth+c.Lang == "" &&
		c.Within == 0 && c.Life == 0 && c.Responders == 0 && len(c.Private) == 0
}

// readFile reads a file of at most limit bytes; "-" is standard input.
func (e *env) readFile(path string, limit int64) ([]byte, error) {
	r, called := e.in, "standard input"
	if path != "-" {
		called = path
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		r = f
	}
	b, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", called, err)
	}
	if int64(len(b)) > limit {
		return nil, fmt.Errorf("%s is longer than %d bytes", called, limit)
	}
	return b, nil
}

// fromOptions builds a want of what the options say.
func (c wantFlags) fromOptions(now time.Time) (view.Want, error) {
	w := view.Want{
		Text: strings.Join(c.Text, " "), Language: c.Lang, Memberships: c.Membership,
		Terms: c.Terms, MaxResponders: c.Responders, Private: c.Private,
	}
	if c.Life > 0 {
		w.Life = c.Life.String()
	}
	if c.Category == "" {
		return w, wrong("say what kind of thing it is: --category, such as --category vehicles/suv")
	}
	w.Category = parseCategory(c.Category)
	var items, seller, place, span, budget, worth error
	w.Items, items = c.items()
	w.Seller, seller = parseWishes(c.SellerRequire, c.SellerPrefer)
	w.Exclude = parseExclusions(c.Exclude)
	w.Place, place = c.place()
	w.Window, span = c.window(now)
	w.Budget, budget = parseMoney("--budget", c.Budget)
	w.Worth, worth = parseMoney("--worth", c.Worth)
	return w, errors.Join(items, seller, place, span, budget, worth)
}
