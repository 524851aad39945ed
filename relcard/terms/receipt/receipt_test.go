package receipt_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/identity/dagcbor"
	"github.com/parley-network/parley/relcard/terms"
	"github.com/parley-network/parley/relcard/terms/receipt"
)

func day(n int) identity.Time {
	return identity.At(time.Date(2026, 3, 20, 9, 0, 0, 0, time.UTC).AddDate(0, 0, n))
}

func agreed(t testing.TB, id string) receipt.Agreed {
	t.Helper()
	a, ok := terms.Lookup(id)
	if !ok {
		t.Fatalf("no agreement %s", id)
	}
	return receipt.Agreed{
		Card: dagcbor.Sum([]byte("a card")), Terms: a.Ref, TextURL: "https://vendor.example/terms/" + id,
		Time: day(0), Jurisdiction: "US-UT", Person: "did:webvh:QmPerson:relay.example:r1",
		Vendor: receipt.Vendor{DID: "did:webvh:QmVendor:vendor.example", Name: "Alpine Cars", Contact: "Privacy desk",
			Email: "privacy@vendor.example", Phone: "+1 801 555 0100", URL: "https://vendor.example", Address: "1 Main Street, Alta", Country: "US", StoredIn: "US"},
		Pieces: []receipt.Piece{
			{Path: "name", Purposes: []string{"delivery"}},
			{Path: "emails/home", Purposes: []string{"contact", "analytics"}, Until: day(30)},
			{Path: "payments/visa", Purposes: []string{"payment"}, Sensitive: true},
			{Path: "photos/garden", Purposes: []string{"ai-training"}},
		},
		Expires: day(365), Issued: day(1),
	}
}

func object(t *testing.T, b []byte, err error) map[string]any {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	var doc map[string]any
	if err := json.Unmarshal(b, &doc); err != nil {
		t.Fatal(err)
	}
	return doc
}

// field is a rule of Kantara's published JSON schema: a path, "[]" for each
// element, with the type there. Optional fields may be missing.
type field struct {
	path, kind string
	required   bool
}

// schema is what kantara-consent-receipt-v1_1-schema.json asks for.
var schema = []field{
	{"version", "string", true}, {"jurisdiction", "string", true}, {"consentTimestamp", "natural", true},
	{"collectionMethod", "string", true}, {"consentReceiptID", "string", true}, {"publicKey", "string", false},
	{"language", "string", false}, {"piiPrincipalId", "string", true}, {"policyUrl", "string", true},
	{"sensitive", "bool", true}, {"spiCat", "array", true}, {"spiCat[]", "string", false},
	{"piiControllers", "array", true}, {"piiControllers[]", "object", false},
	{"piiControllers[].piiController", "string", true}, {"piiControllers[].onBehalf", "bool", false},
	{"piiControllers[].contact", "string", true}, {"piiControllers[].address", "object", true},
	{"piiControllers[].email", "string", true}, {"piiControllers[].phone", "string", true},
	{"piiControllers[].piiControllerUrl", "string", false},
	{"services", "array", true}, {"services[]", "object", false}, {"services[].service", "string", true},
	{"services[].purposes", "array", true}, {"services[].purposes[]", "object", false},
	{"services[].purposes[].purpose", "string", false}, {"services[].purposes[].consentType", "string", true},
	{"services[].purposes[].purposeCategory", "array", true}, {"services[].purposes[].purposeCategory[]", "string", false},
	{"services[].purposes[].piiCategory", "array", true}, {"services[].purposes[].piiCategory[]", "string", false},
	{"services[].purposes[].primaryPurpose", "bool", false}, {"services[].purposes[].termination", "string", true},
	{"services[].purposes[].thirdPartyDisclosure", "bool", true},
}

// find returns the values at a path, and how many places had none.
func find(v any, path string) (found []any, missing int) {
	name, rest, _ := strings.Cut(path, ".")
	name, each := strings.CutSuffix(name, "[]")
	at, ok := v.(map[string]any)[name]
	if !ok {
		return nil, 1
	}
	next := []any{at}
	if l, isList := at.([]any); each && isList {
		next = l
	}
	if rest == "" {
		return next, 0
	}
	for _, e := range next {
		f, m := find(e, rest)
		found, missing = append(found, f...), missing+m
	}
	return found, missing
}

func kindOf(v any) string {
	switch x := v.(type) {
	case string:
		return "string"
	case bool:
		return "bool"
	case float64:
		if x >= 0 && x == float64(int64(x)) {
			return "natural"
		}
	case []any:
		return "array"
	case map[string]any:
		return "object"
	}
	return fmt.Sprintf("%T", v)
}

func TestKantaraReceiptFollowsThePublishedSchema(t *testing.T) {
	for _, a := range terms.All() {
		b, err := receipt.Kantara(agreed(t, a.Ref.ID))
		doc := object(t, b, err)
		for _, f := range schema {
			values, missing := find(doc, f.path)
			if f.required && (missing > 0 || (len(values) == 0 && f.path != "spiCat")) {
				t.Errorf("%s: %s is missing", a.Ref.ID, f.path)
			}
			for _, v := range values {
				if kindOf(v) != f.kind {
					t.Errorf("%s: %s is %s, wants %s", a.Ref.ID, f.path, kindOf(v), f.kind)
				}
			}
		}
		// The schema's oneOf: whoever discloses names the third party.
		disclosed, _ := find(doc, "services[].purposes[].thirdPartyDisclosure")
		if slices.Contains(disclosed, true) {
			t.Errorf("%s: data is disclosed to nobody named", a.Ref.ID)
		}
		known := map[string]bool{"": true}
		for _, f := range schema {
			known[f.path] = true
		}
		unknownNames(t, doc, "", known)
	}
}

// unknownNames reports names that the schema does not have; an address is free.
func unknownNames(t *testing.T, v any, path string, known map[string]bool) {
	switch x := v.(type) {
	case map[string]any:
		if strings.HasSuffix(path, "address") {
			return
		}
		for name, e := range x {
			p := strings.TrimPrefix(path+"."+name, ".")
			if !known[p] {
				t.Errorf("%s is not in the schema", p)
			}
			unknownNames(t, e, p, known)
		}
	case []any:
		for _, e := range x {
			unknownNames(t, e, path+"[]", known)
		}
	}
}

func TestKantaraReceiptSaysWhatWasAgreed(t *testing.T) {
	b, err := receipt.Kantara(agreed(t, "SD-BASE-A"))
	doc := object(t, b, err)
	if doc["version"] != "KI-CR-v1.1.0" || doc["consentTimestamp"] != float64(1773997200) || doc["sensitive"] != true {
		t.Errorf("%v %v %v", doc["version"], doc["consentTimestamp"], doc["sensitive"])
	}
	if want := []any{"7 - Financial"}; !slices.Equal(doc["spiCat"].([]any), want) {
		t.Errorf("sensitive: %v", doc["spiCat"])
	}
	categories, _ := find(doc, "services[].purposes[].piiCategory")
	if got, want := fmt.Sprint(categories), "[[1 - Biographical 2 - Contact 7 - Financial] [2 - Contact]]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// required is what the guide's tables and sections call mandatory (sections
// 8.1 to 8.5 and 9.1), by path from the receipt; one value at least each.
var required = []string{
	"dct:conformsTo", "dpv:hasIdentifier", "dct:created", "dpv:hasRecordOfActivity[]",
	"dpv:hasRecordOfActivity[].dct:conformsTo", "dpv:hasRecordOfActivity[].dct:identifier", "dpv:hasRecordOfActivity[].dpv:hasIdentifier",
	"dpv:hasRecordOfActivity[].dpv:hasDataSubject", "dpv:hasRecordOfActivity[].dpv:hasNotice.@id", "dpv:hasRecordOfActivity[].dpv:hasNotice.dct:language",
	"dpv:hasRecordOfActivity[].dpv:hasProcess[].dpv:hasPurpose", "dpv:hasRecordOfActivity[].dpv:hasProcess[].dpv:hasPersonalData[].@type",
	"dpv:hasRecordOfActivity[].dpv:hasProcess[].dpv:hasStorageCondition[].@type", "dpv:hasRecordOfActivity[].dpv:hasProcess[].dpv:hasDataController",
	"dpv:hasRecordOfActivity[].dpv:hasProcess[].dpv:hasRecipient[]", "dpv:hasRecordOfActivity[].dpv:hasProcess[].dpv:hasConsentControl.dpv:isExercisedAt",
	"dpv:hasRecordOfActivity[].dpv:hasProcess[].dpv:hasJurisdiction", "dpv:hasRecordOfActivity[].dpv:hasProcess[].dpv:hasRight[].dpv:isExercisedAt",
	"dpv:hasRecordOfActivity[].dpv:hasProcess[].dpv:hasLegalBasis",
	"dpv:hasRecordOfActivity[].dpv:hasEntity[].dpv:hasName", "dpv:hasRecordOfActivity[].dpv:hasEntity[].dpv:hasIdentifier", "dpv:hasRecordOfActivity[].dpv:hasEntity[].@type",
	"dpv:hasRecordOfActivity[].dpv:hasConsentStatus[].@type[]", "dpv:hasRecordOfActivity[].dpv:hasConsentStatus[].dpv:isIndicatedAtTime",
	"dpv:hasRecordOfActivity[].dpv:hasConsentStatus[].dpv:hasDuration.@type", "dpv:hasRecordOfActivity[].dpv:hasConsentStatus[].dpv:isIndicatedBy",
}

func TestISO27560ReceiptHasEveryMandatoryField(t *testing.T) {
	for _, a := range terms.All() {
		in := agreed(t, a.Ref.ID)
		bare := in
		bare.Pieces, bare.Expires, bare.Vendor = nil, identity.Time{}, receipt.Vendor{DID: in.Vendor.DID, Name: in.Vendor.Name}
		ended := in
		ended.Ended, ended.EndedBy = day(5), identity.RoleVendor
		for _, in := range []receipt.Agreed{in, bare, ended} {
			b, err := receipt.ISO27560(in)
			doc := object(t, b, err)
			for _, path := range required {
				if values, missing := find(doc, path); missing > 0 || len(values) == 0 || slices.Contains(values, any("")) {
					t.Errorf("%s: %s is missing in %d places", a.Ref.ID, path, missing)
				}
			}
			// Contact and address are mandatory of all but the data subject.
			for _, e := range doc["dpv:hasRecordOfActivity"].([]any)[0].(map[string]any)["dpv:hasEntity"].([]any) {
				n := e.(map[string]any)
				if n["@type"] != "dpv:DataSubject" && (n["schema:contactPoint"] == nil || n["schema:address"] == nil) {
					t.Errorf("%v has no contact or address", n["@id"])
				}
			}
		}
	}
}

func TestISO27560ReceiptSaysWhatWasAgreed(t *testing.T) {
	in := agreed(t, "SD-BASE-A-DP")
	in.Ended = day(9)
	b, err := receipt.ISO27560(in)
	doc := object(t, b, err)
	purposes, _ := find(doc, "dpv:hasRecordOfActivity[].dpv:hasProcess[].dpv:hasPurpose")
	if want := []any{"p7012:ServiceDelivery", "p7012:ServiceAnalytics"}; !slices.Equal(purposes, want) {
		t.Errorf("purposes %v", purposes)
	}
	paths := regexp.MustCompile(`"dct:identifier": "([a-z]+/?[a-z]*)"`).FindAllStringSubmatch(string(b), -1)
	var got []string
	for _, m := range paths {
		got = append(got, m[1])
	}
	// What was shared for another purpose than the agreement's is in no process.
	if want := []string{"name", "emails/home", "payments/visa", "emails/home"}; !slices.Equal(got, want) {
		t.Errorf("data %v, want %v", got, want)
	}
	for _, want := range []string{`"dpv:ConsentWithdrawn"`, `"loc:US-UT"`, in.Card.String(), in.Terms.SHA256, `within thirty days`, `"dpv:SensitivePersonalData"`, day(30).String()} {
		if !strings.Contains(string(b), want) {
			t.Errorf("%s is not there", want)
		}
	}
}

func TestAPDCReceiptIsOfItsWork(t *testing.T) {
	b, err := receipt.Kantara(agreed(t, "PDC-AI"))
	if err != nil {
		t.Fatal(err)
	}
	if s := string(b); !strings.Contains(s, "Training of models") || !strings.Contains(s, "1 - Biographical") || strings.Contains(s, "2 - Contact\"") {
		t.Error(s)
	}
}

func TestWhatIsMissingIsNamed(t *testing.T) {
	for want, change := range map[string]func(*receipt.Agreed){
		"terms text has another hash": func(a *receipt.Agreed) { a.Terms.SHA256 = "" },
		"card is missing":             func(a *receipt.Agreed) { a.Card = dagcbor.CID{} },
		"URL of the text":             func(a *receipt.Agreed) { a.TextURL = "" },
		"time of the agreement":       func(a *receipt.Agreed) { a.Time = identity.Time{} },
		"jurisdiction is missing":     func(a *receipt.Agreed) { a.Jurisdiction = "" },
		"time of issue":               func(a *receipt.Agreed) { a.Issued = identity.Time{} },
		"vendor's name":               func(a *receipt.Agreed) { a.Vendor.Name = "" },
		"vendor's DID":                func(a *receipt.Agreed) { a.Vendor.DID = "alpine" },
		"person's DID":                func(a *receipt.Agreed) { a.Person = "" },
		"before the agreement":        func(a *receipt.Agreed) { a.Issued = day(-1) },
		"piece 0: path or purposes":   func(a *receipt.Agreed) { a.Pieces[0].Purposes = nil },
	} {
		for name, form := range map[string]func(receipt.Agreed) ([]byte, error){"Kantara": receipt.Kantara, "ISO": receipt.ISO27560} {
			a := agreed(t, "SD-BASE")
			change(&a)
			if _, err := form(a); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: got %v, want %q", name, err, want)
			}
		}
	}
}

// Two vendors learn nothing from each other's receipts: what is about the
// person is what the caller put in.
func TestReceiptsOfTwoVendorsShareNothingOfThePerson(t *testing.T) {
	a, b := agreed(t, "SD-BASE"), agreed(t, "SD-BASE")
	b.Person, b.Card = "did:webvh:QmOther:relay2.example:r2", dagcbor.Sum([]byte("another card"))
	for _, form := range []func(receipt.Agreed) ([]byte, error){receipt.Kantara, receipt.ISO27560} {
		out, err := form(b)
		if err != nil || strings.Contains(string(out), string(a.Person)) || strings.Contains(string(out), a.Card.String()) {
			t.Errorf("%v: %s", err, out)
		}
	}
}
