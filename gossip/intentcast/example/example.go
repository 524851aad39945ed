// Package example is the two intents that the project measures itself by,
// field by field, for tests and for the demonstration: a rental car in Park
// City and a stroller for twins in Grand Rapids.
package example

import (
	"fmt"
	"time"

	"github.com/parley-network/parley/gossip/intentcast"
	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/relcard"
	"github.com/parley-network/parley/relcard/terms"
)

// Properties that the intents name and a matching catalogue uses.
const (
	Drive       = "drive"        // text; FourWheel
	Body        = "body"         // text; SUV
	PrepaidFuel = "prepaid-fuel" // a charge
	Insurance   = "insurance"    // a charge
	Seats       = "seats"        // number of children
	FourWheel   = "4wd"
	SUV         = "suv"
)

// mountain is Utah's time in the second half of March: daylight saving time
// begins on the month's second Sunday.
var mountain = time.FixedZone("MDT", -6*60*60)

// ParkCity is the request of somebody who needs a car for five days of
// skiing: the dates, the vehicle, three memberships and two things not wanted,
// each matchable by name and each with the asker's own words beside it. The
// days are the next 20th to 25th of March after now, whole days in Park City.
func ParkCity(author identity.DID, reply intentcast.Route, now time.Time) intentcast.Intent {
	year := now.In(mountain).Year()
	if first := time.Date(year, time.March, 20, 0, 0, 0, 0, mountain); !first.After(now) {
		year++
	}
	in := open(author, reply, now, 7*24*time.Hour)
	in.Category = intentcast.Category{Taxonomy: "parley", Value: "travel/car-rental"}
	in.Place = &intentcast.Place{Geohash: "9x0x", Radius: 40_000, Region: "US-UT", Name: "Park City"}
	in.Text = "I'll be skiing in Park City from March 20-25. I want a 4-wheel-drive SUV. " +
		"I belong to Avis Wizard, Budget FastBreak and Hertz 1 Club. " +
		"I don't want to pay up front for gas or get any insurance. What can any of you do for me?"
	in.Items = []intentcast.Want{{
		Name: "SUV rental", Quantity: "1",
		Wishes: intentcast.Wishes{Require: []intentcast.Constraint{equals(Drive, FourWheel), equals(Body, SUV)}},
	}}
	in.Window = &relcard.Window{
		From:  identity.At(time.Date(year, time.March, 20, 0, 0, 0, 0, mountain)),
		Until: identity.At(time.Date(year, time.March, 26, 0, 0, 0, 0, mountain)),
	}
	in.Memberships = []string{"Avis Wizard", "Budget FastBreak", "Hertz 1 Club"}
	in.Exclude = []intentcast.Exclusion{
		{Property: PrepaidFuel, Text: "I don't want to pay up front for gas"},
		{Property: Insurance, Text: "or get any insurance"},
	}
	return in
}

// Stroller is the request of somebody who needs a stroller for two within
// five hours of now.
func Stroller(author identity.DID, reply intentcast.Route, now time.Time) intentcast.Intent {
	in := open(author, reply, now, 5*time.Hour)
	in.Category = intentcast.Category{Taxonomy: "parley", Value: "baby/strollers"}
	in.Place = &intentcast.Place{Geohash: "dpeh", Radius: 20_000, Region: "US-MI", Name: "Grand Rapids"}
	in.Text = "I need a stroller for twins in Grand Rapids in the next 5 hours."
	in.Items = []intentcast.Want{{
		Name: "stroller for twins", Quantity: "1",
		Wishes: intentcast.Wishes{Require: []intentcast.Constraint{{
			Property: Seats, Type: intentcast.TypeNumber, Op: intentcast.OpGe, Values: []string{"2"},
		}}},
	}}
	in.Window = &relcard.Window{From: identity.At(now), Until: identity.At(now.Add(5 * time.Hour))}
	return in
}

func open(author identity.DID, reply intentcast.Route, now time.Time, life time.Duration) intentcast.Intent {
	return intentcast.Intent{
		Version: intentcast.BodyVersion, Type: intentcast.IntentType,
		Author: author, Status: intentcast.StatusOpen,
		Created: identity.At(now), Expires: identity.At(now.Add(life)),
		Language: "en-US", MaxResponders: 20, Reply: &reply,
		Terms: []terms.Ref{agreement("SD-BASE"), agreement("SD-BASE-DP")},
	}
}

func equals(property, value string) intentcast.Constraint {
	return intentcast.Constraint{
		Property: property, Type: intentcast.TypeText, Op: intentcast.OpEq, Values: []string{value},
	}
}

func agreement(id string) terms.Ref {
	a, ok := terms.Lookup(id)
	if !ok {
		panic(fmt.Sprintf("example: the roster has no %s", id)) // a constant of this package
	}
	return a.Ref
}
