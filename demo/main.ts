/**
 * The whole of langgraph-redis in one minute: `npm run demo`.
 *
 * Two processes, one after the other, hold a conversation against a real Redis. Everything happens under a key prefix
 * of its own, which is gone at the end, or stays to be looked at: `npm run demo -- --keep`.
 */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { startServer, sweepAtEnd } from "../tests/helpers/servers/index.js";
import { CHATS, chatNames } from "./conversation.js";
import { inspect, type Stored } from "./inspect.js";
import { chooseModels } from "./models/index.js";
import { bold, bytes, plural, print, table } from "./print.js";
import { converse } from "./processes.js";

const keep = process.argv.includes("--keep");

async function main() {
  const started = performance.now();
  print(bold("langgraph-redis: agents that remember, on Redis\n"));

  const server = await startServer();
  const prefix = `demo-${randomBytes(6).toString("hex")}`;
  // A server of somebody else goes on with what we leave; one that was started for the demo ends with it.
  const outlivesUs = server.kind === "REDIS_URL";
  const sweep = keep ? async () => {} : sweepAtEnd(server.url, prefix);
  try {
    print(`Server  ${server.description}`);
    print(`Models  ${(await chooseModels()).description}`);
    print(`Keys    under ${prefix}, ${keep ? "kept" : "deleted at the end"}\n`);

    await converse(server.url, prefix);

    print(bold("What is in Redis now"));
    const stored = await inspect(server.url, prefix);
    for (const chat of chatNames) report(CHATS[chat], prefix, pick(stored, `${prefix}-${chat}`));
    if (keep) {
      print(bold("Look at it in the viewer, with this command in another terminal"));
      print(`  npm run studio -- --url ${server.url} --prefix ${prefix}-${chatNames[0]}\n`);
      if (!outlivesUs) {
        print("The server runs until Ctrl-C, and its data are gone then.");
        await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
      }
    }
  } finally {
    await sweep().finally(() => server.stop());
  }
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const left = keep && outlivesUs ? `its keys stay under ${prefix}` : "nothing of it is left in Redis";
  print(bold(`Done in ${seconds} seconds, and ${left}.`));
}

const pick = ({ keys, indexes }: Stored, prefix: string): Stored => ({
  keys: keys.filter(({ key }) => key.startsWith(prefix)),
  indexes: indexes.filter(({ name }) => name.startsWith(prefix)),
});

function report(name: string, prefix: string, { keys, indexes }: Stored) {
  const short = (key: string) => key.replace(prefix, "…");
  const total = keys.reduce((sum, key) => sum + key.bytes, 0);
  print(`  ${name}: ${plural(keys.length, "key", "keys")}, ${bytes(total)}`);
  const rows = keys.map((key) => [short(key.key), key.type, bytes(key.bytes)]);
  for (const line of table(rows)) print(`    ${line}`);
  for (const index of indexes) {
    const documents = plural(index.documents, "document", "documents");
    print(`    search index ${short(index.name)}: ${documents}; ${index.fields.join(", ")}`);
  }
  print("");
}

try {
  await main();
} catch (error) {
  console.error(`\nThe demo failed: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
