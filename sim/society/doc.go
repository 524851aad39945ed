// Package society lives a scenario step by step: who joins and leaves, who
// wants what, who answers, who gains. It is the same for both engines; what
// differs is the [Medium], which carries the intents: real nodes, or the model.
//
// # A step
//
// Those come and go whom the adoption rule names (package adoption), by what
// they felt in the step before. Every person, inside the network or not, has a
// Poisson number of intents, each of a category (Zipf), in its own town, worth
// something to it (Normal). Those of who is inside are cast over the medium.
// For a share of all, the incumbent has a lead to a vendor, who passes its fee
// on; vendors and persons may use both ways. The person takes whichever is
// cheapest of what it is offered, at most at what the thing is worth.
//
// What one gains is what the network gave above what the incumbent alone would
// have: a person its surplus, a vendor its margin on orders it would not have
// had. One outside reckons with who takes part in its town and sells what it
// wants, and with what those inside tell of their gains.
//
// # Attacks on the market
//
// Of vendors, attack.share collude or lie. Those who collude ask what a seller
// of everything would. Those who lie ask half at first and, when the others'
// answers have lapsed, that; the person pays if the thing is worth it, and
// deals with them no more. With first-answer, attack.share of people take the
// first answer that is good enough. A fourth party never does, and all of them
// know what one has learned.
//
// # What is found
//
// Values and series; those marked s are series too, by step. Money is in the
// scenario's units, a share is of 1.
//
//	participants       s  who takes part at the end; series: after each step
//	people, vendors    s  series: of them
//	people_share          people inside at the end, of all; so vendors_share
//	peak_share            most who took part after one step, of all agents
//	peak_step             the step in which most joined, who began not counted
//	joined, left       s  comings and goings, those who began included
//	growth                participants at the end over those who began
//	places_alive          towns with a tenth of their people and a vendor inside
//	intents            s  wishes of all people
//	filled_network        of these: bought in the network,
//	filled_incumbent      through the incumbent,
//	unfilled              or not at all; the three add up to intents
//	fill_network       s  the same as shares of intents
//	fill_incumbent     s
//	fill_none          s
//	sold_share            intents for which anybody sells the thing in the town
//	fill_members       s  of intents cast in the network: bought there
//	served_share       s  of those: somebody inside sells it in the town
//	answered_share     s  of those: an offer came in time
//	heard_mean            of those: vendors reached who sell it there, each
//	offers_mean           of those: offers that came, each
//	misled_share          of those: the vendor did not hold to its price
//	end_fill_network      fill_network of the last quarter of the steps
//	end_fill_members      fill_members of the last quarter
//	price_network      s  mean price paid in the network; also a sample
//	price_incumbent    s  mean price paid through the incumbent, its fee included
//	surplus            s  worth less price, for each intent of all
//	worth_total           of all that was bought: what it was worth to people,
//	paid_total            what they paid,
//	surplus_total         the difference,
//	vendors_total         what vendors took of it, their costs not taken off,
//	fees_total            what the incumbent kept; these two add up to paid_total
//	subsidy_total         what was given for taking part
//	gain_person        s  gain less effort, for each person inside and step
//	gain_vendor        s  gain less cost, for each vendor; values: last quarter
//	delay_p50_seconds     until a vendor heard, from the cast; so p90, p99
//	answer_p50_seconds    until the answer that was taken came; so p99
//	linked_mean           of casts: the attacker's identities that learned which
//	                      node it came from, each
//	known              s  parties that learned who wanted, for each intent of all,
//	                      beside the vendor that was bought of: the linked, the
//	                      incumbent if it was needed, a person's fourth party,
//	                      which then is the only one of the network
//	known_incumbent    s  intents that the incumbent learned of
//	messages_each      s  copies received, for each participant and step
//	bytes_each         s  bytes sent, likewise
//	copies                copies for each first delivery
//	forged, refused       an attacker's messages taken and turned away
//
// Samples are delay_seconds, answer_seconds and price_network. A ratio of
// nothing to nothing is 0 in a series, and left out as a value, as are delays
// and samples of nothing.
package society
