import { randomUUID } from "node:crypto";
import { RedisStore } from "langgraph-redis";
import { percentile, type Times, timeInTurns } from "../measure.js";
import { milliseconds, table } from "../report.js";
import type { Client } from "./data.js";

interface Listing {
  namespaces: number;
  all: Times;
  page: Times;
  one: Times;
}

/** Times listings of more and more namespaces. */
export async function measureNamespaces(client: Client): Promise<Listing[]> {
  const listings: Listing[] = [];
  for (const namespaces of [10, 1_000, 10_000]) {
    const store = new RedisStore({ client, keyPrefix: `bench-${randomUUID()}` });
    for (let from = 0; from < namespaces; from += 500) {
      await store.batch(
        Array.from({ length: Math.min(500, namespaces - from) }, (_, n) => ({
          namespace: ["users", `${from + n}`, "memories"],
          key: "k",
          value: {},
        })),
      );
    }
    const times = await timeInTurns(
      {
        all: () => store.listNamespaces({ limit: namespaces }),
        page: () => store.listNamespaces({ prefix: ["users"], limit: 10 }),
        one: () => store.listNamespaces({ prefix: ["users", "7"] }),
      },
      20,
    );
    listings.push({ namespaces, ...times });
    await store.deleteNamespace(["users"]);
  }
  return listings;
}

export function reportNamespaces(listings: readonly Listing[]): string {
  const median = (times: Times) => `${milliseconds(percentile(times, 50))} ms`;
  return [
    "## Listing namespaces",
    "`listNamespaces`, whatever number of items they hold; the namespaces of one user are found without a look at the others.",
    table([
      ["namespaces", "all of them", "the first ten", "those of one user"],
      ...listings.map(({ namespaces, all, page, one }) => [
        namespaces.toLocaleString("en"),
        median(all),
        median(page),
        median(one),
      ]),
    ]),
  ].join("\n\n");
}
