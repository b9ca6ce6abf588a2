// Waits until standard input ends, that is, until the run is over or the process that started this one is gone, then
// deletes the keys and search indexes of the server at argv[2] whose names start with argv[3]. A process of its own,
// because nothing of ours runs in a process that was killed.
import { createClient } from "redis";

const [url, prefix] = process.argv.slice(2);
await new Promise((resolve) => process.stdin.on("end", resolve).resume());

// No reconnecting: a server that is gone by now took the keys with it, or is not ours to wait for.
const client = createClient({ url, RESP: 2, socket: { reconnectStrategy: false } });
client.on("error", () => undefined);
try {
  await client.connect();
  const indexes = await client.sendCommand(["FT._LIST"]).catch(() => []);
  for (const index of indexes.map(String).filter((name) => name.startsWith(prefix))) {
    await client.sendCommand(["FT.DROPINDEX", index]).catch(() => undefined); // another sweep may have been faster
  }
  for await (const keys of client.scanIterator({ MATCH: `${prefix}*`, COUNT: 1000 })) {
    if (keys.length > 0) await client.unlink(keys);
  }
  await client.close();
} catch (error) {
  console.error(`Keys under ${prefix} were not deleted: ${error.message}`);
  process.exit(1);
}
