package loyalty_test

import (
	"fmt"

	"github.com/parley-network/parley/node/loyalty"
)

// A membership goes with an intent by its name; its number stays.
func ExampleProgrammes_Attach() {
	number, err := loyalty.NewNumber("WZ-4471 9920")
	if err != nil {
		fmt.Println(err)
	}
	var l loyalty.Programmes
	l, err = l.Put(loyalty.Programme{Name: "Avis Wizard", Issuer: "Avis", Number: number, Tier: "gold"})
	if err != nil {
		fmt.Println(err)
	}
	names, err := l.Attach("Avis Wizard")
	fmt.Println(names, err)
	p, _ := l.Get("Avis Wizard")
	fmt.Println(p.Number)
	fmt.Println(p.Number.Reveal())
	// Output:
	// [Avis Wizard] <nil>
	// [hidden]
	// WZ-4471 9920
}

// What a person says of their own loyalty is the content of a statement.
func ExampleStatement() {
	s := loyalty.NewStatement(loyalty.Regular)
	s.Text = "I come here first."
	content, err := s.Encode()
	if err != nil {
		fmt.Println(err)
	}
	got, err := loyalty.DecodeStatement(content)
	fmt.Println(got.Level, got.Text, err)
	s.Level = "platinum"
	_, err = s.Encode()
	fmt.Println(err)
	// Output:
	// regular I come here first. <nil>
	// encode loyalty: level: "platinum" is not one of ["tried" "returning" "regular" "devoted"]
}
