import { randomInt } from "node:crypto";
import { connect, freshPrefix } from "../../helpers/redis.js";
import { startServer } from "../../helpers/servers/index.js";
import { expectConsistent } from "../consistency.js";
import { type RunOptions, runModel } from "./run.js";

/** Plays random sequences on a server of their own; those of MODEL_SEED, if set. */
export async function runOnServer(options: Pick<RunOptions, "sequences" | "steps">) {
  const server = await startServer({ search: false, own: true });
  try {
    const seed = Number(process.env.MODEL_SEED ?? randomInt(2 ** 30));
    const client = await connect(server.url);
    const audit = (keyPrefix: string) => expectConsistent(client, keyPrefix);
    return await runModel({ url: server.url, prefix: freshPrefix(), audit, seed, ...options });
  } finally {
    await server.stop();
  }
}
