package receipt

import (
	"fmt"
	"slices"

	"github.com/parley-network/parley/relcard/terms"
)

type kantara struct {
	Version          string              `json:"version"`
	Jurisdiction     string              `json:"jurisdiction"`
	ConsentTimestamp int64               `json:"consentTimestamp"` // seconds since 1970
	CollectionMethod string              `json:"collectionMethod"`
	ConsentReceiptID string              `json:"consentReceiptID"`
	Language         string              `json:"language"`
	PIIPrincipalID   string              `json:"piiPrincipalId"`
	PIIControllers   []kantaraController `json:"piiControllers"`
	PolicyURL        string              `json:"policyUrl"`
	Services         []kantaraService    `json:"services"`
	Sensitive        bool                `json:"sensitive"`
	SPICat           []string            `json:"spiCat"`
}

type kantaraController struct {
	PIIController    string            `json:"piiController"`
	OnBehalf         bool              `json:"onBehalf"`
	Contact          string            `json:"contact"`
	Address          map[string]string `json:"address"`
	Email            string            `json:"email"`
	Phone            string            `json:"phone"`
	PIIControllerURL string            `json:"piiControllerUrl,omitempty"`
}

type kantaraService struct {
	Service  string           `json:"service"`
	Purposes []kantaraPurpose `json:"purposes"`
}

type kantaraPurpose struct {
	Purpose              string   `json:"purpose"`
	PurposeCategory      []string `json:"purposeCategory"`
	ConsentType          string   `json:"consentType"`
	PIICategory          []string `json:"piiCategory"`
	PrimaryPurpose       bool     `json:"primaryPurpose"`
	Termination          string   `json:"termination"`
	ThirdPartyDisclosure bool     `json:"thirdPartyDisclosure"` // figures without people in them are no disclosure
}

// Kantara writes a as a Kantara Consent Receipt 1.1.0 in JSON. Its id is the
// card's CID, so that two receipts of one version of a card are one. Time is
// in seconds since 1970.
func Kantara(a Agreed) ([]byte, error) {
	agreement, err := a.check()
	if err != nil {
		return nil, fmt.Errorf("write Kantara receipt: %w", err)
	}
	v := a.Vendor
	doc := kantara{
		Version: "KI-CR-v1.1.0", Jurisdiction: a.Jurisdiction, ConsentTimestamp: a.Time.Std().Unix(),
		CollectionMethod: "The person proffered the agreement " + agreement.Ref.String() + " and both parties signed it",
		ConsentReceiptID: a.Card.String(), Language: "en", PIIPrincipalID: string(a.Person),
		PIIControllers: []kantaraController{{
			PIIController: v.Name, Contact: orNotStated(v.Contact), Address: postal(v),
			Email: orNotStated(v.Email), Phone: orNotStated(v.Phone), PIIControllerURL: v.URL,
		}},
		PolicyURL: a.TextURL, SPICat: []string{},
		Services: []kantaraService{{Service: agreement.Title, Purposes: a.kantaraPurposes(agreement)}},
	}
	for _, p := range a.Pieces {
		if p.Sensitive {
			doc.Sensitive = true
			doc.SPICat = addOnce(doc.SPICat, kindOf(p.Path).kantara)
		}
	}
	return write("Kantara receipt", doc)
}

func (a *Agreed) kantaraPurposes(agreement terms.Agreement) []kantaraPurpose {
	var all []kantaraPurpose
	for i, u := range a.uses(agreement) {
		p := kantaraPurpose{
			Purpose: u.title, PurposeCategory: []string{u.category}, ConsentType: "EXPLICIT",
			PrimaryPurpose: i == 0, Termination: a.termination(),
		}
		for _, piece := range u.pieces {
			p.PIICategory = addOnce(p.PIICategory, kindOf(piece.Path).kantara)
		}
		if p.PIICategory == nil {
			p.PIICategory = []string{"15 - Behavioral"} // what arises between the two
		}
		all = append(all, p)
	}
	return all
}

func (a *Agreed) termination() string {
	switch {
	case !a.Ended.IsZero():
		return "Ended " + a.Ended.String()
	case !a.Expires.IsZero():
		return "Until " + a.Expires.String() + ", or when either party ends the agreement"
	}
	return "When either party ends the agreement"
}

// postal is a schema.org PostalAddress, as the specification's example has it.
func postal(v Vendor) map[string]string {
	m := map[string]string{"streetAddress": orNotStated(v.Address)}
	if v.Country != "" {
		m["addressCountry"] = v.Country
	}
	return m
}

func addOnce(all []string, s string) []string {
	if slices.Contains(all, s) {
		return all
	}
	return append(all, s)
}
