import { CommandError } from "../errors.js";
import {
  type ChannelDiff,
  diffCheckpoints,
  type Json,
  readState,
  type StateView,
  type WriteView,
} from "../inspect/index.js";
import { several } from "../options.js";
import { conversation, jsonLines } from "../print/conversation.js";
import { cleanLine, formatTime } from "../print/format.js";
import type { Printer } from "../print/printer.js";
import { type AddCommand, examples, withRedis } from "./command.js";
import { noThread } from "./threads.js";

export const addShow: AddCommand = (program, environment) => {
  program
    .command("show <thread> [checkpoint]")
    .description("the state of a thread: messages as a conversation, other channels as JSON")
    .option(
      "--ns <namespace>",
      "the checkpoint namespace (default: that of the checkpoint, or the root graph)",
    )
    .option("--channel <name>", "only this channel; may be given several times", several)
    .addHelpText(
      "after",
      examples(
        ["show conversation-1", "its newest state"],
        ["show conversation-1 1f0c5d4e-6b7a-6f00-8000-000000000000", "its state at a checkpoint"],
        ["show conversation-1 --channel messages --json", "one channel, for programs"],
      ),
    )
    .action((thread: string, checkpointId: string | undefined, _, command) =>
      withRedis<{ ns?: string; channel?: string[] }>(
        environment,
        command,
        async ({ inspect, print }, { ns, channel }) => {
          const state = await readState(inspect, thread, { checkpointId, ns });
          if (state === undefined)
            throw checkpointId === undefined ? noThread(thread) : noCheckpoint(checkpointId);
          const channels = channel
            ? state.channels.filter(({ name }) => channel.includes(name))
            : state.channels;
          const shown = { ...state, channels };
          await (print.isJson
            ? print.json(shown)
            : printState(print, shown, Object.keys(inspect.encryption?.keys ?? {})));
        },
      ),
    );
};

export function noCheckpoint(id: string): CommandError {
  return new CommandError(
    `the thread has no checkpoint ${JSON.stringify(id)}.`,
    "List them with: langgraph-redis thread <id>",
  );
}

async function printState(print: Printer, state: StateView, keyIds: readonly string[]): Promise<void> {
  const { colors } = print;
  const { step, source } = (state.metadata ?? {}) as { step?: Json; source?: Json };
  const facts = [
    `checkpoint ${cleanLine(state.checkpointId)}`,
    ...(state.ns === "" ? [] : [`subgraph ${cleanLine(state.ns)}`]),
    ...(step === undefined ? [] : [`step ${String(step)}`]),
    ...(typeof source === "string" ? [cleanLine(source)] : []),
    ...(state.ts === undefined ? [] : [formatTime(state.ts)]),
  ];
  await print.line(colors.dim(cleanLine(facts.join(", "))));
  if (state.encrypted) {
    const { keyId } = state.encrypted;
    const key = keyId === undefined ? "" : ` with the key ${JSON.stringify(keyId)}`;
    const isOther = keyId !== undefined && keyIds.includes(keyId);
    const advice = isOther ? "the one that was given is another" : "give that with --key or --key-file";
    await print.line(`It is encrypted${key}: ${advice}.`);
  }
  for (const channel of state.channels) {
    await print.line(`\n${colors.bold(cleanLine(channel.name))}`);
    for (const line of valueLines(channel, print)) await print.line(line);
  }
  if (state.pendingWrites.length > 0) await print.line(`\n${colors.bold("Pending writes")}`);
  for (const write of state.pendingWrites) {
    await print.line(`${colors.dim(`task ${cleanLine(write.taskId)}`)} ${cleanLine(write.channel)}`);
    for (const line of valueLines(write, print)) await print.line(`  ${line}`);
  }
}

function valueLines(value: Pick<WriteView, "messages" | "json">, print: Printer): string[] {
  return value.messages ? conversation(value.messages, print.colors) : jsonLines(value.json ?? null);
}

export const addDiff: AddCommand = (program, environment) => {
  program
    .command("diff <thread> <a> <b>")
    .description("how checkpoint b differs from checkpoint a, channel by channel")
    .addHelpText(
      "after",
      examples([
        "diff conversation-1 1f0c5d4e-6b7a-6f00-8000-000000000000 1f0c5d4e-7c8b-6f00-8001-000000000000",
        "what a step changed",
      ]),
    )
    .action((thread: string, a: string, b: string, _, command) =>
      withRedis(environment, command, async ({ inspect, print }) => {
        const diff = await diffCheckpoints(inspect, thread, { checkpointId: a }, { checkpointId: b });
        if (diff === undefined) throw new CommandError(`the thread has not both checkpoints, ${a} and ${b}.`);
        if (print.isJson) return print.json(diff);
        const same = diff.channels
          .filter(({ change }) => change === "same")
          .map(({ name }) => cleanLine(name));
        for (const channel of diff.channels) if (channel.change !== "same") await printDiff(print, channel);
        if (same.length > 0) await print.line(print.colors.dim(`the same: ${same.join(", ")}`));
      }),
    );
};

async function printDiff(print: Printer, { name, change, list, before, after }: ChannelDiff): Promise<void> {
  const { colors } = print;
  const all = (values: readonly Json[], mark: "+" | "-") =>
    values.flatMap(jsonLines).map((line) => (mark === "+" ? colors.green : colors.red)(`${mark} ${line}`));
  await print.line(`${colors.bold(cleanLine(name))}  ${change}`);
  const lines = list
    ? [
        ...all(list.removed, "-"),
        ...list.changed.flatMap((each) => [...all([each.before], "-"), ...all([each.after], "+")]),
        ...all(list.added, "+"),
        ...(list.same > 0 ? [colors.dim(`  ${list.same} the same`)] : []),
      ]
    : [
        ...(before === undefined ? [] : all([before], "-")),
        ...(after === undefined ? [] : all([after], "+")),
      ];
  for (const line of lines) await print.line(line);
  await print.line();
}
