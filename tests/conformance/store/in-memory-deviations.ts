import { legalLabels } from "../../helpers/labels.js";

const FILTERS: Record<string, string> = {
  "$eq of an object is equality, whatever the order of its properties": "objects are compared by identity",
  "$ne holds for what is missing": "the elements of an array are not looked at",
  "$exists: null exists, what is missing does not": "$exists is unknown and taken for a value",
  "$exists: false is the opposite": "$exists is unknown and taken for a value",
  "ranges compare numbers with numbers only": "operands are converted with Number()",
  "$lt excludes it": "operands are converted with Number()",
  "ranges compare strings with strings, by code unit": "operands are converted with Number()",
  "dates are ISO strings, in order of time": "operands are converted with Number()",
  "a dotted key is a path": "only top-level properties can be filtered by",
  "a plain object matches when each of its entries does": "objects are compared by identity",
  "objects nest": "objects are compared by identity",
  "$ne within an object holds for what is missing": "objects are compared by identity",
  "a path into an array matches when an element does": "the elements of an array are not looked at",
  "$ne and $nin of an array hold when no element is equal": "the elements of an array are not looked at",
  "a range is matched by an element that is within all of its bounds":
    "the elements of an array are not looked at",
  "long strings are equal by every character": "the elements of an array are not looked at",
  "a long string can be excluded": "the elements of an array are not looked at",
  "a list of values can be long": "the elements of an array are not looked at",
  "a path can be long": "$exists is unknown and taken for a value",
  "arrays on the way of a path are entered": "only top-level properties can be filtered by",
  "a plain object is matched by one element as a whole": "objects are compared by identity",
  "an empty object matches objects": "it asks for nothing",
  "an infinite bound beside another one says nothing": "operands are converted with Number()",
  "an operator beside a $and of several holds, too": "the operator is unknown and taken for a value",
  "an array is equal to an array with the same elements": "arrays are compared by identity",
  ...Object.fromEntries(
    [
      "$startsWith matches strings that begin with it",
      "every string begins with the empty one",
      "$startsWith and a range hold for one value",
      "$or matches when one of its filters does",
      "$or stands beside fields, and several of them hold together",
      "$or of nothing matches nothing, $and of nothing everything",
      "$or of an empty filter matches everything",
      "$and matches when all of its filters do, each by a value of its own",
      "$not matches exactly what its filter does not",
      "$not of a range holds for what is no number, and for what is missing",
      "$not of one bound does too",
      "$not of $ne is equality, $not of $exists is the opposite",
      "$not of a plain object holds when no element matches it",
      "$not twice is nothing",
      "what follows a field is combined too",
      "within a plain object alternatives are asked of one element",
      "alternatives nest deeper than a query can",
    ].map((says) => [says, "the operator is unknown and taken for a value"]),
  ),
};

const MODES = ["without an index", "with an index"];

/** What versions did that allowed colons in labels. */
const OLDER: Record<string, string> = {
  "labels that hold a separator are not two labels": "labels are joined with a colon",
  "a search does not find what is in a sibling":
    "a namespace matches when its joined text begins with the prefix",
  "long labels are told apart to the last character":
    "a namespace matches when its joined text begins with the prefix",
  "a query stays within its namespace": "a namespace matches when its joined text begins with the prefix",
  "hostile labels come back as they are": "labels are joined with a colon and split again",
};

/** Where LangGraph's own in-memory store breaks the contract, by the statement it breaks. */
export const IN_MEMORY_DEVIATIONS: Readonly<Record<string, string>> = {
  ...(legalLabels(["a:b"]).length > 0 ? OLDER : {}),
  "changing what was put, or what was got, changes nothing in the store":
    "it keeps and returns the very objects",
  "reads of a batch see the store as it was before it": "what a get returned is changed by the put after it",
  "without a query the newest come first": "the oldest come first",
  "a filter that cannot be understood is an error": "it matches nothing instead",
  "an item that is not indexed is stored but not found by a query":
    "pages are padded with items without a score",
  "index: false takes an item's vectors away": "the old vectors stay",
  "all vectors of an item are replaced and deleted with it": "the old vectors stay",
  "a namespace without items is no longer listed": "it is listed for ever",
  ...Object.fromEntries(
    Object.entries(FILTERS).flatMap(([says, instead]) =>
      MODES.map((mode) => [`filter: ${says} (${mode})`, instead]),
    ),
  ),
};
