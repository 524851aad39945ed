package fit

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strings"
	"text/tabwriter"
)

// WriteJSON writes results as {"series":[{"series","p","q","m","r2",…}]}. What
// could not be found is null: all but r2 where the curve that fits best has
// nothing to do with the series.
func WriteJSON(w io.Writer, results []Result) error {
	out := struct {
		Series []row `json:"series"`
	}{make([]row, 0, len(results))}
	for _, r := range results {
		out.Series = append(out.Series, r.row())
	}
	b, err := json.MarshalIndent(out, "", "  ")
	if err != nil {
		return fmt.Errorf("encode fits: %w", err)
	}
	_, err = w.Write(append(b, '\n'))
	return err
}

// nullable is a float64 that JSON can hold: null where it is none.
type nullable float64

// MarshalJSON implements [json.Marshaler].
func (n nullable) MarshalJSON() ([]byte, error) {
	if !finite(float64(n)) {
		return []byte("null"), nil
	}
	return json.Marshal(float64(n))
}

type row struct {
	Series    string                 `json:"series"`
	P         nullable               `json:"p"`
	Q         nullable               `json:"q"`
	M         nullable               `json:"m"`
	R2        nullable               `json:"r2"`
	T0        nullable               `json:"t0"`
	Peak      nullable               `json:"peak"`
	N         int                    `json:"n"`
	First     nullable               `json:"first"`
	Last      nullable               `json:"last"`
	Sigma     nullable               `json:"sigma"`
	Launch    string                 `json:"launch"`
	Error     map[string]nullable    `json:"standard_error"`
	Interval  map[string][2]nullable `json:"interval95"`
	Describes bool                   `json:"describes"`
	Guess     bool                   `json:"guess,omitempty"`
	Why       string                 `json:"why,omitempty"`
	Notes     []string               `json:"notes,omitempty"`
}

// told is a result without the parameters of a curve that has nothing to do with
// the series.
func (r Result) told() Result {
	if !r.Describes && !r.Guess {
		none := Estimate{math.NaN(), math.NaN(), math.NaN(), math.NaN()}
		r.P, r.Q, r.M, r.T0, r.Peak, r.Launch = none, none, none, none, math.NaN(), "none"
	}
	return r
}

func (r Result) row() row {
	r = r.told()
	out := row{Series: r.Series, P: nullable(r.P.Value), Q: nullable(r.Q.Value), M: nullable(r.M.Value),
		R2: nullable(r.R2), T0: nullable(r.T0.Value), Peak: nullable(r.Peak), N: r.N,
		First: nullable(r.First), Last: nullable(r.Last), Sigma: nullable(r.Sigma), Launch: r.Launch,
		Error: map[string]nullable{}, Interval: map[string][2]nullable{},
		Describes: r.Describes, Guess: r.Guess, Why: r.Why, Notes: r.Notes}
	for name, e := range map[string]Estimate{"p": r.P, "q": r.Q, "m": r.M, "t0": r.T0} {
		out.Error[name] = nullable(e.Error)
		out.Interval[name] = [2]nullable{nullable(e.Low), nullable(e.High)}
	}
	return out
}

// WriteTable writes results for people: a row a series with standard errors
// and 95% intervals, then what is to be said about each.
func WriteTable(w io.Writer, results []Result) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "series\tn\tyears\tp ± se\tp 95%\tq ± se\tq 95%\tm ± se\tm 95%\tlaunch\tpeak\tR²\tBass curve")
	for _, r := range results {
		r = r.told()
		verdict := "no"
		switch {
		case r.Describes:
			verdict = "yes"
		case r.Guess:
			verdict = "a guess"
		}
		fmt.Fprintf(t, "%s\t%d\t%s–%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", r.Series, r.N, year(r.First), year(r.Last),
			r.P.withError(), r.P.interval(), r.Q.withError(), r.Q.interval(), r.M.withError(), r.M.interval(),
			year(r.T0.Value), year(r.Peak), fixed(r.R2, 4), verdict)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	said := false
	for _, r := range results {
		about := r.Notes
		if r.Why != "" {
			about = append([]string{"no Bass curve: " + r.Why}, about...)
		}
		if len(about) == 0 {
			continue
		}
		if !said {
			fmt.Fprintln(w)
			said = true
		}
		if _, err := fmt.Fprintf(w, "%s: %s\n", r.Series, strings.Join(about, "; ")); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(w, "\np and q are per year, m in the series' unit; se from the Jacobian, widened for residuals that resemble\ntheir neighbours; a Bass curve describes a series from R² %.2f.\n", goodR2)
	return err
}

func (e Estimate) withError() string {
	switch {
	case math.IsNaN(e.Value):
		return "–"
	case math.IsNaN(e.Error):
		return short(e.Value) + " ± ?"
	}
	return short(e.Value) + " ± " + fmt.Sprintf("%.2g", e.Error)
}

func (e Estimate) interval() string {
	if math.IsNaN(e.Low) || math.IsNaN(e.High) {
		return "–"
	}
	return short(e.Low) + "–" + short(e.High)
}

func fixed(v float64, decimals int) string {
	if !finite(v) {
		return "–"
	}
	return fmt.Sprintf("%.*f", decimals, v)
}

// year writes a time as its year, with a tenth where it is not whole.
func year(v float64) string {
	if v == math.Trunc(v) {
		return fixed(v, 0)
	}
	return fixed(v, 1)
}
