package market

import "strconv"

// Code says what a reason is about, for programs.
type Code string

// Why there is no draft, why an offer can't be accepted, and why an offer
// stands where it does.
const (
	CodeClosed    Code = "closed"        // the intent is withdrawn, fulfilled or expired
	CodeNever     Code = "never"         // the vendor's rules answer nothing
	CodeCategory  Code = "category"      // not a category the vendor answers in
	CodeArea      Code = "area"          // outside the vendor's areas
	CodeTerms     Code = "terms"         // none of the intent's terms is accepted
	CodeWindow    Code = "window"        // can't be had in time
	CodeItem      Code = "item"          // nothing answers the want, or a line answers none
	CodeAttribute Code = "attribute"     // an item's required attribute is not met
	CodeSeller    Code = "seller"        // a seller's required attribute is not met
	CodeExcluded  Code = "excluded"      // contains what the intent excludes
	CodeQuantity  Code = "quantity"      // out of stock, another unit, another amount
	CodeMaxPrice  Code = "max_price"     // a unit costs more than the want's limit
	CodeBudget    Code = "budget"        // the whole costs more than the budget
	CodeWorth     Code = "worth"         // the whole costs more than it is worth to the person
	CodeMinOrder  Code = "min_order"     // the vendor's smallest order is larger
	CodeCurrency  Code = "currency"      // amounts that can't be compared
	CodeTotal     Code = "total"         // the total is not the sum of its parts
	CodeExpired   Code = "expired"       // the offer can no longer be accepted
	CodeContrary  Code = "contradiction" // nothing can meet all that the intent requires
	CodeMalformed Code = "malformed"     // the text says what is wrong
	CodePrice     Code = "price"         // its place by price
	CodePreferred Code = "preferred"     // its place by preferred attributes
	CodeFreeText  Code = "free_text"     // nothing in it can be matched without a person
)

// Reason is one typed reason in plain words. The reasons of Match quote the
// intent to the vendor; those of Rank never repeat a vendor's free text.
type Reason struct {
	Code Code   `json:"code"`
	On   string `json:"on,omitempty"` // which part of the intent: "items[0]", "seller", "exclude[1]"
	Text string `json:"text"`
}

// String returns the text.
func (r Reason) String() string { return r.Text }

// at writes the path of an element: "items[3]".
func at(list string, i int) string { return list + "[" + strconv.Itoa(i) + "]" }

// some writes a count of things in words a person reads.
func some(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}
