package profile

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// ImportVCard returns the profile with the pieces of one vCard, version 4.0,
// 3.0 or 2.1, set over its own, converted by the rules of RFC 9555. Properties and
// parameters that are not kept are dropped and named, as are the second and
// later of a property of which one is kept; one that is kept and not valid is
// an error, and nothing is imported. A line without PROP-ID gets an id from its
// TYPE: "home", "work", "mobile", else a number.
func (p Profile) ImportVCard(data []byte) (Profile, Report, error) {
	lines, err := readLines(data)
	if err != nil {
		return p, Report{}, fmt.Errorf("import vCard: %w", err)
	}
	if err := checkVersion(lines); err != nil {
		return p, Report{}, fmt.Errorf("import vCard: %w", err)
	}
	cutAddress(lines)
	r := newCardLines(lines)
	if err := r.read(); err != nil {
		return p, Report{}, fmt.Errorf("import vCard: %w", err)
	}
	for path, o := range r.got {
		r.got[path] = reparsed(o)
	}
	next, report, err := p.merge(r.got, r.dropped)
	if err != nil {
		return p, Report{}, fmt.Errorf("import vCard: %w", err)
	}
	return next, report, nil
}

func checkVersion(lines []cardLine) error {
	versions := 0
	for _, l := range lines {
		switch l.name {
		case "VERSION":
			if l.value != "4.0" && l.value != "3.0" && l.value != "2.1" {
				return fmt.Errorf("version %.20q is not read", l.value)
			}
			versions++
		case "KIND":
			if !strings.EqualFold(l.value, "individual") {
				return fmt.Errorf("kind %.20q: the card is not of a person", l.value)
			}
		}
	}
	if versions != 1 {
		return fmt.Errorf("%d VERSION lines, not 1", versions)
	}
	return nil
}

// cardLines turns lines into objects by path, not yet checked.
type cardLines struct {
	lines   []cardLine
	got     map[Path]object
	ids     map[Path]bool // given out
	labels  map[string]string
	patches []cardLine
	dropped []string
}

func newCardLines(lines []cardLine) *cardLines {
	r := &cardLines{lines: lines, got: map[Path]object{}, ids: map[Path]bool{}, labels: map[string]string{}}
	for _, l := range lines {
		// Ids given by the card come before those made up here.
		if kind := lineKinds[l.name]; kind != "" {
			if id := l.get("PROP-ID"); validID(id) {
				r.ids[Path(kind+"/"+id)] = false
			}
		}
		if l.name == "X-ABLABEL" && l.group != "" {
			if s, err := unescape(l.value); err == nil {
				r.labels[l.group] = strings.TrimSuffix(strings.TrimPrefix(s, "_$!<"), ">!$_")
			}
		}
	}
	return r
}

// lineKinds are the properties that may be given often, and what they become.
var lineKinds = map[string]string{
	"NICKNAME": "nicknames", "ORG": "organizations", "TITLE": "titles", "ROLE": "titles", "EMAIL": "emails",
	"TEL": "phones", "ADR": "addresses", "SOCIALPROFILE": "onlineServices", "IMPP": "onlineServices",
	"LANG": "preferredLanguages", "URL": "links", "CONTACT-URI": "links", "NOTE": "notes",
}

func (r *cardLines) read() error {
	for i := range r.lines {
		l := &r.lines[i]
		if err := r.line(l); err != nil {
			return fmt.Errorf("%s: %w", l.name, err)
		}
	}
	for i := range r.patches {
		if err := r.patch(&r.patches[i]); err != nil {
			return fmt.Errorf("JSPROP: %w", err)
		}
	}
	return nil
}

func (r *cardLines) line(l *cardLine) error {
	if e := l.get("ENCODING"); e != "" && !strings.EqualFold(e, "8BIT") {
		r.dropped = append(r.dropped, l.name+";ENCODING="+e)
		return nil
	}
	if kind := lineKinds[l.name]; kind != "" {
		return r.many(kind, l)
	}
	switch l.name {
	case "VERSION", "KIND":
		return nil
	case "X-ABLABEL":
		if _, ok := r.labels[l.group]; !ok {
			r.dropped = append(r.dropped, l.name)
		}
		return nil
	case "FN", "N":
		return r.name(l)
	case "BDAY", "BIRTHPLACE":
		return r.birthday(l)
	case "GRAMGENDER", "PRONOUNS":
		return r.speakToAs(l)
	case "JSPROP":
		r.patches = append(r.patches, *l)
		return nil
	}
	r.dropped = append(r.dropped, l.name)
	return nil
}

// many reads a line of a kind kept often.
func (r *cardLines) many(kind string, l *cardLine) error {
	if l.name == "NICKNAME" && len(splitValue(l.value, ',')) > 1 {
		for _, v := range splitValue(l.value, ',') {
			each := *l
			each.value = v
			if err := r.many(kind, &each); err != nil {
				return err
			}
		}
		return nil
	}
	o, err := lineObject(l)
	if err != nil {
		return err
	}
	if len(o) == 0 {
		return nil // a line without a value says nothing
	}
	used := append([]string{"TYPE", "PREF", "PROP-ID", "VALUE", "CHARSET", "ENCODING"}, ownParams[l.name]...)
	r.unused(l, used...)
	if err := r.common(kind, l, o); err != nil {
		return err
	}
	r.got[r.path(kind, l, o)] = o
	return nil
}

// ownParams are the parameters that one property alone has.
var ownParams = map[string][]string{
	"ADR": {"JSCOMPS", "LABEL", "CC", "GEO", "TZ"}, "SOCIALPROFILE": {"SERVICE-TYPE", "USERNAME"},
	"IMPP": {"SERVICE-TYPE", "USERNAME"}, "URL": {"MEDIATYPE"}, "CONTACT-URI": {"MEDIATYPE"},
}

// unused names the parameters that are not read.
func (r *cardLines) unused(l *cardLine, used ...string) {
	for _, p := range l.params {
		if !slices.Contains(used, p.name) {
			r.dropped = append(r.dropped, l.name+";"+p.name)
		}
	}
}

// path gives a line its id: its own, or one from its TYPE, or a number.
func (r *cardLines) path(kind string, l *cardLine, o object) Path {
	if id := l.get("PROP-ID"); validID(id) {
		if path := Path(kind + "/" + id); !r.ids[path] {
			r.ids[path] = true
			return path
		}
	}
	hint := ""
	for _, set := range []string{"features", "contexts"} {
		by, _ := o[set].(object)
		for id, from := range map[string]string{"mobile": "mobile", "fax": "fax", "home": "private", "work": "work"} {
			if by[from] == true && len(by) == 1 && hint == "" {
				hint = id
			}
		}
		if by["mobile"] == true {
			hint = "mobile"
		}
	}
	for n := 1; ; n++ {
		id := strconv.Itoa(n)
		if hint != "" && n == 1 {
			id = hint
		} else if hint != "" {
			id = hint + "-" + id
		}
		path := Path(kind + "/" + id)
		if _, taken := r.ids[path]; !taken {
			r.ids[path] = true
			return path
		}
	}
}

// common reads TYPE, PREF and the label.
func (r *cardLines) common(kind string, l *cardLine, o object) error {
	ctx, features := object{}, object{}
	for _, t := range l.all("TYPE") {
		for _, t := range strings.Split(strings.ToLower(t), ",") {
			r.typ(kind, l, t, ctx, features, o)
		}
	}
	if len(ctx) > 0 {
		o["contexts"] = ctx
	}
	if len(features) > 0 {
		o["features"] = features
	}
	if s := l.get("PREF"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			return fmt.Errorf("PREF %.20q is not a number", s)
		}
		o["pref"] = n
	}
	if s := r.labels[l.group]; s != "" && l.group != "" {
		if slices.Contains([]string{"emails", "phones", "onlineServices", "links"}, kind) {
			o["label"] = s
		} else {
			r.dropped = append(r.dropped, "X-ABLABEL")
		}
	}
	return nil
}

// typ reads one value of TYPE. Version 3 has some that say nothing.
func (r *cardLines) typ(kind string, l *cardLine, t string, ctx, features, o object) {
	switch {
	case t == "home" && kind != "titles" && kind != "notes":
		ctx["private"] = true
	case t == "work" && kind != "titles" && kind != "notes":
		ctx["work"] = true
	case kind == "addresses" && (t == "billing" || t == "delivery"):
		ctx[t] = true
	case kind == "phones" && t == "cell":
		features["mobile"] = true
	case kind == "phones" && t != "mobile" && slices.Contains(phoneFeatures, t):
		features[t] = true
	case t == "pref" && kind != "titles" && kind != "notes" && kind != "organizations":
		o["pref"] = 1
	case slices.Contains([]string{"", "internet", "dom", "intl", "postal", "parcel", "msg"}, t):
	default:
		r.dropped = append(r.dropped, l.name+";TYPE="+t)
	}
}

// patch applies a JSPROP line: a whole piece, or one property of a piece.
func (r *cardLines) patch(l *cardLine) error {
	raw, err := unescape(l.value)
	if err != nil {
		return err
	}
	ptr := strings.TrimPrefix(l.get("JSPTR"), "/")
	if ptr == "" {
		return errors.New("has no JSPTR")
	}
	v, err := parse([]byte(raw))
	if err != nil {
		return fmt.Errorf("%.80s: %w", ptr, err)
	}
	path, rest, ok := pathAt(ptr)
	if !ok {
		r.dropped = append(r.dropped, "JSPROP;JSPTR="+ptr)
		return nil
	}
	if rest == "" {
		o, ok := v.(object)
		if !ok {
			return fmt.Errorf("%.80s: is not an object", ptr)
		}
		r.got[path] = o
		return nil
	}
	o := r.got[path]
	if o == nil || strings.Contains(rest, "/") {
		r.dropped = append(r.dropped, "JSPROP;JSPTR="+ptr)
		return nil
	}
	o = maps.Clone(o)
	o[strings.NewReplacer("~1", "/", "~0", "~").Replace(rest)] = v
	r.got[path] = o
	return nil
}

// pathAt finds the piece that a JSON pointer within a Card points to or into.
func pathAt(ptr string) (path Path, rest string, ok bool) {
	property, rest, _ := strings.Cut(ptr, "/")
	i := slices.IndexFunc(kinds, func(k kind) bool { return k.property() == property })
	if i < 0 {
		return "", "", false
	}
	k := &kinds[i]
	if !k.many && k.card == "" {
		return Path(k.name), rest, true
	}
	id, rest, _ := strings.Cut(rest, "/")
	if !k.many {
		return Path(k.name), rest, id == cardID(Path(k.name))
	}
	path, err := ParsePath(k.name + "/" + id)
	return path, rest, err == nil
}
