package society

import (
	"slices"

	"github.com/parley-network/parley/sim/outcome"
)

// told is what a name means, as a value of a run unless series says otherwise.
type told struct{ name, unit, meaning string }

var takingPartTold = []told{
	{"peak_share", "1", "Most agents who took part after one step, of all agents"},
	{"peak_step", "step", "The step in which most joined, who began not counted"},
	{"participants", "agents", "Who takes part at the end; series: after each step"},
	{"people", "people", "People who take part after each step"},
	{"vendors", "vendors", "Vendors who take part after each step"},
	{"people_share", "1", "People inside at the end, of all people"},
	{"vendors_share", "1", "Vendors inside at the end, of all vendors"},
	{"joined", "agents", "How often agents joined, those who began included, each time that one came back too"},
	{"left", "agents", "How often agents left"},
	{"growth", "1", "Participants at the end over those who began"},
	{"places_alive", "towns", "Towns with a tenth of their people inside, and a vendor who serves them, at the end"},
}

var boughtTold = []told{
	{"intents", "intents", "Wishes of all people, inside or not"},
	{"filled_network", "intents", "Of these, bought in the network"},
	{"filled_incumbent", "intents", "Of these, bought through the incumbent"},
	{"unfilled", "intents", "Of these, not bought; the three add up to intents"},
	{"fill_network", "1", "filled_network over intents"},
	{"fill_incumbent", "1", "filled_incumbent over intents"},
	{"fill_none", "1", "unfilled over intents"},
	{"sold_share", "1", "Intents for which any vendor, inside or not, sells the thing in the town"},
	{"fill_members", "1", "Of intents cast in the network, those bought there"},
	{"served_share", "1", "Of intents cast, those for which somebody inside sells the thing in the town"},
	{"answered_share", "1", "Of intents cast, those for which an offer came in time"},
	{"heard_mean", "vendors", "Vendors who sell the thing there and whom an intent cast reached, mean"},
	{"offers_mean", "offers", "Offers that came in time for an intent cast, mean"},
	{"misled_share", "1", "Of intents cast, those whose vendor did not hold to its price"},
	{"end_fill_network", "1", "fill_network in the last quarter of the steps"},
	{"end_fill_members", "1", "fill_members in the last quarter of the steps"},
}

var paidTold = []told{
	{"price_network", "money", "Price paid in the network, mean; as a sample, the prices"},
	{"price_incumbent", "money", "Price paid through the incumbent, its fee included, mean"},
	{"surplus", "money per intent", "Worth less price of all that was bought in either way, over all intents"},
	{"worth_total", "money", "What all that was bought was worth to people"},
	{"paid_total", "money", "What they paid for it"},
	{"surplus_total", "money", "worth_total less paid_total"},
	{"vendors_total", "money", "What vendors took of paid_total, their costs not taken off"},
	{"fees_total", "money", "What the incumbent kept of it; the two add up to paid_total"},
	{"subsidy_total", "money", "What was given for taking part"},
	{"gain_person", "money per person and step", "Gain by the network, above what the incumbent alone would have given, less effort, for each person inside; value: of the last quarter of the steps"},
	{"gain_vendor", "money per vendor and step", "Margin on orders that it would not have had, less cost, for each vendor inside; value: of the last quarter of the steps"},
}

var costTold = []told{
	{"linked_mean", "identities", "Identities of the attacker that learned which node an intent cast came from, mean"},
	{"known", "parties per intent", "Parties that learned who wanted, beside the vendor bought of: those linked, the incumbent if it was needed, a person's fourth party (then the only one of the network); over all intents"},
	{"known_incumbent", "1", "Intents that the incumbent learned of, of all"},
	{"messages_each", "messages", "Copies of intents received, for each participant and step"},
	{"bytes_each", "bytes", "Bytes sent, for each participant and step; value: over all steps"},
	{"copies", "1", "Copies for each first delivery"},
	{"forged", "messages", "An attacker's messages that were taken in"},
	{"refused", "messages", "An attacker's messages that were turned away"},
	{"delay_p50_seconds", "s", "Time from the cast until a vendor who sells the thing there heard, median"},
	{"delay_p90_seconds", "s", "Likewise, 90th percentile"},
	{"delay_p99_seconds", "s", "Likewise, 99th percentile"},
	{"answer_p50_seconds", "s", "Time from the cast until the answer that was taken came, median"},
	{"answer_p99_seconds", "s", "Likewise, 99th percentile"},
	{"delay_seconds", "s", "The distribution of which delay_p50_seconds is the median"},
	{"answer_seconds", "s", "The distribution of which answer_p50_seconds is the median"},
}

// About tells what each number of an outcome means.
func About() []outcome.About {
	samples := []string{"delay_seconds", "answer_seconds", "price_network"}
	only := []string{"people", "vendors", "delay_seconds", "answer_seconds"} // no value of these
	var out []outcome.About
	for _, part := range [][]told{takingPartTold, boughtTold, paidTold, costTold} {
		for _, t := range part {
			out = append(out, outcome.About{
				Name: t.name, Study: "society", Unit: t.unit, Meaning: t.meaning, Value: !slices.Contains(only, t.name),
				Series: slices.Contains(SeriesNames(), t.name), Sample: slices.Contains(samples, t.name),
			})
		}
	}
	return out
}
