/**
 * The whole of langgraph-redis in one minute: `npm run demo`.
 *
 * Two processes, one after the other, hold a conversation against a real Redis. Everything happens under a key prefix
 * of its own, which is gone at the end.
 */
import { fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { startServer, sweepAtEnd } from "../tests/helpers/servers/index.js";
import { CHATS, chatNames } from "./conversation.js";
import { inspect, type Stored } from "./inspect.js";
import { chooseModels } from "./models/index.js";
import { bold, bytes, plural, print, table } from "./print.js";

const SESSION = fileURLToPath(new URL("./session.ts", import.meta.url));

async function main() {
  const started = performance.now();
  print(bold("langgraph-redis: agents that remember, on Redis\n"));

  const server = await startServer();
  const prefix = `demo-${randomBytes(6).toString("hex")}`;
  const sweep = sweepAtEnd(server.url, prefix);
  try {
    print(`Server  ${server.description}`);
    print(`Models  ${(await chooseModels()).description}`);
    print(`Keys    under ${prefix}, deleted at the end\n`);

    await session("before", server.url, prefix, "A conversation");
    await session("after", server.url, prefix, "The first process has ended; another one goes on");

    print(bold("What is in Redis now"));
    const stored = await inspect(server.url, prefix);
    for (const chat of chatNames) report(CHATS[chat], prefix, pick(stored, `${prefix}-${chat}`));
  } finally {
    await sweep().finally(() => server.stop());
  }
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  print(bold(`Done in ${seconds} seconds, and nothing of it is left in Redis.`));
}

/** Runs one process of the conversation to its end. */
async function session(part: "before" | "after", url: string, prefix: string, title: string) {
  const child = fork(SESSION, [part], { env: { ...process.env, DEMO_URL: url, DEMO_PREFIX: prefix } });
  print(bold(`${title} (process ${child.pid})`));
  const [code, signal] = await once(child, "exit");
  if (code !== 0) throw new Error(`process ${child.pid} ended with ${signal ?? `exit code ${code}`}`);
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
