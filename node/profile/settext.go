package profile

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// SetText returns the profile with the piece at path made from what a person
// types. Nothing typed is lost; what is guessed beyond it:
//
//   - from the id: home is the context private, work is work; an address may
//     be billing or delivery; a phone may be mobile, fax, pager or text;
//     an online service's name is its id;
//   - a name is kept whole as full. Two to four words of Latin script are
//     given name, middle names and surname, with "van der", "de la" and such
//     joined to the surname, a leading "Dr." a title and a trailing "Jr." a
//     generation; anything else has no components;
//   - an address is kept whole as full, and the country's code is taken from
//     its end. Components are guessed only for the form "12 Elm St, [Apt 4,]
//     Grand Rapids, MI 49503[, US]";
//   - a birthday is RFC 3339's "1990-04-01", or "1990-04", "1990", "--04-01";
//   - an online service is a URI or a user's name; a payment is its label
//     (write JSON for its reference); speakToAs is the pronouns.
//
// Whoever minds a guess uses [Profile.Set].
func (p Profile) SetText(path Path, text string) (Profile, error) {
	if _, err := kindAt(path); err != nil {
		return p, err
	}
	text = strings.TrimSpace(text)
	if text == "" {
		return p, &InvalidError{Path: path, Problem: "is empty"}
	}
	o, err := fromText(path, text)
	if err != nil {
		return p, err
	}
	b, err := canonical(o)
	if err != nil {
		return p, &InvalidError{Path: path, Problem: err.Error()}
	}
	return p.Set(path, b)
}

func fromText(path Path, text string) (object, error) {
	id := path.ID()
	o := object{}
	addContexts(o, id)
	switch path.Kind() {
	case "name":
		return guessName(text), nil
	case "nicknames", "organizations":
		o["name"] = text
	case "titles":
		return object{"name": text}, nil
	case "speakToAs":
		return object{"pronouns": object{"1": object{"pronouns": text}}}, nil
	case "emails":
		o["address"] = text
	case "phones":
		o["number"] = text
		addFeatures(o, id)
	case "addresses":
		o = guessAddress(text)
		addContexts(o, id)
		if id == "billing" || id == "delivery" {
			o["contexts"] = object{id: true}
		}
	case "onlineServices":
		if scheme.MatchString(text) {
			o["uri"] = text
		} else {
			o["user"] = text
		}
		o["service"] = id
	case "preferredLanguages":
		o["language"] = text
	case "links":
		o["uri"] = text
	case "birthday":
		return birthdayFromText(path, text)
	case "notes":
		return object{"note": text}, nil
	case "payments":
		return object{"label": text}, nil
	}
	return o, nil
}

// addContexts reads a context off an id.
func addContexts(o object, id string) {
	switch id {
	case "home", "private":
		o["contexts"] = object{"private": true}
	case "work":
		o["contexts"] = object{"work": true}
	}
}

func addFeatures(o object, id string) {
	switch id {
	case "mobile", "fax", "pager", "text":
		o["features"] = object{id: true}
	}
}

var datePattern = regexp.MustCompile(`^(?:(\d{4})(?:-?(\d{2})(?:-?(\d{2}))?)?|--(\d{2})-?(\d{2}))$`)

// partial reads a date of vCard 4 (RFC 6350 §4.3.1), with dashes or without,
// as a PartialDate.
func partial(text string) (object, bool) {
	m := datePattern.FindStringSubmatch(text)
	if m == nil {
		return nil, false
	}
	o := object{}
	for i, name := range []string{"year", "month", "day", "month", "day"} {
		if n, err := strconv.Atoi(m[i+1]); err == nil {
			o[name] = n
		}
	}
	return o, true
}

func birthdayFromText(path Path, text string) (object, error) {
	d, ok := partial(text)
	if !ok {
		return nil, &InvalidError{path, "date", fmt.Sprintf("%.40q is not a date such as 1990-04-01, 1990-04, 1990 or --04-01", text)}
	}
	return object{"kind": "birth", "date": d}, nil
}
