// Package market is what both sides of a market decide for themselves: a
// vendor's node holds an intent against its catalogue and rules ([Match]), and
// the asker's node holds the offers against the intent and puts them in order
// ([Rank]). It is pure: no I/O, no clock, nothing random. Both sides read an
// intent with the same code, so that whatever Match drafts, Rank accepts.
//
// # What answers a want
//
// Names, categories and text values are compared folded: NFKC, without case,
// with white space collapsed and invisible characters dropped. Diacritics and
// look-alike letters stay different. Properties are compared so as well, and
// with ' ', '-' and '_' as one.
//
// A thing is what a want means, the surest way first, when
//
//   - its GTIN is the want's, in 14 digits. Another GTIN rules it out, whatever
//     else agrees;
//   - its SKU is the want's, and so is its name if the want has one: a SKU is
//     one vendor's own number;
//   - its name is the want's, unless both have a SKU and these differ;
//   - the want has no GTIN, SKU or name, and the thing is in the intent's
//     category or beneath it and meets every required attribute. A want that
//     has one of the three is never answered by category and attributes: the
//     thing's own name or number would contradict it.
//
// Required attributes bind in every case. One that is absent, of another type
// or in another unit is not met; nor is existence met by a false. Resemblance
// of words makes a [Suggestion] to a person at the vendor and nothing else.
//
// # What an offer contains
//
// Items sell at list price. Charges that come with an item are added once a
// line; optional ones only where the intent requires an attribute of their
// name to be true. What the intent excludes may be no charge, no line, and no
// attribute of a line or the seller except a false one.
package market
