package mesh

import "github.com/parley-network/parley/sim/outcome"

type meaning struct{ name, unit, text string }

var costTold = []meaning{
	{"participants", "agents", "People and vendors"},
	{"intents", "intents", "Intents cast in the step"},
	{"topics_in_use", "topics", "Topics on which any was cast"},
	{"heard_share", "1", "Intents that a vendor heard who could serve them"},
	{"followers_per_intent", "nodes", "Nodes that an intent reaches, mean"},
	{"intent_per_follower_bytes", "bytes", "Sent for an intent by each of these, mean"},
	{"intent_total_bytes", "bytes", "Sent for an intent by all nodes, mean"},
	{"intent_per_participant_bytes", "bytes", "intent_total_bytes over all participants"},
	{"vendor_mean_bytes", "bytes", "Sent by a vendor's node in the step for all intents that reach it, idle connections not counted; mean"},
	{"vendor_p50_bytes", "bytes", "Likewise, median"},
	{"vendor_p99_bytes", "bytes", "Likewise, 99th percentile"},
	{"vendor_max_bytes", "bytes", "Likewise, the most"},
	{"person_mean_bytes", "bytes", "Sent by a person's node, likewise; mean"},
	{"person_p99_bytes", "bytes", "Likewise, 99th percentile"},
	{"idle_bytes", "bytes", "What a node sends in the step for its connections, whatever is cast"},
	{"delay_p50_seconds", "s", "Time from the cast until a follower has it, median of all deliveries"},
	{"delay_p99_seconds", "s", "Likewise, 99th percentile"},
}

var admissionTold = []meaning{
	{"spam_per_hour", "intents per hour", "Spam that a node takes in"},
	{"intents_per_hour", "intents per hour", "People's intents that a node takes in"},
	{"spam_share", "1", "Spam, of what a vendor hears"},
	{"spam_bytes_per_node_and_hour", "bytes per hour", "What a node sends for the spam taken in"},
	{"lost_share", "1", "People's intents that did not get out, for want of patience or of room in ledgers"},
	{"ledger_full_share", "1", "Share of the time in which ledgers are full"},
	{"difficulty_mean_bits", "leading zero bits", "Work asked for, mean"},
	{"kept_share", "1", "Share of their lives in which people's intents that got out are in ledgers"},
	{"work_mean_seconds", "s", "How long a phone works for an intent that got out, work done again included; mean"},
	{"work_p50_seconds", "s", "How long minting takes until it gets out, median"},
	{"work_p99_seconds", "s", "Likewise, 99th percentile"},
	{"attacker_tries_per_spam", "hashes", "The attacker's tries for each intent of its own taken in"},
}

var siegeTold = []meaning{
	{"<situation>_first_share", "1", "Deliveries that were made, of those owed, in the attack's first minute"},
	{"<situation>_after_share", "1", "Likewise, after that minute"},
	{"<situation>_quiet_p99_seconds", "s", "99th percentile of the delay in peace"},
	{"<situation>_first_p99_seconds", "s", "Likewise, in the attack's first minute"},
	{"<situation>_after_p99_seconds", "s", "Likewise, after that minute"},
	{"<situation>_after_max_seconds", "s", "The longest delay after that minute"},
	{"<situation>_slower", "1", "The longest delay after the attack's first minute over the longest in peace"},
	{"<situation>_sybil_places_share", "1", "Places in honest nodes' meshes that sybils hold at the end"},
	{"<situation>_victim_share", "1", "Deliveries made, of others' casts to node 0 and of its own to others, after the first minute; where one node is the target"},
	{"<situation>_victim_p99_seconds", "s", "99th percentile of their delay"},
}

// About tells what each number of an outcome of [Study] means.
func About() []outcome.About {
	var out []outcome.About
	for _, part := range []struct {
		study string
		of    []meaning
	}{{"cost", costTold}, {"admission", admissionTold}, {"siege", siegeTold}} {
		for _, t := range part.of {
			out = append(out, outcome.About{Name: t.name, Study: part.study, Unit: t.unit, Meaning: t.text, Value: true})
		}
	}
	return append(out,
		outcome.About{Name: "delay_seconds", Study: "cost", Unit: "s", Sample: true, Meaning: "The distribution of which delay_p50_seconds is the median"},
		outcome.About{Name: "work_seconds", Study: "admission", Unit: "s", Sample: true, Meaning: "The distribution of which work_p50_seconds is the median"})
}
