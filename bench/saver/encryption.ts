import { randomBytes } from "node:crypto";
import { RedisSaver, type RedisSaverOptions } from "langgraph-redis";
import { startTcpProxy } from "../../tests/helpers/tcp-proxy.js";
import { percentile, ratio, type Times, timeInTurns } from "../measure.js";
import type { Part } from "../part.js";
import { bytes, milliseconds, table } from "../report.js";
import { type Bench, memoryOf, withServer } from "../server.js";
import { configOf, conversation, message, twoStepGraph } from "./data.js";
import { English } from "./english.js";

const MESSAGES = 600;
const TURNS = 60;
/** The bytes of a turn are an average over so many. */
const COUNTED = 12;
const LENGTHS = [10, 5_000];
const THREAD = "t";

interface Figures {
  readonly warm: Record<Kind, Times>;
  readonly fresh: Record<Kind, Times>;
  readonly sent: readonly (Record<Kind, number> & { readonly length: number })[];
  readonly memory: Record<Kind, number>;
}

type Kind = "plain" | "encrypted";

/** Turns of a graph with encryption, against those without. */
export const encryption: Part = {
  name: "encryption",
  async measure() {
    const { warm, fresh, sent, memory } = await withServer(measureSavers);
    const goal = (what: string, measured: number, atMost: number) => ({
      what: `${what} with encryption ÷ without`,
      measured,
      bound: { atMost },
      show: (value: number) => value.toFixed(2),
    });
    return {
      goals: [
        goal(`a turn at ${MESSAGES} messages`, ratio(warm.encrypted, warm.plain), 1.4),
        goal(`a turn at ${MESSAGES} messages with a fresh saver`, ratio(fresh.encrypted, fresh.plain), 1.4),
        ...sent.map(({ length, plain, encrypted }) =>
          goal(`bytes sent by a turn at ${length.toLocaleString("en")} messages`, encrypted / plain, 1.3),
        ),
        goal("memory", memory.encrypted / memory.plain, 1.3),
      ],
      section: report({ warm, fresh, sent, memory }),
    };
  },
};

async function measureSavers({ client, url, keyPrefix }: Bench): Promise<Figures> {
  const options: Record<Kind, RedisSaverOptions> = {
    plain: { keyPrefix: `${keyPrefix}-plain` },
    encrypted: { keyPrefix, encryption: { keys: { a: randomBytes(32) }, current: "a" } },
  };
  const open = (kind: Kind) => new RedisSaver({ client, ...options[kind] });
  const kept = { plain: open("plain"), encrypted: open("encrypted") };
  const turn = (saver: RedisSaver) =>
    twoStepGraph(saver).invoke({ messages: [message("human")] }, configOf(THREAD));
  for (const saver of Object.values(kept)) {
    await twoStepGraph(saver).updateState(configOf(THREAD), { messages: conversation(MESSAGES) }, "two");
  }
  const warm = await timeInTurns(
    { plain: () => turn(kept.plain), encrypted: () => turn(kept.encrypted) },
    TURNS,
  );
  const fresh = await timeInTurns(
    { plain: () => turn(open("plain")), encrypted: () => turn(open("encrypted")) },
    TURNS / 2,
  );
  const sent = [];
  for (const length of LENGTHS) {
    const [plain, encrypted] = [
      await sentByTurn(url, options.plain, length),
      await sentByTurn(url, options.encrypted, length),
    ];
    sent.push({ length, plain, encrypted });
  }
  await client.flushAll();
  const memory = {
    plain: await memoryOfThread(client, kept.plain),
    encrypted: await memoryOfThread(client, kept.encrypted),
  };
  return { warm, fresh, sent, memory };
}

/** Messages of some words, to which encryption adds more than to long ones. */
async function sentByTurn(url: string, options: RedisSaverOptions, length: number): Promise<number> {
  const proxy = await startTcpProxy(url);
  const saver = await RedisSaver.fromConnString(proxy.url, options);
  const english = new English(1);
  const text = () => english.text(20, 200);
  const graph = twoStepGraph(saver, () => Object.assign(message("ai"), { content: text() }));
  const config = configOf(`sent-${length}`);
  const turn = () => graph.invoke({ messages: [{ role: "user", content: text() }] }, config);
  await graph.updateState(config, { messages: conversation(length) }, "two");
  await turn();
  proxy.reset();
  for (let at = 0; at < COUNTED; at++) await turn();
  const sent = proxy.requestBytes / COUNTED;
  await saver.end();
  await proxy.stop();
  return sent;
}

async function memoryOfThread(client: Bench["client"], saver: RedisSaver): Promise<number> {
  const english = new English(2);
  const graph = twoStepGraph(saver, () => Object.assign(message("ai"), { content: english.text(20, 800) }));
  for (let turn = 0; turn < 50; turn++) {
    await graph.invoke({ messages: [{ role: "user", content: english.text(20, 300) }] }, configOf("memory"));
  }
  const memory = await memoryOf(client);
  await saver.deleteThread("memory");
  return memory;
}

function report({ warm, fresh, sent, memory }: Figures): string {
  const row = (name: string, of: (kind: Kind) => number, show: (value: number) => string) => [
    name,
    show(of("plain")),
    show(of("encrypted")),
    (of("encrypted") / of("plain")).toFixed(2),
  ];
  return [
    "## Encryption",
    `Turns of the graph above, at ${MESSAGES} messages and more, with and without encryption, in turns. The bytes are those that a turn sends, ` +
      "of messages of 20 to 200 characters; the memory is that of a thread of 50 turns.",
    table([
      ["", "without", "with", "with / without"],
      row("a turn, p50 ms", (kind) => percentile(warm[kind], 50), milliseconds),
      row("a turn, p95 ms", (kind) => percentile(warm[kind], 95), milliseconds),
      row("a turn with a fresh saver, p50 ms", (kind) => percentile(fresh[kind], 50), milliseconds),
      ...sent.map((each) =>
        row(`sent at ${each.length.toLocaleString("en")} messages`, (kind) => each[kind], bytes),
      ),
      row("memory", (kind) => memory[kind], bytes),
    ]),
  ].join("\n\n");
}
