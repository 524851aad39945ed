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
	GrowthR2  nullable               `json:"growth_r2"`
	T0        nullable               `json:"t0"`
	Peak      nullable               `json:"peak"`
	N         int                    `json:"n"`
	First     nullable               `json:"first"`
	Last      nullable               `json:"last"`
	Per       string                 `json:"per"`
	Sigma     nullable               `json:"sigma"`
	Launch    string                 `json:"launch"`
	LaunchWhy string                 `json:"launch_why,omitempty"`
	Earlier   *curveRow              `json:"if_launched_an_interval_earlier,omitempty"`
	Error     map[string]nullable    `json:"standard_error"`
	Interval  map[string][2]nullable `json:"interval95"`
	Describes bool                   `json:"describes"`
	Guess     bool                   `json:"guess,omitempty"`
	Why       string                 `json:"why,omitempty"`
	Caution   string                 `json:"caution,omitempty"`
	Notes     []string               `json:"notes,omitempty"`
}

type curveRow struct {
	T0 nullable `json:"t0"`
	P  nullable `json:"p"`
	Q  nullable `json:"q"`
	M  nullable `json:"m"`
}

// told is a result without the parameters of a curve that has nothing to do with
// the series.
func (r Result) told() Result {
	if !r.Describes && !r.Guess {
		none := Estimate{math.NaN(), math.NaN(), math.NaN(), math.NaN()}
		r.P, r.Q, r.M, r.T0, r.Peak = none, none, none, none, math.NaN()
		r.Launch, r.LaunchWhy, r.Earlier = None, "", nil
	}
	return r
}

func (r Result) row() row {
	r = r.told()
	out := row{Series: r.Series, P: nullable(r.P.Value), Q: nullable(r.Q.Value), M: nullable(r.M.Value),
		R2: nullable(r.R2), GrowthR2: nullable(r.GrowthR2), T0: nullable(r.T0.Value), Peak: nullable(r.Peak), N: r.N,
		First: nullable(r.First), Last: nullable(r.Last), Per: r.Per, Sigma: nullable(r.Sigma), Launch: r.Launch, LaunchWhy: r.LaunchWhy,
		Error: map[string]nullable{}, Interval: map[string][2]nullable{},
		Describes: r.Describes, Guess: r.Guess, Why: r.Why, Caution: r.Caution, Notes: r.Notes}
	if e := r.Earlier; e != nil {
		out.Earlier = &curveRow{nullable(e.T0), nullable(e.P), nullable(e.Q), nullable(e.M)}
	}
	for name, e := range map[string]Estimate{"p": r.P, "q": r.Q, "m": r.M, "t0": r.T0} {
		out.Error[name] = nullable(e.Error)
		out.Interval[name] = [2]nullable{nullable(e.Low), nullable(e.High)}
	}
	return out
}

// WriteTable writes results for people: a row a series with standard errors,
// then what is to be said about each.
func WriteTable(w io.Writer, results []Result) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "series\tn\tyears\tp ± se\tq ± se\tm ± se\tlaunch\tpeak\tR²\tof growth\tBass curve")
	for _, r := range results {
		r = r.told()
		fmt.Fprintf(t, "%s\t%d\t%s–%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", r.Series, r.N, year(r.First), year(r.Last),
			r.P.withError(), r.Q.withError(), r.M.withError(), r.launched(), year(r.Peak), r2(r.R2), r2(r.GrowthR2), r.verdict())
	}
	if err := t.Flush(); err != nil {
		return err
	}
	var b strings.Builder
	for _, r := range results {
		about := r.Notes
		if r.Why != "" {
			about = append([]string{"no Bass curve: " + r.Why}, about...)
		}
		if len(about) > 0 {
			fmt.Fprintf(&b, "%s: %s\n", r.Series, strings.Join(about, "; "))
		}
	}
	if b.Len() > 0 {
		b.WriteByte('\n')
	}
	_, err := fmt.Fprintf(w, "\n%sp and q are per %s, m in the series' unit. R² is of the cumulative values, and of growth, of what is\n"+
		"gained from point to point; a Bass curve describes a series from R² %.2f. se: from the Jacobian, widened for\n"+
		"residuals that resemble their neighbours; 95%% intervals are in --json.\n", &b, timeUnit(results), goodR2)
	return err
}

// timeUnit is the unit of time of all results; a file has one.
func timeUnit(results []Result) string {
	if len(results) > 0 && results[0].Per != "" {
		return results[0].Per
	}
	return perYear
}

// verdict says in a few words whether there is a Bass curve.
func (r Result) verdict() string {
	answer := "no"
	switch {
	case r.Describes:
		answer = "yes"
	case r.Guess:
		answer = "a guess"
	}
	if r.Caution != "" {
		answer += ", " + r.Caution
	}
	return answer
}

// launched tells the launch and how it was found.
func (r Result) launched() string {
	switch {
	case r.Launch == Fixed:
		return year(r.T0.Value) + " fixed"
	case r.Launch == Estimated && finite(r.T0.Error):
		return r.T0.time()
	}
	return year(r.T0.Value)
}

// time writes an estimated time, to a tenth unless it is known better.
func (e Estimate) time() string {
	if e.Error < 0.05 {
		return fmt.Sprintf("%.2f ± %.2f", e.Value, e.Error)
	}
	return fmt.Sprintf("%.1f ± %.1f", e.Value, e.Error)
}

func r2(v float64) string {
	if !finite(v) {
		return "–"
	}
	return fmt.Sprintf("%.4f", v)
}
