package node

import (
	"fmt"
	"strings"

	"github.com/parley-network/parley/node/channel"
	"github.com/parley-network/parley/node/loyalty"
	"github.com/parley-network/parley/relcard/decline"
	"github.com/parley-network/parley/relcard/disclosure"
	"github.com/parley-network/parley/relcard/negotiation"
	"github.com/parley-network/parley/relcard/statement"
)

// statementText says a statement in one line.
func statementText(s *statement.Statement) string {
	text, err := contentText(s)
	if err != nil {
		return "can't be read: " + clip(err.Error(), maxReason)
	}
	return text
}

func contentText(s *statement.Statement) (string, error) {
	b := s.Body.Content
	switch s.Body.Kind {
	case negotiation.KindProffer:
		c, err := negotiation.DecodeProffer(b)
		if err != nil {
			return "", err
		}
		return fmt.Sprintf("proffers %s, until %s", profferText(c), c.Expires), nil
	case negotiation.KindAnswer:
		c, err := negotiation.DecodeAnswer(b)
		if err != nil {
			return "", err
		}
		return answerText(c), nil
	case negotiation.KindClose:
		c, err := negotiation.DecodeClose(b)
		if err != nil {
			return "", err
		}
		return strings.TrimSuffix(fmt.Sprintf("closes the negotiation, %s: %s", c.Cause, c.Reason), ": "), nil
	case decline.Kind:
		c, err := decline.Decode(b)
		return strings.TrimSuffix("declines the proposed version: "+c.Reason, ": "), err
	case loyalty.Kind:
		c, err := loyalty.DecodeStatement(b)
		if err != nil {
			return "", err
		}
		return strings.TrimSpace(fmt.Sprintf("states to be a %s customer. %s", c.Level, c.Text)), nil
	case channel.StatementKind:
		c, err := channel.DecodeSetting(b)
		return "says that " + settingText(c, "the channel"), err
	}
	return dataText(s.Body.Kind, b)
}

// dataText is contentText of the statements about data.
func dataText(kind statement.Kind, b []byte) (string, error) {
	switch kind {
	case disclosure.KindDisclose:
		c, err := disclosure.DecodeDisclose(b)
		if err != nil {
			return "", err
		}
		items := make([]string, len(c.Items))
		for i, it := range c.Items {
			items[i] = itemText(it)
		}
		return "shares " + strings.Join(items, "; "), nil
	case disclosure.KindRetract:
		c, err := disclosure.DecodeRetract(b)
		return fmt.Sprintf("takes back items %v", c.Items), err
	case disclosure.KindReceipt:
		c, err := disclosure.DecodeReceipt(b)
		return strings.TrimSuffix(fmt.Sprintf("%s: %s", c.Verdict, c.Reason), ": "), err
	case disclosure.KindDemand:
		c, err := disclosure.DecodeDemand(b)
		return fmt.Sprintf("demands to %s what was shared, by %s", c.What, c.Deadline), err
	case disclosure.KindComply:
		c, err := disclosure.DecodeComply(b)
		return strings.TrimSuffix(fmt.Sprintf("%s: %s", c.Did, c.Reason), ": "), err
	}
	return "of a kind that is not known here", nil
}

func itemText(it disclosure.Item) string {
	s := fmt.Sprintf("%s (item %d) for %s", it.Path, it.ID, strings.Join(it.Purpose, ", "))
	if it.Replaces != 0 {
		s += fmt.Sprintf(", in place of item %d", it.Replaces)
	}
	if !it.From.IsZero() {
		s += ", from " + it.From.String()
	}
	if !it.Until.IsZero() {
		s += ", until " + it.Until.String()
	}
	return s
}
