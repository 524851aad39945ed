package agenda_test

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"
)

// component is one BEGIN…END of an iCalendar object.
type component struct {
	name  string
	props []property
	subs  []component
}

type property struct{ name, params, value string }

func (c component) all(name string) (values []property) {
	for _, p := range c.props {
		if p.name == name {
			values = append(values, p)
		}
	}
	return values
}

// text returns the one TEXT value called name, unescaped.
func (c component) text(name string) string {
	var b strings.Builder
	for _, p := range c.all(name) {
		for i := 0; i < len(p.value); i++ {
			if p.value[i] != '\\' {
				b.WriteByte(p.value[i])
				continue
			}
			i++
			b.WriteString(map[byte]string{'n': "\n", 'N': "\n"}[p.value[i]])
			if p.value[i] != 'n' && p.value[i] != 'N' {
				b.WriteByte(p.value[i])
			}
		}
	}
	return b.String()
}

// The grammar of RFC 5545, sections 3.1 and 3.3, as far as an agenda uses it.
var (
	contentLine = regexp.MustCompile(`^([A-Z0-9-]+)((?:;[A-Z0-9-]+=(?:"[^"]*"|[^";:,]*)(?:,(?:"[^"]*"|[^";:,]*))*)*):(.*)$`)
	textValue   = regexp.MustCompile(`^(?:[^\\;,]|\\[\\;,nN])*$`)
	values      = map[string]*regexp.Regexp{
		"VERSION": regexp.MustCompile(`^2\.0$`), "CALSCALE": regexp.MustCompile(`^GREGORIAN$`),
		"PRODID": textValue, "NAME": textValue, "X-WR-CALNAME": textValue, "UID": textValue,
		"SUMMARY": textValue, "DESCRIPTION": textValue, "CATEGORIES": textValue,
		"DTSTAMP": regexp.MustCompile(`^\d{8}T\d{6}Z$`), "DTSTART": regexp.MustCompile(`^\d{8}(T\d{6}Z)?$`),
		"RDATE":   regexp.MustCompile(`^\d{8}(T\d{6}Z)?(,\d{8}(T\d{6}Z)?)*$`),
		"TRANSP":  regexp.MustCompile(`^TRANSPARENT$`),
		"ACTION":  regexp.MustCompile(`^DISPLAY$`),
		"TRIGGER": regexp.MustCompile(`^-PT\d+H(\d+M(\d+S)?)?$`),
		"RRULE":   regexp.MustCompile(`^FREQ=(DAILY|WEEKLY|MONTHLY|YEARLY)(;[A-Z]+=[A-Z0-9,-]+)*$`),
	}
	allowed = map[string]string{ // what may be where: +: exactly once, ?: at most once
		"VCALENDAR": "+VERSION +PRODID ?CALSCALE ?NAME ?X-WR-CALNAME",
		"VEVENT":    "+UID +DTSTAMP +DTSTART +SUMMARY ?DESCRIPTION +CATEGORIES ?TRANSP ?RRULE ?RDATE",
		"VALARM":    "+ACTION +TRIGGER +DESCRIPTION",
	}
	nested = map[string]string{"VCALENDAR": "VEVENT", "VEVENT": "VALARM"}
)

// parseICal reads an iCalendar object and refuses whatever RFC 5545 does not
// allow. It shares no code with what wrote it.
func parseICal(raw []byte) (component, error) {
	lines, err := unfold(raw)
	if err != nil {
		return component{}, err
	}
	c, rest, err := parseComponent(lines)
	if err == nil && len(rest) > 0 {
		err = fmt.Errorf("%d lines after the end", len(rest))
	}
	if err == nil && c.name != "VCALENDAR" {
		err = fmt.Errorf("it is a %s", c.name)
	}
	return c, err
}

func unfold(raw []byte) ([]string, error) {
	body, ok := bytes.CutSuffix(raw, []byte("\r\n"))
	if !ok {
		return nil, fmt.Errorf("the last line has no CRLF")
	}
	var lines []string
	for i, line := range strings.Split(string(body), "\r\n") {
		switch {
		case len(line) > 75:
			return nil, fmt.Errorf("line %d has %d octets", i, len(line))
		case line == "" || !utf8.ValidString(line):
			return nil, fmt.Errorf("line %d is empty or not UTF-8: a fold within a character?", i)
		case strings.ContainsFunc(line, func(r rune) bool { return (r < ' ' && r != '\t') || r == 0x7f }):
			return nil, fmt.Errorf("line %d has a control character", i)
		case line[0] == ' ' || line[0] == '\t':
			if len(lines) == 0 {
				return nil, fmt.Errorf("the first line is a continuation")
			}
			lines[len(lines)-1] += line[1:]
		default:
			lines = append(lines, line)
		}
	}
	return lines, nil
}

func parseComponent(lines []string) (component, []string, error) {
	name, ok := strings.CutPrefix(lines[0], "BEGIN:")
	if _, known := allowed[name]; !ok || !known {
		return component{}, nil, fmt.Errorf("%q begins no component known", lines[0])
	}
	c := component{name: name}
	for lines = lines[1:]; len(lines) > 0; {
		switch line := lines[0]; {
		case line == "END:"+name:
			return c, lines[1:], c.check()
		case strings.HasPrefix(line, "BEGIN:"):
			sub, rest, err := parseComponent(lines)
			if err != nil {
				return c, nil, err
			}
			if nested[name] != sub.name {
				return c, nil, fmt.Errorf("a %s in a %s", sub.name, name)
			}
			c.subs, lines = append(c.subs, sub), rest
		default:
			m := contentLine.FindStringSubmatch(line)
			if m == nil || values[m[1]] == nil || !values[m[1]].MatchString(m[3]) {
				return c, nil, fmt.Errorf("line %.80q", line)
			}
			if len(c.subs) > 0 {
				return c, nil, fmt.Errorf("line %.80q after a component", line)
			}
			c.props, lines = append(c.props, property{m[1], m[2], m[3]}), lines[1:]
		}
	}
	return c, nil, fmt.Errorf("%s has no end", name)
}

// check counts what must and may be there.
func (c component) check() error {
	left := map[string]int{}
	for _, p := range c.props {
		left[p.name]++
	}
	for word := range strings.FieldsSeq(allowed[c.name]) {
		n := left[word[1:]]
		if n > 1 || (n == 0 && word[0] == '+') {
			return fmt.Errorf("%s is there %d times in a %s", word[1:], n, c.name)
		}
		delete(left, word[1:])
	}
	for name := range left {
		return fmt.Errorf("%s has no place in a %s", name, c.name)
	}
	for _, p := range c.props {
		date := p.name == "DTSTART" || p.name == "RDATE"
		if want := map[bool]string{true: ";VALUE=DATE", false: ""}[date && !strings.Contains(p.value, "T")]; p.params != want {
			return fmt.Errorf("%s has parameters %q, want %q", p.name, p.params, want)
		}
		if p.name == "DTSTART" && len(c.all("RRULE")) > 0 {
			if until := regexp.MustCompile(`UNTIL=[^;]*`).FindString(c.all("RRULE")[0].value); until != "" && strings.Contains(until, "Z") != strings.Contains(p.value, "Z") {
				return fmt.Errorf("%s is not of DTSTART's type", until)
			}
		}
	}
	return nil
}

// instances returns the days of an event, from its first until to.
func (c component) instances(to time.Time) []string {
	start := c.all("DTSTART")[0].value
	from, err := time.Parse("20060102", start[:8])
	if err != nil {
		panic(err)
	}
	if rule := c.all("RRULE"); len(rule) > 0 {
		return naive(rule[0].value, from, to)
	}
	days := []string{from.Format("2006-01-02")}
	for _, p := range c.all("RDATE") {
		for value := range strings.SplitSeq(p.value, ",") {
			if t, _ := time.Parse("20060102", value[:8]); !t.After(to) {
				days = append(days, t.Format("2006-01-02"))
			}
		}
	}
	return days
}
