package main

import (
	"fmt"
	"io"

	"github.com/parley-network/parley/cmd/parley/marketrun"
)

// marketCmd is what is done with published markets.
type marketCmd struct {
	Run marketRunCmd `cmd:"" help:"Play a published market through real nodes and score it."`
}

// marketRunCmd makes a node of everyone in a data set.
type marketRunCmd struct {
	Data string `required:"" type:"existingdir" placeholder:"DIR" help:"The data set: customers/*.yaml and businesses/*.yaml."`
	Seed uint64 `default:"1" help:"Decides who is connected to whom and who asks first; the outcome is the same for all."`
}

// Help is the long help with an example.
func (marketRunCmd) Help() string {
	return `Every customer and every business of the data set becomes a node in this
process, connected over loopback. Customers cast what they want, businesses
answer from their catalogues by rule, each customer's node ranks the offers
and takes the best, and cards are signed by both. The outcome is scored by the
data set's own rule and set against the optimum. It exits 0 only if the optimum
was reached with every card identical on both sides and verified.

Example:
  parley market run --data marketplace/contractors_10_30
  parley market run --data marketplace/restaurants_33_99 --seed 7 --json`
}

// Run plays the market.
func (m marketRunCmd) Run(e *env) error {
	data, err := marketrun.Load(m.Data)
	if err != nil {
		return err
	}
	bar := e.progress("market")
	res, err := marketrun.Run(e.ctx, data, marketrun.Options{Seed: m.Seed, Progress: bar.stage})
	bar.done()
	if err != nil {
		return err
	}
	if p, ok := marketrun.Published(m.Data); ok {
		res.SetPublished(p)
	}
	if err := e.show(res, func(w io.Writer) { printMarket(w, res) }); err != nil {
		return err
	}
	if problem := res.Problem(); problem != "" {
		return fmt.Errorf("market run: %s", problem)
	}
	return nil
}

func printMarket(w io.Writer, r *marketrun.Result) {
	fmt.Fprintf(w, "%d customers, %d businesses, a node each\n", r.Customers, r.Businesses)
	facts(w,
		"intents cast", fmt.Sprint(r.Cast),
		"sealed offers", fmt.Sprint(r.Offers),
		"accepted", fmt.Sprintf("%d, of which %d satisfied", r.Accepted, r.Satisfied),
		"utility", fmt.Sprintf("%s of %s that could be reached", r.Utility, r.Optimal),
		"cards", fmt.Sprintf("%d identical on both sides, %d verified offline", r.Identical, r.Verified),
		"cast to offer", fmt.Sprintf("p50 %.0f ms, p99 %.0f ms", r.CastOffer.P50, r.CastOffer.P99),
		"accept to signed", fmt.Sprintf("p50 %.0f ms, p99 %.0f ms", r.Accept.P50, r.Accept.P99),
		"traffic", fmt.Sprintf("%d messages, %.1f MB", r.Messages, float64(r.Bytes)/1e6),
		"took", fmt.Sprintf("%.1f s", r.Seconds))
}
