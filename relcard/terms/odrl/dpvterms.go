package odrl

import (
	"fmt"
	"strings"
)

// dpvTerm is what a term of the extension says: every practice at one level.
type dpvTerm struct {
	level     level
	practices []practice
}

// by says p of third parties.
func by3(p practice) practice { p.third = true; return p }

// dpvTerms are the terms by which the extension defines its agreements, and
// their plain variants. "…Allowed" and "…Disallowed" without a party are for
// second and third parties alike; DataSharing… is the definitions' word for
// what the vocabulary calls SharingData….
var dpvTerms = map[string]dpvTerm{
	"ServiceDeliveryRequired":        {owed, []practice{delivery}},
	"PortabilityRequired":            {owed, []practice{portable}},
	"PortabilityRequiredOnRequest":   {owed, []practice{portable}},
	"PortabilityRequiredImmediately": {owed, []practice{portable}},
	"PortabilityNotRequired":         {permitted, []practice{portable}},

	"AnalyticsAllowed":      {permitted, []practice{analytics, by3(analytics)}},
	"Analytics2PAllowed":    {permitted, []practice{analytics}},
	"AnalyticsDisallowed":   {prohibited, []practice{analytics, by3(analytics)}},
	"Analytics2PDisallowed": {prohibited, []practice{analytics}},
	"Analytics3PDisallowed": {prohibited, []practice{by3(analytics)}},

	"TrackingAllowed":      {permitted, []practice{tracking, by3(tracking)}},
	"Tracking2PAllowed":    {permitted, []practice{tracking}},
	"TrackingDisallowed":   {prohibited, []practice{tracking, by3(tracking)}},
	"Tracking2PDisallowed": {prohibited, []practice{tracking}},
	"Tracking3PDisallowed": {prohibited, []practice{by3(tracking)}},

	"ProfilingAllowed":      {permitted, []practice{profiling, by3(profiling)}},
	"Profiling2PAllowed":    {permitted, []practice{profiling}},
	"ProfilingDisallowed":   {prohibited, []practice{profiling, by3(profiling)}},
	"Profiling2PDisallowed": {prohibited, []practice{profiling}},
	"Profiling3PDisallowed": {prohibited, []practice{by3(profiling)}},

	"SharingDataAllowed":                   {permitted, []practice{sharing, anonymised}},
	"SharingData3PAllowed":                 {permitted, []practice{sharing, anonymised}},
	"SharingDataAnonymised3PAllowed":       {permitted, []practice{anonymised}},
	"SharingDataDisallowed":                {prohibited, []practice{sharing, anonymised}},
	"SharingData3PDisallowed":              {prohibited, []practice{sharing, anonymised}},
	"SharingDataAnonymised3PDisallowed":    {prohibited, []practice{anonymised}},
	"SharingDataNonAnonymised3PDisallowed": {prohibited, []practice{sharing}},
	"SharingDataNonAnonymisedDisallowed":   {prohibited, []practice{sharing}},
}

// dpvTermOf looks up a term of the extension by its short name.
func dpvTermOf(name string) (dpvTerm, bool) {
	local, ok := strings.CutPrefix(name, "p7012:")
	if !ok {
		return dpvTerm{}, false
	}
	if rest, ok := strings.CutPrefix(local, "DataSharing"); ok {
		local = "SharingData" + rest
	}
	t, ok := dpvTerms[local]
	return t, ok
}

// dpv reads the terms under dpv:hasPermission, hasProhibition or hasObligation.
func (r *reader) dpv(policy node, key string, l level) error {
	names, err := policy.refs(key)
	if err != nil {
		return err
	}
	for i, name := range names {
		where := fmt.Sprintf("%s[%d]", policy.at(key), i)
		t, ok := dpvTermOf(name)
		switch {
		case ok && t.level != l:
			return fmt.Errorf("%s: %.80q does not belong here", where, name)
		case ok:
			for _, p := range t.practices {
				if err := r.facts.say(p, l, where); err != nil {
					return err
				}
			}
		case l == prohibited:
			// It may be a part of a practice that is allowed elsewhere.
			return fmt.Errorf("%s: the term %.120q is not known", where, name)
		default:
			if err := r.facts.grant(fmt.Sprintf("%.120s", name), where); err != nil {
				return err
			}
		}
	}
	return nil
}
