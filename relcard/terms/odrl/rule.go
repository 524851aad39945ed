package odrl

import (
	"fmt"
	"strings"
)

// parties of a policy: at most one person and one second party are named.
type parties struct{ assigner, assignee string }

// reader reads the rules of one policy.
type reader struct {
	facts   *facts
	parties parties
}

// ruleFields are the fields of an ODRL rule that are read. Duties upon
// permissions, remedies and consequences are not: no agreement of the roster
// has them.
var ruleFields = []string{"@type", "@id", "odrl:uid", "odrl:action", "odrl:target", "odrl:assigner", "odrl:assignee", "odrl:constraint"}

// maxNames is the most actions, targets and assignees of one rule each, for
// their product is what must be looked at.
const maxNames = 16

// rules reads the rules under one of permission, prohibition and obligation.
func (r *reader) rules(policy node, key string, l level) error {
	v, ok := policy.fields[key]
	if !ok {
		return nil
	}
	for i, e := range list(v) {
		n, err := policy.names.open(e, fmt.Sprintf("%s[%d]", policy.at(key), i))
		if err != nil {
			return err
		}
		if err := n.only(ruleFields...); err != nil {
			return err
		}
		if err := r.rule(n, l); err != nil {
			return err
		}
	}
	return nil
}

// rule reads one rule: every action upon every target by every assignee.
func (r *reader) rule(n node, l level) error {
	if err := ruleType(n, l); err != nil {
		return err
	}
	actions, err := n.refs("odrl:action")
	if err != nil {
		return err
	}
	if len(actions) == 0 {
		return fmt.Errorf("%s: has no action", n.where)
	}
	targets, err := n.refs("odrl:target")
	if err != nil {
		return err
	}
	if len(targets) == 0 {
		targets = []string{""}
	}
	purpose, narrow, err := purposeOf(n)
	if err != nil {
		return err
	}
	who, err := r.who(n)
	if err != nil {
		return err
	}
	if most := max(len(actions), len(targets), len(who)); most > maxNames {
		return fmt.Errorf("%s: names %d actions, targets or assignees, the most is %d", n.where, most, maxNames)
	}
	for _, action := range actions {
		for _, target := range targets {
			for _, third := range who {
				c := clause{action, target, purpose, third, narrow}
				if err := r.clause(c, l, n.where); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// ruleType checks that a rule that has a class has that of its place.
func ruleType(n node, l level) error {
	types, err := n.refs("@type")
	if err != nil {
		return err
	}
	want := map[level]string{permitted: "odrl:Permission", prohibited: "odrl:Prohibition", owed: "odrl:Duty"}[l]
	for _, t := range types {
		if t != want {
			return fmt.Errorf("%s.@type: is %.80q, wants %s", n.where, t, want)
		}
	}
	return nil
}

// who returns whose practice the rule is about: false for the second party,
// true for third parties. A rule that names nobody is for the second party.
func (r *reader) who(n node) ([]bool, error) {
	assigner, err := n.ref("odrl:assigner")
	if err != nil {
		return nil, err
	}
	if err := r.parties.setAssigner(assigner, n.at("odrl:assigner")); err != nil {
		return nil, err
	}
	names, err := n.refs("odrl:assignee")
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return []bool{false}, nil
	}
	var who []bool
	for _, name := range names {
		third := name == "p7012:ThirdParty" || name == "dpv:ThirdParty"
		if !third {
			if err := r.parties.setAssignee(name, n.at("odrl:assignee")); err != nil {
				return nil, err
			}
		}
		who = append(who, third)
	}
	return who, nil
}

// role reports whether a name is a part anybody can play, not somebody.
func role(name string) bool {
	return strings.HasPrefix(name, "p7012:") || strings.HasPrefix(name, "dpv:")
}

func (p *parties) setAssigner(name, where string) error {
	switch {
	case name == "", name == "p7012:Person":
		return nil
	case role(name):
		return fmt.Errorf("%s: %.80q can't be the first party", where, name)
	case p.assigner != "" && p.assigner != name:
		return fmt.Errorf("%s: a second assigner, %.120q", where, name)
	}
	p.assigner = name
	return nil
}

func (p *parties) setAssignee(name, where string) error {
	switch {
	case name == "", name == "p7012:Entity":
		return nil
	case role(name):
		return fmt.Errorf("%s: %.80q can't be the second party", where, name)
	case p.assignee != "" && p.assignee != name:
		return fmt.Errorf("%s: a second assignee, %.120q", where, name)
	}
	p.assignee = name
	return nil
}

// purposeOf reads the constraints of a rule: the purpose it is limited to, and
// whether it is narrower than that in a way that is not understood here.
func purposeOf(n node) (purpose string, narrow bool, err error) {
	v, ok := n.fields["odrl:constraint"]
	if !ok {
		return "", false, nil
	}
	for i, e := range list(v) {
		c, err := n.names.open(e, fmt.Sprintf("%s[%d]", n.at("odrl:constraint"), i))
		if err != nil {
			return "", false, err
		}
		if err := c.only("@type", "@id", "odrl:uid", "odrl:leftOperand", "odrl:operator", "odrl:rightOperand"); err != nil {
			return "", false, err
		}
		left, err := c.ref("odrl:leftOperand")
		if err != nil {
			return "", false, err
		}
		operator, err := c.ref("odrl:operator")
		if err != nil {
			return "", false, err
		}
		switch left {
		case "dpv-odrl:Purpose", "dpv:Purpose", "dpv:hasPurpose", "odrl:purpose":
		default:
			narrow = true
			continue
		}
		if operator != "odrl:eq" && operator != "odrl:isA" || purpose != "" {
			return "", false, fmt.Errorf("%s: only one purpose, by eq or isA, is understood", c.where)
		}
		if purpose, err = c.ref("odrl:rightOperand"); err != nil {
			return "", false, err
		}
		if purpose == "" {
			return "", false, fmt.Errorf("%s: names no purpose", c.where)
		}
	}
	return purpose, narrow, nil
}
