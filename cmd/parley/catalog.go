package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/parley-network/parley/node/market"
	"github.com/parley-network/parley/node/vendor"
	"github.com/parley-network/parley/node/view"
)

type catalogCmd struct {
	Import catalogImportCmd `cmd:"" help:"Add items, or replace those of the same SKU, GTIN or name."`
	List   catalogListCmd   `cmd:"" help:"List the items."`
}

type catalogImportCmd struct {
	File   string `arg:"" help:"A file of one item a line; - is standard input."`
	Format string `enum:"auto,ndjson,csv" default:"auto" help:"How the lines are written: ${enum}; auto goes by the file's name."`
}

// Help implements kong.HelpProvider.
func (catalogImportCmd) Help() string {
	return `A line that holds no item is told with its number and the rest goes in; the
exit code is then 1.

CSV begins with a header line. Columns: name, price, currency; and if you like
sku, gtin, unit, available, category, taxonomy, attr:PROPERTY[:TYPE[:UNIT]],
charge:PROPERTY (always comes with it), option:PROPERTY (comes when asked for).
NDJSON has one JSON object a line:

    {"sku":"A1","name":"SUV","category":{"taxonomy":"shopify","value":"vehicles/suv"},
     "price":{"cur":"USD","amt":"89.00"},
     "attributes":[{"property":"drive","type":"text","value":"4wd"}]}

Example:

    parley vendor catalog import items.csv`
}

// Run sends the file to the node.
func (cmd catalogImportCmd) Run(e *env) error {
	format, err := cmd.format()
	if err != nil {
		return err
	}
	r, size := e.in, int64(-1)
	if cmd.File != "-" {
		f, err := os.Open(cmd.File)
		if err != nil {
			return err
		}
		defer f.Close()
		if info, err := f.Stat(); err == nil {
			size = info.Size()
		}
		r = f
	}
	c, err := e.node()
	if err != nil {
		return err
	}
	defer c.Close()
	bar := e.progress("reading items")
	report, err := c.ImportCatalogue(e.ctx, bar.reader(r, size), format)
	bar.done()
	if err != nil {
		return inFile(cmd.File, err)
	}
	if err := e.show(report, func(w io.Writer) { printImport(w, e.err, cmd.File, report) }); err != nil {
		return err
	}
	if len(report.Refused) > 0 {
		return errTold
	}
	return nil
}

func printImport(w, errOut io.Writer, file string, report view.ImportReport) {
	for _, p := range report.Refused {
		fmt.Fprintf(errOut, "%s:%d: %s\n", file, p.Line, clean(p.Problem))
	}
	if report.More > 0 {
		fmt.Fprintf(errOut, "%s: and %d more lines\n", file, report.More)
	}
	fmt.Fprintf(w, "%s went in, %s did not; the catalogue has %s.\n", count(report.Accepted, "item"), count(len(report.Refused)+report.More, "line"), count(report.Items, "item"))
}

func (cmd catalogImportCmd) format() (vendor.Format, error) {
	if cmd.Format != "auto" {
		return vendor.Format(cmd.Format), nil
	}
	switch strings.ToLower(filepath.Ext(cmd.File)) {
	case ".csv":
		return vendor.CSV, nil
	case ".ndjson", ".jsonl":
		return vendor.NDJSON, nil
	default:
		return "", wrong("%s does not say by its name how it is written: add --format csv or --format ndjson", cmd.File)
	}
}

type catalogListCmd struct{}

// Help implements kong.HelpProvider.
func (catalogListCmd) Help() string { return "Example:\n\n    parley vendor catalog list" }

// listPage is how many items are fetched at once.
const listPage = 1000

// Run lists the catalogue.
func (catalogListCmd) Run(e *env) error {
	c, err := e.node()
	if err != nil {
		return err
	}
	defer c.Close()
	var all []market.Item
	for next := ""; ; {
		var items []market.Item
		if items, next, err = c.Catalogue(e.ctx, next, listPage); err != nil {
			return err
		}
		all = append(all, items...)
		if next == "" {
			break
		}
	}
	return e.show(none(all), func(w io.Writer) {
		if len(all) == 0 {
			fmt.Fprintln(w, "The catalogue is empty. Fill it with: parley vendor catalog import FILE")
			return
		}
		var rows [][]string
		for _, it := range all {
			rows = append(rows, []string{it.SKU, it.GTIN, cut(it.Name, 40), it.Price.String(), it.Available, it.Category.Value})
		}
		table(w, "SKU GTIN NAME PRICE AVAILABLE CATEGORY", rows)
	})
}
