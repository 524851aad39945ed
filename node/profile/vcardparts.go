package profile

import (
	"errors"
	"slices"
	"strconv"
	"strings"
)

// layout says how a structured vCard value holds the components of a name or
// address: the kind of each field, and the fields that hold others' values
// once more for readers of the older form (RFC 9555 §2.3.7 and §2.5.1).
type layout struct {
	fields []string // kind of each field; "" for one of the old form alone
	again  map[string]int
	kinds  []string // kinds written to the fields of again, in their order there
}

var nameLayout = layout{
	fields: []string{"surname", "given", "given2", "title", "credential", "surname2", "generation"},
	again:  map[string]int{"surname2": 0, "generation": 4},
	kinds:  []string{"surname2", "generation"},
}

var addressLayout = layout{
	fields: []string{"postOfficeBox", "", "", "locality", "region", "postcode", "country", "room", "apartment", "floor",
		"number", "name", "building", "block", "subdistrict", "district", "landmark", "direction"},
	again: map[string]int{"room": 1, "apartment": 1, "floor": 1, "building": 1,
		"number": 2, "name": 2, "block": 2, "direction": 2, "landmark": 2, "subdistrict": 2, "district": 2},
	kinds: []string{"room", "apartment", "floor", "building", "number", "name", "direction", "block", "landmark", "subdistrict", "district"},
}

// write returns the structured value of o's components and the JSCOMPS
// parameter that keeps their order, "" for none.
func (y *layout) write(o object) (value, jscomps string) {
	parts := components(o)
	fields := make([][]string, len(y.fields))
	var order []string
	for _, part := range parts {
		if part.kind == separator {
			order = append(order, separatorEntry(part.value))
			continue
		}
		i := slices.Index(y.fields, part.kind)
		order = append(order, position(i, len(fields[i])))
		fields[i] = append(fields[i], part.value)
	}
	for _, k := range y.kinds {
		for _, part := range parts {
			if part.kind == k {
				fields[y.again[k]] = append(fields[y.again[k]], part.value)
			}
		}
	}
	if y.fields[1] == "" && len(fields[2]) > 1 { // a street of one line, as old readers expect
		fields[2] = []string{strings.Join(fields[2], " ")}
	}
	texts := make([]string, len(fields))
	for i, values := range fields {
		for j := range values {
			values[j] = escape(values[j])
		}
		texts[i] = strings.Join(values, ",")
	}
	if o["isOrdered"] == true {
		first := ""
		if s, ok := o["defaultSeparator"].(string); ok {
			first = separatorEntry(s)
		}
		jscomps = first + ";" + strings.Join(order, ";")
	}
	return strings.Join(texts, ";"), jscomps
}

func position(field, value int) string {
	if value == 0 {
		return strconv.Itoa(field)
	}
	return strconv.Itoa(field) + "," + strconv.Itoa(value)
}

func separatorEntry(s string) string {
	return "s," + strings.NewReplacer(`\`, `\\`, ",", `\,`, ";", `\;`).Replace(s)
}

// read turns a structured value into components, in order if jscomps says so.
func (y *layout) read(value, jscomps string) (object, error) {
	fields, err := splitFields(value)
	if err != nil {
		return nil, err
	}
	if len(fields) > len(y.fields) {
		return nil, errors.New("has more fields than are defined")
	}
	var parts []any
	for i, values := range y.once(fields) {
		for _, v := range values {
			parts = append(parts, object{"kind": y.kindOf(i), "value": v})
		}
	}
	if o, ok := y.inOrder(fields, len(parts), jscomps); ok {
		return o, nil
	}
	if parts == nil {
		return object{}, nil
	}
	return object{"components": parts}, nil
}

func splitFields(value string) ([][]string, error) {
	var fields [][]string
	for _, f := range splitValue(value, ';') {
		var values []string
		for _, v := range splitValue(f, ',') {
			plain, err := unescape(v)
			if err != nil {
				return nil, err
			}
			values = append(values, plain)
		}
		fields = append(fields, values)
	}
	return fields, nil
}

// kindOf is the kind of a field; the old address's extended part is an
// apartment and its street a name.
func (y *layout) kindOf(field int) string {
	if k := y.fields[field]; k != "" {
		return k
	}
	return []string{"apartment", "name"}[field-1]
}

// once leaves out what is empty and what stands a second time for old readers.
func (y *layout) once(fields [][]string) [][]string {
	out := make([][]string, len(fields))
	for i, values := range fields {
		out[i] = slices.DeleteFunc(slices.Clone(values), func(v string) bool { return v == "" })
	}
	if y.fields[1] == "" { // an address
		if slices.ContainsFunc(out[min(7, len(out)):], func(vs []string) bool { return len(vs) > 0 }) {
			out[1], out[2] = nil, nil
		}
		return out
	}
	for kind, i := range y.again {
		if j := slices.Index(y.fields, kind); j < len(out) {
			out[i] = slices.DeleteFunc(out[i], func(v string) bool { return slices.Contains(out[j], v) })
		}
	}
	return out
}

// inOrder follows JSCOMPS (RFC 9555 §3.3.1); it reports false for one that is
// not valid, which is then as if it were not there. left is how many values it
// must name, each once.
func (y *layout) inOrder(fields [][]string, left int, jscomps string) (object, bool) {
	entries := splitValue(jscomps, ';')
	if len(entries) < 2 {
		return nil, false
	}
	o := object{"isOrdered": true}
	if entries[0] != "" {
		s, ok := readSeparator(entries[0])
		if !ok {
			return nil, false
		}
		o["defaultSeparator"] = s
	}
	var parts []any
	seen := map[string]bool{}
	for _, e := range entries[1:] {
		if s, ok := readSeparator(e); ok {
			parts = append(parts, object{"kind": separator, "value": s})
			continue
		}
		i, v, ok := readPosition(e, fields)
		if !ok || seen[e] {
			return nil, false
		}
		seen[e] = true
		parts = append(parts, object{"kind": y.kindOf(i), "value": v})
		left--
	}
	o["components"] = parts
	return o, left == 0
}

func readSeparator(entry string) (string, bool) {
	s, ok := strings.CutPrefix(entry, "s,")
	if !ok {
		return "", false
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String(), true
}

func readPosition(entry string, fields [][]string) (int, string, bool) {
	at, nth, second := strings.Cut(entry, ",")
	i, err := strconv.Atoi(at)
	j := 0
	if second && err == nil {
		j, err = strconv.Atoi(nth)
	}
	if err != nil || i < 0 || i >= len(fields) || j < 0 || j >= len(fields[i]) || fields[i][j] == "" {
		return 0, "", false
	}
	return i, fields[i][j], true
}
