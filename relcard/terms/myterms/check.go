package myterms

import (
	"fmt"
	"net/url"
	"strings"
	"unicode"
)

// checkURL takes an absolute https URL, or http to the machine itself.
func checkURL(s string) error {
	u, err := url.Parse(s)
	local := err == nil && (u.Hostname() == "localhost" || u.Hostname() == "127.0.0.1" || u.Hostname() == "::1")
	if err != nil || len(s) > maxURL || u.Host == "" || u.User != nil || strings.ContainsFunc(s, notInURL) ||
		(u.Scheme != "https" && (u.Scheme != "http" || !local)) {
		return fmt.Errorf("%.80q is not an https URL", s)
	}
	return nil
}

// checkID takes the form of an agreement's id: "SD-BASE-A".
func checkID(s string) error {
	if s == "" || len(s) > maxID || strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._") != "" {
		return fmt.Errorf("%.80q is not an agreement's id", s)
	}
	return nil
}

func notInURL(r rune) bool {
	return r <= ' ' || r > unicode.MaxASCII || strings.ContainsRune("\"<>\\^`{|}", r) || r == 0x7f
}

func notShown(r rune) bool {
	return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || unicode.Is(unicode.Bidi_Control, r)
}
