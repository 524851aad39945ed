package market

import "fmt"

// gtin14 returns a GTIN of 8, 12, 13 or 14 digits as 14 digits, after
// verifying its check digit (GS1 General Specifications 7.9).
func gtin14(s string) (string, error) {
	switch len(s) {
	case 8, 12, 13, 14:
	default:
		return "", fmt.Errorf("GTIN %.20q is not 8, 12, 13 or 14 digits", s)
	}
	sum := 0
	for i := range len(s) {
		d := int(s[i]) - '0'
		if d < 0 || d > 9 {
			return "", fmt.Errorf("GTIN %.20q is not 8, 12, 13 or 14 digits", s)
		}
		if (len(s)-i)%2 == 0 { // weight 3 falls on every second digit left of the check digit
			d *= 3
		}
		sum += d
	}
	if sum%10 != 0 {
		return "", fmt.Errorf("GTIN %s has a wrong check digit", s)
	}
	return "00000000000000"[len(s):] + s, nil
}
