package profile_test

import (
	"fmt"

	"github.com/parley-network/parley/node/profile"
)

// A person types what they want kept, and each piece stands alone.
func ExampleProfile_SetText() {
	var p profile.Profile
	for _, in := range [][2]string{
		{"name", "Jo Doe"},
		{"emails/home", "jo@example.org"},
		{"addresses/home", "12 Elm St, Grand Rapids, MI 49503, US"},
	} {
		var err error
		if p, err = p.SetText(profile.Path(in[0]), in[1]); err != nil {
			fmt.Println(err)
		}
	}
	for _, piece := range p.List() {
		fmt.Println(piece.Path, "=", profile.Text(piece))
	}
	email, _ := p.Get("emails/home")
	fmt.Println(string(email.Value))
	// Output:
	// addresses/home = 12 Elm St, Grand Rapids, MI 49503, US
	// emails/home = jo@example.org
	// name = Jo Doe
	// {"address":"jo@example.org","contexts":{"private":true}}
}

// What is wrong is said of the field, and nothing is changed.
func ExampleProfile_Set() {
	var p profile.Profile
	for path, value := range map[profile.Path]string{"emails/home": `{"address": "jo at example"}`} {
		_, err := p.Set(path, []byte(value))
		fmt.Println(err)
	}
	_, err := p.Set("payments/visa", []byte(`{"label": "Visa", "ref": "4111 1111 1111 1111"}`))
	fmt.Println(err)
	// Output:
	// emails/home: address: "jo at example" is not an e-mail address
	// payments/visa: ref: looks like a whole card number (13 to 19 digits that pass the Luhn check): write its last four digits, or the issuer's reference
}

// An address book's card becomes pieces; what is not kept is named.
func ExampleProfile_ImportVCard() {
	var p profile.Profile
	p, report, err := p.ImportVCard([]byte("BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Jo Doe\r\nTEL;TYPE=cell:+1 616 555 0100\r\nPHOTO:https://jo.example/me.jpg\r\nEND:VCARD\r\n"))
	if err != nil {
		fmt.Println(err)
	}
	fmt.Println("taken:", report.Taken)
	fmt.Println("dropped:", report.Dropped)
	phone, _ := p.Get("phones/mobile")
	fmt.Println(profile.Text(phone))
	// Output:
	// taken: [name phones/mobile]
	// dropped: [PHOTO]
	// +1 616 555 0100
}
