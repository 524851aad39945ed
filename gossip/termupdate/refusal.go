package termupdate

// Refusal is a rule that a well-formed update met. It is an error of its own,
// to be found with errors.Is and errors.As; its text is short and stable, fit
// for the label of a counter.
type Refusal string

// Error returns the refusal's text.
func (r Refusal) Error() string { return string(r) }

// Why an update is refused.
const (
	Expired    Refusal = "expired"         // its time is over
	Future     Refusal = "from the future" // made later than the clock allows
	Duplicate  Refusal = "duplicate"       // the very update known
	Superseded Refusal = "superseded"      // one of a higher rank is known
	Fork       Refusal = "fork"            // another of the same rank is known; both are kept, as proof
	Branch     Refusal = "key log branch"  // its key log and the one known part ways
	Full       Refusal = "full"            // no room for another vendor
)
