import { setTimeout as sleep } from "node:timers/promises";
import type { TestServer } from "../helpers/servers/index.js";
import type { Ledger } from "./ledger.js";

/** Kills the server at random moments of much writing, starts it again, and looks at what is there; so many times. */
export async function killAndRestart(server: TestServer, ledger: Ledger, kills: number): Promise<void> {
  const writing = [
    ...["t", "u", "v"].map((name) => ledger.writeThreads(name)),
    ...["k", "l"].map((key) => ledger.writeItem(key)),
  ];
  for (const each of writing) each.catch(() => {}); // awaited below
  try {
    for (let kill = 0; kill < kills; kill++) {
      await sleep(10 + Math.random() * 150);
      await server.kill();
      await sleep(Math.random() * 50);
      await server.restart();
    }
    await sleep(100);
  } finally {
    ledger.stop();
  }
  await Promise.all(writing);
  await ledger.verify();
}
