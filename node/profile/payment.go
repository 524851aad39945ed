package profile

import "strings"

// checkPayment keeps card and account numbers out: a payment is shared as a
// reference that only its issuer can turn into money, and a number typed here
// by mistake would travel to every vendor it is shown to.
func checkPayment(c *cleaner, at string, o object) error {
	if err := anyOf("label", "ref")(c, at, o); err != nil {
		return err
	}
	if p := accountNumber(c.path.ID()); p != "" {
		return c.fault("", "the path %s", p)
	}
	for _, field := range []string{"label", "ref"} {
		if p := accountNumber(str(o, field)); p != "" {
			return c.fault(join(at, field), "%s", p)
		}
	}
	return nil
}

// accountNumber says what secret number s seems to hold, or "".
func accountNumber(s string) string {
	switch {
	case hasCardNumber(s):
		return "looks like a whole card number (13 to 19 digits that pass the Luhn check): write its last four digits, or the issuer's reference"
	case hasIBAN(s):
		return "looks like a whole bank account number (IBAN): write its last four digits, or the bank's reference"
	}
	return ""
}

// hasCardNumber looks at every run of digit groups parted by one space, dash
// or dot, from each group's start to each group's end.
func hasCardNumber(s string) bool {
	runs := strings.FieldsFunc(groupMarks(s), func(r rune) bool { return r != ' ' && (r < '0' || r > '9') })
	for _, run := range runs {
		groups := strings.Split(run, " ")
		for i := range groups {
			digits := ""
			for _, g := range groups[i:] {
				if g == "" {
					break // two marks in a row part two numbers
				}
				if digits += g; len(digits) > 19 {
					break
				}
				if len(digits) >= 13 && luhn(digits) {
					return true
				}
			}
		}
	}
	return false
}

// groupMarks makes every mark that may stand within a number a space.
func groupMarks(s string) string {
	return strings.NewReplacer("-", " ", ".", " ", "\u00a0", " ", "\u2011", " ").Replace(s)
}

// luhn is the check of ISO/IEC 7812-1 annex B.
func luhn(digits string) bool {
	sum := 0
	for i := range len(digits) {
		d := int(digits[len(digits)-1-i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}

// hasIBAN looks for an ISO 13616 number, grouped or not, at the start of each
// word: two letters, two digits, 11 to 30 more, and the remainder 1 of 97.
func hasIBAN(s string) bool {
	words := strings.Fields(strings.ToUpper(groupMarks(s)))
	for i := range words {
		whole := ""
		for _, w := range words[i:] {
			if whole += w; len(whole) > 34 {
				break
			}
			if isIBAN(whole) {
				return true
			}
		}
	}
	return false
}

func isIBAN(s string) bool {
	if len(s) < 15 || len(s) > 34 || !letter(s[0]) || !letter(s[1]) || !digit(s[2]) || !digit(s[3]) {
		return false
	}
	rest := 0
	for _, c := range []byte(s[4:] + s[:4]) {
		switch {
		case digit(c):
			rest = (rest*10 + int(c-'0')) % 97
		case letter(c):
			rest = (rest*100 + int(c-'A') + 10) % 97
		default:
			return false
		}
	}
	return rest == 1
}

func digit(c byte) bool  { return '0' <= c && c <= '9' }
func letter(c byte) bool { return 'A' <= c && c <= 'Z' }
