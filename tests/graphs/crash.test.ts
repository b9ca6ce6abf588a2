import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { copyPackage, type PackageCopy, ROOT } from "../demo/package-copy.js";
import { connect, redisUrl } from "../helpers/redis.js";
import { redis } from "./savers.js";

let copy: PackageCopy;
let program: string;
beforeAll(async () => {
  copy = await copyPackage();
  program = join(copy.directory, "crash-program.mts");
  await cp(fileURLToPath(new URL("crash-program.ts", import.meta.url)), program);
});
afterAll(() => copy?.remove());

/** Starts crash-program.ts in a process of its own. */
function start(prefix: string, ...args: string[]): ChildProcess {
  const tsx = join(ROOT, "node_modules", "tsx", "dist", "loader.mjs");
  const child = spawn(process.execPath, ["--import", tsx, program, redisUrl(), prefix, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}

/** What the program prints at its end. */
async function finished(child: ChildProcess): Promise<string[]> {
  if (!child.stdout) throw new Error("the child's output is not piped");
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, "exit")]);
  expect(code).toBe(0);
  return JSON.parse(output);
}

async function kill(child: ChildProcess): Promise<void> {
  const exit = once(child, "exit");
  child.kill("SIGKILL");
  expect(await exit).toEqual([null, "SIGKILL"]);
}

/** Looks again and again until there is something. */
async function until<Value>(look: () => Promise<Value | undefined | false>): Promise<Value> {
  for (;;) {
    const value = await look();
    if (value) return value;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

test("a process that is killed in a step goes on in another one, without the tasks that had finished", async () => {
  const { prefix, open } = redis();
  const client = await connect();
  const saver = await open();
  const killed = start(prefix, "wait");
  await until(async () => {
    const tuple = await saver.getTuple({ configurable: { thread_id: "t" } });
    const written = tuple?.pendingWrites
      ?.filter(([, channel]) => channel === "log")
      .map(([, , value]) => value);
    const ran = await client.hGet(`${prefix}:ran`, "stuck");
    return ran === "1" && written?.flat().sort().join() === "left,right";
  });
  await kill(killed);
  expect(await finished(start(prefix, "wait"))).toEqual(["start", "left", "right", "stuck", "end"]);
  const ran = await client.hGetAll(`${prefix}:ran`);
  expect({ ...ran }).toEqual({ start: "1", left: "1", right: "1", stuck: "2", end: "1" });
});

test("a process that is killed at any moment goes on in another one, from the last step that was stored", async () => {
  const STEPS = 250;
  const { prefix, open } = redis();
  const client = await connect();
  const saver = await open();
  const stored = async () => {
    const tuple = await saver.getTuple({ configurable: { thread_id: "t" } });
    return (tuple?.checkpoint.channel_values.log as string[] | undefined)?.length ?? 0;
  };
  const all = Array.from({ length: STEPS }, (_, n) => `${n}`);
  const left: number[] = [];
  for (const moment of [1, 100]) {
    const child = start(prefix, "count", `${STEPS}`);
    await until(async () => (await stored()) >= moment);
    await kill(child);
    left.push(await stored());
  }
  expect(await finished(start(prefix, "count", `${STEPS}`))).toEqual(all);
  const ran = await client.hGetAll(`${prefix}:ran`);
  expect(Object.keys(ran).sort()).toEqual([...all].sort());
  // No step ran twice but those that a kill interrupted; what was on its way then may have been stored after it.
  const again = Object.keys(ran).filter((step) => ran[step] !== "1");
  expect(left.every((count) => count < STEPS)).toBe(true);
  for (const step of again) {
    const causes = left.filter((count) => Number(step) >= count && Number(step) <= count + 1);
    expect(causes.length).toBeGreaterThanOrEqual(Number(ran[step]) - 1);
  }
});
