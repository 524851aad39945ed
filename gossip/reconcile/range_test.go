package reconcile_test

import "slices"

// What reconciliation by fingerprints of ranges costs (Meyer, "Range-Based Set
// Reconciliation", SRDS 2023), to choose by: two sides take turns. Who is told
// the fingerprint of a range and has another one answers with those of 16 parts
// of it, each of as many ids, or, where it has no more than 16, with the ids.
// Short ids are 8 bytes here as well; with whole ids it costs some three times
// as much where ids are told.
const (
	rangeParts       = 16
	rangeFingerprint = 16 + 1 + 4 // with what it is and up to where
	rangeIDs         = 1 + 1 + 4  // and 8 for each id
)

type span struct{ from, to uint64 } // without to

// rangeBased returns the bytes and round trips until each difference is known
// to one of the sides, as a sum of XORs stands for fingerprints that are equal.
func rangeBased(a, b []uint64) (bytes, rounds int) {
	sides := [2][]uint64{slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))}
	open := []span{{0, 1<<64 - 1}}
	messages := 0
	for turn := 0; len(open) > 0; turn = 1 - turn {
		messages++
		var next []span
		mine, theirs := sides[turn], sides[1-turn]
		for _, s := range open {
			in := within(mine, s)
			if len(in) <= rangeParts {
				bytes += rangeIDs + 8*len(in)
				continue
			}
			from := s.from
			for i := range rangeParts {
				to := s.to
				if i < rangeParts-1 {
					to = in[len(in)*(i+1)/rangeParts]
				}
				part := span{from, to}
				bytes += rangeFingerprint
				if fingerprint(within(mine, part)) != fingerprint(within(theirs, part)) {
					next = append(next, part)
				}
				from = to
			}
		}
		open = next
	}
	return bytes, (messages + 1) / 2
}

func within(sorted []uint64, s span) []uint64 {
	from, _ := slices.BinarySearch(sorted, s.from)
	to, _ := slices.BinarySearch(sorted, s.to)
	return sorted[from:to]
}

func fingerprint(shorts []uint64) (sum uint64) {
	for _, s := range shorts {
		sum += s*0x9e3779b97f4a7c15 ^ s>>32
	}
	return sum
}
