// Package odrl writes an agreement of the roster as an ODRL 2.2 policy in
// JSON-LD with the words of the W3C Data Privacy Vocabulary (DPV), and reads
// such policies from others.
//
// What the words are and where they are published:
//
//   - ODRL: the W3C Recommendations "ODRL Information Model 2.2" and "ODRL
//     Vocabulary & Expression 2.2", and the JSON-LD context that they name,
//     http://www.w3.org/ns/odrl.jsonld. It is recognised by its address and
//     never fetched.
//   - The DPV extension for IEEE 7012 ("MyTerms"), which has two namespaces in
//     use: https://w3id.org/dpv/standards/p7012# in DPV 2.1 and 2.2, and
//     https://w3id.org/dpv/standards/ieee/7012# from DPV 2.3 (February 2026)
//     on, whose changelog tells adopters to move. The concepts used here have
//     the same names in both. Agreements are called SD-BASE… from DPV 2.2 on.
//   - The shape of the rules: the draft ODRL contracts that the extension
//     refers to (github.com/coolharsh55/7012-contracts), and the example in
//     section 6.2 of the extension itself. These write dpv-odrl:Tracking,
//     Profiling, Share and AnonymisedData, which the dpv-odrl vocabulary does
//     not define; DPV does, so those are written as dpv: and read as either.
//   - The DPV terms of an agreement (p7012:Analytics2PAllowed and the like, by
//     dpv:hasPermission, dpv:hasProhibition, dpv:hasObligation), as the
//     extension's own definitions of SD-BASE… state them. Not all of these are
//     defined terms and some have two names; all that are used are read.
//
// This is not a JSON-LD processor. Names may be terms of the ODRL context,
// names with a declared prefix, or full IRIs; anything else is refused.
package odrl

import "strings"

// Namespace is one of the two namespaces of the DPV extension for IEEE 7012.
type Namespace string

// The namespaces. Both are read; IEEE7012 is written unless asked otherwise.
const (
	IEEE7012 Namespace = "https://w3id.org/dpv/standards/ieee/7012#" // DPV 2.3
	P7012    Namespace = "https://w3id.org/dpv/standards/p7012#"     // DPV 2.1 and 2.2
)

// contextURL is the JSON-LD context of ODRL 2.2; https is met too.
const contextURL = "http://www.w3.org/ns/odrl.jsonld"

// profileIRI names the DPV profile of ODRL.
const profileIRI = "https://w3id.org/dpv/mappings/odrl"

// namespaces gives each vocabulary the prefix by which this package calls it.
var namespaces = []struct{ prefix, iri string }{
	{"odrl", "http://www.w3.org/ns/odrl/2/"},
	{"p7012", string(IEEE7012)},
	{"p7012", string(P7012)},
	{"dpv-odrl", "https://w3id.org/dpv/mappings/odrl#"},
	{"dpv", "https://w3id.org/dpv#"},
	{"dct", "http://purl.org/dc/terms/"},
	{"schema", "https://schema.org/"},
	{"schema", "http://schema.org/"},
	{"spdx", "http://spdx.org/rdf/terms#"},
	{"rdfs", "http://www.w3.org/2000/01/rdf-schema#"},
	{"skos", "http://www.w3.org/2004/02/skos/core#"},
}

// contextPrefixes are declared by the ODRL context itself.
var contextPrefixes = map[string]string{
	"odrl":   "http://www.w3.org/ns/odrl/2/",
	"dct":    "http://purl.org/dc/terms/",
	"schema": "http://schema.org/",
	"rdfs":   "http://www.w3.org/2000/01/rdf-schema#",
	"skos":   "http://www.w3.org/2004/02/skos/core#",
}

// contextTerms are the terms of the ODRL context that can stand in a policy
// read here.
var contextTerms = map[string]bool{
	"uid": true, "profile": true, "conflict": true, "permission": true, "prohibition": true, "obligation": true,
	"action": true, "target": true, "assigner": true, "assignee": true, "constraint": true,
	"leftOperand": true, "operator": true, "rightOperand": true, "purpose": true, "use": true,
	"Policy": true, "Set": true, "Offer": true, "Request": true, "Agreement": true,
	"Permission": true, "Prohibition": true, "Duty": true, "Constraint": true,
	"eq": true, "isA": true, "perm": true, "prohibit": true, "invalid": true,
}

// short returns an IRI of a known vocabulary as prefix:name, and any other
// as it is.
func short(iri string) string {
	// DPV 2.1 to 2.3 publish the IRI of Tracking2PAllowed with a line feed at
	// its end.
	iri = strings.TrimSuffix(iri, "\n")
	for _, n := range namespaces {
		if name, ok := strings.CutPrefix(iri, n.iri); ok && name != "" {
			return n.prefix + ":" + name
		}
	}
	return iri
}
