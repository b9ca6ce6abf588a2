// Waits until standard input ends, that is, until the run is over or the process that started this one is gone, then
// deletes the keys and search indexes of the server at argv[2] whose names start with argv[3]. A process of its own,
// because nothing of ours runs in a process that was killed.
import { createClient } from "redis";
import { deleteUnder } from "./delete-under.mjs";

const [url, prefix] = process.argv.slice(2);
await new Promise((resolve) => process.stdin.on("end", resolve).resume());

// No reconnecting: a server that is gone by now took the keys with it, or is not ours to wait for.
const client = createClient({ url, RESP: 2, socket: { reconnectStrategy: false } });
client.on("error", () => undefined);
try {
  await client.connect();
  await deleteUnder(client, prefix);
  await client.close();
} catch (error) {
  console.error(`Keys under ${prefix} were not deleted: ${error.message}`);
  process.exit(1);
}
