package receipt

import (
	"fmt"

	"github.com/parley-network/parley/identity"
	"github.com/parley-network/parley/relcard/terms"
)

// node is an object of the JSON-LD; maps are written in the order of their keys.
type node = map[string]any

// Schemas of the guide, https://w3id.org/dpv/schema/dpv-27560#.
const (
	recordSchema  = "https://w3id.org/dpv/schema/dpv-27560#record"
	receiptSchema = "https://w3id.org/dpv/schema/dpv-27560#receipt"
)

// ISO27560 writes a as a consent receipt with one consent record by ISO/IEC TS
// 27560:2023, in JSON-LD with the fields of the DPVCG guide. The identifier is
// the card's CID as an IRI.
func ISO27560(a Agreed) ([]byte, error) {
	agreement, err := a.check()
	if err != nil {
		return nil, fmt.Errorf("write 27560 receipt: %w", err)
	}
	return write("27560 receipt", node{
		"@context": node{
			"dpv": "https://w3id.org/dpv#", "pd": "https://w3id.org/dpv/pd#", "loc": "https://w3id.org/dpv/loc#",
			"p7012": "https://w3id.org/dpv/standards/ieee/7012#", "dct": "http://purl.org/dc/terms/",
			"schema": "https://schema.org/", "skos": "http://www.w3.org/2004/02/skos/core#",
			"rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#", "spdx": "http://spdx.org/rdf/terms#",
		},
		"@id": a.uid() + "#receipt", "@type": "dpv:ConsentReceipt",
		"dct:conformsTo": receiptSchema, "dpv:hasIdentifier": a.uid() + "#receipt",
		"dct:created": a.Issued.String(), "dpv:hasRecordOfActivity": []node{a.record(agreement)},
	})
}

func (a *Agreed) record(agreement terms.Agreement) node {
	processes := []node{}
	for _, u := range a.uses(agreement) {
		processes = append(processes, a.process(u, agreement))
	}
	return node{
		"@id": a.uid(), "@type": "dpv:ConsentRecord",
		"dct:conformsTo": recordSchema, "dct:identifier": a.uid(), "dpv:hasIdentifier": a.uid(),
		"dpv:hasDataSubject":    node{"@id": string(a.Person), "@type": "dpv:DataSubject", "dct:identifier": string(a.Person)},
		"dpv:hasDataController": string(a.Vendor.DID),
		"dpv:hasJurisdiction":   "loc:" + a.Jurisdiction,
		"dpv:hasNotice": node{
			"@id": a.TextURL, "@type": "dpv:ConsentNotice", "dct:title": agreement.Ref.String(), "dct:language": "en",
			"spdx:checksum": node{"spdx:algorithm": "spdx:checksumAlgorithm_sha256", "spdx:checksumValue": agreement.Ref.SHA256},
		},
		"dpv:hasProcess":       processes,
		"dpv:hasEntity":        []node{a.subject(), a.controller()},
		"dpv:hasConsentStatus": a.events(),
	}
}

// process is one use of data with what the guide requires of it.
func (a *Agreed) process(u use, agreement terms.Agreement) node {
	data := []node{}
	for _, p := range u.pieces {
		class := "dpv:PersonalData"
		if p.Sensitive {
			class = "dpv:SensitivePersonalData"
		}
		d := node{"@type": class, "skos:broader": kindOf(p.Path).pd, "dct:identifier": p.Path}
		if !p.Until.IsZero() {
			d["dpv:hasDuration"] = until(p.Until)
		}
		data = append(data, d)
	}
	data = append(data, node{"@type": "dpv:PersonalData", "skos:broader": u.arises})
	if u.name == "anonymised-sharing" {
		data = []node{{"@type": "dpv:AnonymisedData"}}
	}
	return node{
		"@type": "dpv:Process", "dct:title": u.title,
		"dpv:hasPurpose": u.purpose, "dpv:hasProcessing": u.processing, "dpv:hasPersonalData": data,
		"dpv:hasDataController": string(a.Vendor.DID), "dpv:hasRecipient": recipients(a, u),
		"dpv:hasLegalBasis": "dpv:ExplicitlyExpressedConsent", "dpv:hasJurisdiction": "loc:" + a.Jurisdiction,
		"dpv:hasStorageCondition": []node{
			{"@type": "dpv:StorageLocation", "dpv:hasLocation": country(a.Vendor.StoredIn)},
			{"@type": "dpv:StorageDuration", "dpv:hasDuration": a.duration()},
		},
		"dpv:hasConsentControl": node{
			"@type": "dpv:WithdrawConsent", "dpv:isExercisedAt": a.uid(),
			"dct:description": "Either party ends the agreement by a signed record; the other need not consent.",
		},
		"dpv:hasRight": rights(a, agreement),
	}
}

// recipients are the vendor, and for figures without people in them others.
func recipients(a *Agreed, u use) []string {
	if u.name == "anonymised-sharing" {
		return []string{string(a.Vendor.DID), "dpv:ThirdParty"}
	}
	return []string{string(a.Vendor.DID)}
}

func rights(a *Agreed, agreement terms.Agreement) []node {
	all := []node{{
		"@type": "dpv:DataSubjectRight", "dct:title": "Deletion when the agreement ends", "dpv:isExercisedAt": a.uid(),
	}}
	if agreement.Rules.Portability == terms.Must {
		all = append(all, node{
			"@type": "dpv:DataSubjectRight", "dct:title": "A full copy in an open form within thirty days", "dpv:isExercisedAt": a.uid(),
		})
	}
	return all
}

func (a *Agreed) subject() node {
	return node{"@id": string(a.Person), "@type": "dpv:DataSubject", "dpv:hasName": "the person of this card", "dpv:hasIdentifier": string(a.Person)}
}

func (a *Agreed) controller() node {
	v := a.Vendor
	n := node{
		"@id": string(v.DID), "@type": "dpv:DataController", "dpv:hasName": v.Name, "dpv:hasIdentifier": string(v.DID),
		"schema:contactPoint": node{
			"@type": "schema:ContactPoint", "schema:name": orNotStated(v.Contact),
			"schema:email": orNotStated(v.Email), "schema:telephone": orNotStated(v.Phone),
		},
		"schema:address": node{
			"@type": "schema:PostalAddress", "schema:streetAddress": orNotStated(v.Address), "schema:addressCountry": orNotStated(v.Country),
		},
	}
	if v.URL != "" {
		n["schema:url"] = v.URL
	}
	return n
}

// events are the giving of consent and, when the card was ended, its end.
func (a *Agreed) events() []node {
	all := []node{{
		"@type":                 []string{"dpv:ConsentGiven", "dpv:ExplicitlyExpressedConsent"},
		"dpv:isIndicatedAtTime": a.Time.String(), "dpv:isIndicatedBy": string(a.Person), "dpv:hasDuration": a.duration(),
		"dpv:hasIndicationMethod": "A signature over the card, beside the other party's",
	}}
	if !a.Ended.IsZero() {
		by, status := a.Person, "dpv:ConsentWithdrawn"
		if a.EndedBy == identity.RoleVendor {
			by, status = a.Vendor.DID, "dpv:ConsentRevoked" // DPV: by another than the data subject
		}
		all = append(all, node{
			"@type":                 []string{status, "dpv:ExplicitlyExpressedConsent"},
			"dpv:isIndicatedAtTime": a.Ended.String(), "dpv:isIndicatedBy": string(by), "dpv:hasDuration": node{"@type": "dpv:EndlessDuration"},
		})
	}
	return all
}

func (a *Agreed) duration() node {
	if !a.Expires.IsZero() {
		return until(a.Expires)
	}
	return node{"@type": "dpv:UntilEventDuration", "rdf:value": "either party ends the agreement"}
}

func until(t identity.Time) node {
	return node{"@type": "dpv:UntilTimeDuration", "rdf:value": t.String()}
}

func country(code string) string {
	if code == "" {
		return notStated
	}
	return "loc:" + code
}
