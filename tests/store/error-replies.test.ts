import { SimpleError } from "redis";
import { expect, test } from "vitest";
import { OperationError } from "../../src/errors.js";
import type { Command } from "../../src/redis/command.js";
import { asClient, createConnection } from "../../src/redis/connection.js";
import { BatchError } from "../../src/store/errors.js";
import { RedisStore } from "../../src/store/redis-store.js";
import { connect, freshPrefix } from "../helpers/redis.js";
import { documentOf, ENGINES, textIndex } from "./helpers.js";

const ERRORS = ["OOM command not allowed", "NOPERM no permissions", "WRONGTYPE of a key", "READONLY replica"];

const OPERATIONS = [
  { namespace: ["a"], key: "there" },
  { namespace: ["a"], key: "put", value: { text: "new" } },
  { namespacePrefix: ["a"], filter: { text: "there" } },
  { namespace: ["a"], key: "deleted", value: null },
  { namespace: ["a"], key: "missing" },
  { namespacePrefix: ["a"], query: "there", limit: 1 },
  { namespace: ["b"], key: "other", value: { text: "other" }, ifAbsent: true },
  { matchConditions: [{ matchType: "prefix", path: ["a"] }], limit: 10, offset: 0 },
] as const;

const names = (found: unknown) => (Array.isArray(found) ? found.map(({ key }) => key) : found);

/** What each operation answers when it is done. */
const ANSWERS: ((answer: unknown) => unknown)[] = [
  (item) => expect(item).toMatchObject({ key: "there", value: { text: "there" } }),
  (nothing) => expect(nothing).toBeUndefined(),
  (found) => expect(names(found)).toEqual(["there"]),
  (nothing) => expect(nothing).toBeUndefined(),
  (item) => expect(item).toBeNull(),
  (found) => expect(names(found)).toEqual(["there"]),
  (nothing) => expect(nothing).toBeUndefined(),
  (namespaces) => expect(namespaces).toEqual([["a"]]),
];

test.each(ENGINES)(
  "batch gives every answer to its operation, wherever an error is between them, on engine $engine",
  async ({ url }) => {
    const inner = createConnection(await connect(url()));
    let count = 0;
    let refused = -1;
    let error = "";
    let struck: Command[] = [];
    const client = asClient({
      pipeline: async (commands) => {
        const places = commands.map(() => count++);
        const sent = commands.filter((each, at) => {
          if (places[at] === refused) struck.push(each);
          return places[at] !== refused;
        });
        const replies = sent.length === 0 ? [] : await inner.pipeline(sent);
        return places.map((place) => (place === refused ? new Error(error) : (replies.shift() ?? null)));
      },
    });
    const keyPrefix = freshPrefix();
    const store = new RedisStore({ client, keyPrefix, index: textIndex() });
    const other = new RedisStore({ client: await connect(url()), keyPrefix, index: textIndex() });
    await store.setup();

    let failed = 0;
    for (let place = 0; ; place++) {
      error = ERRORS[place % ERRORS.length] as string;
      for (const key of ["put", "missing"]) await other.delete(["a"], key);
      await other.delete(["b"], "other");
      await other.put(["a"], "deleted", { text: "deleted" });
      await other.put(["a"], "there", { text: "there" });

      count = 0;
      refused = place;
      struck = [];
      const outcome = await store.batch(OPERATIONS as never).catch((each: unknown) => each);
      refused = -1;
      const [command] = struck;
      const where = `the error in place of ${command?.args[0]} at ${place}`;
      if (outcome instanceof Error) expect(outcome, where).toBeInstanceOf(BatchError);
      const { failures, results } =
        outcome instanceof BatchError ? outcome : { failures: [], results: outcome as unknown[] };
      const places = new Set(failures.map(({ index }) => index));
      for (const failure of failures) {
        expect(failure.error, where).toBeInstanceOf(OperationError);
        expect(failure.error.cause, where).toMatchObject({ message: error });
      }
      ANSWERS.forEach((check, at) => {
        if (!places.has(at)) check(results[at]);
      });
      failed += places.size;

      const done = (at: number) => !places.has(at);
      const item = async (namespace: string, key: string) => (await other.get([namespace], key))?.value;
      if (done(1)) expect(await item("a", "put"), where).toEqual({ text: "new" });
      expect(await item("a", "deleted"), where).toEqual(done(3) ? undefined : { text: "deleted" });
      if (done(6)) expect(await item("b", "other"), where).toEqual({ text: "other" });
      // An error of one command is an error of the operations that need it, and of no others.
      const document = command?.args.map(String).find((arg) => /:doc:\{[ab]\}:\w+$/.test(arg));
      if (document) {
        const key = document.slice(document.lastIndexOf(":") + 1);
        const own = OPERATIONS.findIndex((operation) => "key" in operation && operation.key === key);
        expect([...places], where).toEqual([own]);
      }
      if (command === undefined) break;
    }
    expect(failed).toBeGreaterThan(OPERATIONS.length);
  },
);

test.each(ENGINES)(
  "search of a store that is new does all that it should, or fails with the error, wherever one is, on engine $engine",
  async ({ url }) => {
    const raw = await connect(url());
    const inner = createConnection(raw);
    const options = { keyPrefix: freshPrefix(), ttl: { defaultTTL: 10, refreshOnRead: true } };
    const document = documentOf(options.keyPrefix, ["a"], "k");
    await new RedisStore({ client: raw, ...options }).put(["a"], "k", { v: 1 });
    let failed = 0;
    for (let place = 0, reached = true; reached; place++) {
      const error = ERRORS[place % ERRORS.length] as string;
      let struck: Command | undefined;
      let count = 0;
      const client = asClient({
        pipeline: async (commands) => {
          const at = place - count;
          count += commands.length;
          struck ??= commands[at];
          const replies = await inner.pipeline(commands.filter((_, n) => n !== at));
          if (commands[at]) replies.splice(at, 0, new SimpleError(error));
          return replies;
        },
      });
      await raw.pExpire(document, 60_000);
      const outcome = await new RedisStore({ client, ...options }).search(["a"]).catch((each: Error) => each);
      const where = `the error in place of ${struck?.args[0]} at ${place}`;
      if (outcome instanceof Error) {
        failed++;
        expect(outcome, where).toBeInstanceOf(OperationError);
        expect(outcome.message, where).toContain(error);
      } else {
        expect(names(outcome), where).toEqual(["k"]);
        expect(await raw.pTTL(document), where).toBeGreaterThan(500_000);
      }
      reached = struck !== undefined;
    }
    expect(failed).toBeGreaterThan(2);
  },
);
