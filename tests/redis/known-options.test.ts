import { InvalidInputError } from "langgraph-redis";
import { expect, test } from "vitest";
import { checkKnownOptions, type KnownOptions } from "../../src/redis/known-options.js";

interface Ttl {
  defaultTTL: number;
  refreshOnRead?: boolean;
}

const KNOWN: KnownOptions<Ttl> = { defaultTTL: true, refreshOnRead: true };

test.each([[undefined], [{}], [{ defaultTTL: 1 }], [{ defaultTTL: 1, refreshOnRead: undefined }]])(
  "%j has known options only",
  (options) => {
    checkKnownOptions(options, KNOWN, "ttl");
  },
);

test.each([
  [{ defaultTtl: 1 }, 'ttl has no option "defaultTtl". Did you mean "defaultTTL"?'],
  [{ defaultTTL: 1, refreshOnReads: true }, 'no option "refreshOnReads". Did you mean "refreshOnRead"?'],
  [{ refreshRead: true }, 'Did you mean "refreshOnRead"?'],
  [{ seconds: 1 }, 'ttl has no option "seconds". Known are: defaultTTL, refreshOnRead.'],
  [{ toString: 1 }, 'ttl has no option "toString". Known are'],
  [{ defaultTtl: undefined }, 'Did you mean "defaultTTL"?'],
  [60, "the options of ttl must be an object, got a number."],
  ["s3cret", "the options of ttl must be an object, got a string of 6 characters."],
  [null, "got null."],
  [[1], "got an array of 1 element."],
])("%j is refused", (options, message) => {
  const refused = () => checkKnownOptions(options, KNOWN, "ttl");
  expect(refused).toThrow(InvalidInputError);
  expect(refused).toThrow(message);
});
