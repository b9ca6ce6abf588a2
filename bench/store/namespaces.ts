import { randomUUID } from "node:crypto";
import { RedisStore } from "langgraph-redis";
import { percentile, type Times, timeInTurns } from "../measure.js";
import type { Part } from "../part.js";
import { milliseconds, table } from "../report.js";
import { type BenchClient, withServer } from "../server.js";

interface Listing {
  namespaces: number;
  all: Times;
  page: Times;
  one: Times;
}

export const namespaces: Part = {
  name: "namespaces",
  async measure() {
    return { goals: [], section: report(await withServer(({ client }) => measureNamespaces(client))) };
  },
};

/** Times listings of more and more namespaces. */
async function measureNamespaces(client: BenchClient): Promise<Listing[]> {
  const listings: Listing[] = [];
  for (const count of [10, 1_000, 10_000]) {
    const store = new RedisStore({ client, keyPrefix: `bench-${randomUUID()}` });
    for (let from = 0; from < count; from += 500) {
      await store.batch(
        Array.from({ length: Math.min(500, count - from) }, (_, n) => ({
          namespace: ["users", `${from + n}`, "memories"],
          key: "k",
          value: {},
        })),
      );
    }
    const times = await timeInTurns(
      {
        all: () => store.listNamespaces({ limit: count }),
        page: () => store.listNamespaces({ prefix: ["users"], limit: 10 }),
        one: () => store.listNamespaces({ prefix: ["users", "7"] }),
      },
      20,
    );
    listings.push({ namespaces: count, ...times });
    await store.deleteNamespace(["users"]);
  }
  return listings;
}

function report(listings: readonly Listing[]): string {
  const median = (times: Times) => `${milliseconds(percentile(times, 50))} ms`;
  return [
    "## Listing namespaces",
    "`listNamespaces`, whatever number of items they hold; the namespaces of one user are found without a look at the others.",
    table([
      ["namespaces", "all of them", "the first ten", "those of one user"],
      ...listings.map(({ namespaces: count, all, page, one }) => [
        count.toLocaleString("en"),
        median(all),
        median(page),
        median(one),
      ]),
    ]),
  ].join("\n\n");
}
