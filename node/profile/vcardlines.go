package profile

import (
	"fmt"
	"regexp"
	"strings"
)

// lineObject reads the value and own parameters of a line of lineKinds. An
// empty object is a line that says nothing.
func lineObject(l *cardLine) (object, error) {
	plain, err := unescape(l.value)
	if err != nil {
		return nil, err
	}
	if l.name == "ADR" {
		return adr(l)
	}
	if strings.Trim(plain, "; ") == "" {
		return object{}, nil
	}
	o := object{}
	switch l.name {
	case "NICKNAME", "TITLE":
		o["name"] = plain
	case "ROLE":
		o["name"], o["kind"] = plain, "role"
	case "ORG":
		return org(l)
	case "EMAIL":
		o["address"] = plain
	case "TEL":
		o["number"] = plain
	case "SOCIALPROFILE", "IMPP":
		o["uri"] = plain
		if strings.EqualFold(l.get("VALUE"), "text") {
			o = object{"user": plain}
		}
		put(o, "service", l.get("SERVICE-TYPE"))
		put(o, "user", l.get("USERNAME"))
	case "LANG":
		o["language"] = plain
	case "URL", "CONTACT-URI":
		o["uri"] = plain
		put(o, "mediaType", l.get("MEDIATYPE"))
		if l.name == "CONTACT-URI" {
			o["kind"] = "contact"
		}
	case "NOTE":
		o["note"] = plain
	}
	return o, nil
}

func put(o object, name, value string) {
	if value != "" {
		o[name] = value
	}
}

func adr(l *cardLine) (object, error) {
	o, err := addressLayout.read(l.value, l.get("JSCOMPS"))
	if err != nil {
		return nil, err
	}
	// Older writers put a line end in LABEL as a backslash and n.
	put(o, "full", strings.ReplaceAll(l.get("LABEL"), `\n`, "\n"))
	put(o, "countryCode", strings.ToUpper(l.get("CC")))
	put(o, "coordinates", l.get("GEO"))
	put(o, "timeZone", l.get("TZ"))
	return o, nil
}

func org(l *cardLine) (object, error) {
	o := object{}
	var units []any
	for i, field := range splitValue(l.value, ';') {
		plain, err := unescape(field)
		if err != nil {
			return nil, err
		}
		switch {
		case plain == "":
		case i == 0:
			o["name"] = plain
		default:
			units = append(units, object{"name": plain})
		}
	}
	if units != nil {
		o["units"] = units
	}
	return o, nil
}

// at returns the object of a single piece, made if it is not there yet.
func (r *cardLines) at(path Path) object {
	if r.got[path] == nil {
		r.got[path] = object{}
	}
	return r.got[path]
}

// name reads FN, unless it was made up from N, and N.
func (r *cardLines) name(l *cardLine) error {
	if l.get("LANGUAGE") != "" || l.get("PHONETIC") != "" {
		r.dropped = append(r.dropped, l.name+" in another language or script")
		return nil
	}
	if l.name == "FN" {
		full, err := unescape(l.value)
		if err != nil || strings.TrimSpace(full) == "" || strings.EqualFold(l.get("DERIVED"), "true") {
			return err
		}
		r.unused(l, "PROP-ID", "VALUE", "PREF", "TYPE", "CHARSET", "ENCODING", "DERIVED")
		return r.first(l, r.at("name"), object{"full": full})
	}
	parts, err := nameLayout.read(l.value, l.get("JSCOMPS"))
	if err != nil || len(parts) == 0 {
		return err
	}
	r.unused(l, "PROP-ID", "VALUE", "JSCOMPS", "CHARSET", "ENCODING")
	return r.first(l, r.at("name"), parts)
}

// first puts what a line says into o, unless an earlier line said it.
func (r *cardLines) first(l *cardLine, o, said object) error {
	for name := range said {
		if _, ok := o[name]; ok {
			r.dropped = append(r.dropped, "another "+l.name)
			return nil
		}
	}
	for name, v := range said {
		o[name] = v
	}
	return nil
}

var instant = regexp.MustCompile(`^(\d{4})-?(\d{2})-?(\d{2})T(\d{2}):?(\d{2}):?(\d{2})(\.\d+)?Z$`)

func (r *cardLines) birthday(l *cardLine) error {
	plain, err := unescape(l.value)
	if err != nil {
		return err
	}
	if l.name == "BIRTHPLACE" {
		place := object{"full": plain}
		if strings.HasPrefix(plain, "geo:") {
			place = object{"coordinates": plain}
		}
		if !r.has("BDAY") { // a place without its day is not kept
			r.dropped = append(r.dropped, l.name)
			return nil
		}
		r.unused(l, "VALUE", "PROP-ID")
		return r.first(l, r.at("birthday"), object{"place": place})
	}
	said := object{"kind": "birth"}
	if d, ok := partial(plain); ok {
		said["date"] = d
	} else if m := instant.FindStringSubmatch(plain); m != nil {
		said["date"] = object{"@type": "Timestamp", "utc": fmt.Sprintf("%s-%s-%sT%s:%s:%s%sZ", m[1], m[2], m[3], m[4], m[5], m[6], m[7])}
	} else {
		r.dropped = append(r.dropped, l.name) // a text, or a time without its day
		return nil
	}
	r.unused(l, "VALUE", "PROP-ID", "CHARSET", "ENCODING")
	return r.first(l, r.at("birthday"), said)
}

// has reports whether a line of that name is kept.
func (r *cardLines) has(name string) bool {
	for _, l := range r.lines {
		if l.name == name {
			_, day := partial(l.value)
			return day || instant.MatchString(l.value)
		}
	}
	return false
}

func (r *cardLines) speakToAs(l *cardLine) error {
	plain, err := unescape(l.value)
	if err != nil {
		return err
	}
	if strings.TrimSpace(plain) == "" {
		return nil
	}
	if l.name == "GRAMGENDER" {
		r.unused(l, "VALUE")
		return r.first(l, r.at("speakToAs"), object{"grammaticalGender": strings.ToLower(plain)})
	}
	o := object{"pronouns": plain}
	r.unused(l, "TYPE", "PREF", "PROP-ID", "VALUE")
	if err := r.common("speakToAs", l, o); err != nil {
		return err
	}
	by, ok := r.at("speakToAs")["pronouns"].(object)
	if !ok {
		by = object{}
		r.at("speakToAs")["pronouns"] = by
	}
	by[r.path("speakToAs", l, o).ID()] = o
	return nil
}

// reparsed returns o as a parser would have made it, whole numbers included.
func reparsed(o object) object {
	b, err := canonical(o)
	if err != nil {
		return o
	}
	v, err := parseJSON(b)
	if again, ok := v.(object); ok && err == nil {
		return again
	}
	return o
}
