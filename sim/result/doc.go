// Package result keeps what a sweep found, in one folder:
//
//	manifest.json    what was to be run: program, scenario, engine, cells and seeds
//	inputs/          copies of the files the scenario names
//	journal/*.log    each cell's outcome, as it was finished; one file a writer
//	runs.csv         a row a cell: its point, its seed, every value
//	series.csv       a row a number: cell, replicate, point, series, step, value
//	series.parquet   the same
//	samples.csv      a row a quantile: cell, replicate, point, sample, count, quantile, value
//
// The journal is the record; the tables are written of it when every cell is
// there, and are the same to the byte whatever the order the cells were
// finished in and whoever finished them. Values are found with their point, in
// columns named after the fields that the sweep varies.
//
// To read a folder: [Open], [Folder.Manifest], [Folder.Outcome] for each cell.
package result
