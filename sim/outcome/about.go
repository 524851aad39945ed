package outcome

// About tells what a number of an outcome is: what a column of runs.csv, or a
// name in the columns "series" and "sample" of the other tables, means.
type About struct {
	// Name is as in the table. One that begins with "<situation>_" stands for as
	// many as there are situations, each with its own name there.
	Name string `json:"name"`
	// Study is the scenario's that finds it.
	Study string `json:"study"`
	// Value, Series and Sample tell in which tables it is.
	Value  bool `json:"value"`
	Series bool `json:"series"`
	Sample bool `json:"sample"`
	// Unit is what it counts; 1 is a share or a ratio.
	Unit string `json:"unit"`
	// Meaning is a sentence or two, without the last full stop.
	Meaning string `json:"meaning"`
}
