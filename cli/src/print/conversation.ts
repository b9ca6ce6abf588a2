import type { Json, MessageView } from "../inspect/index.js";
import { clean, cleanLine } from "./format.js";
import type { Colors } from "./printer.js";

/** Messages as a conversation, with the calls of tools and their results. */
export function conversation(messages: readonly MessageView[], colors: Colors): string[] {
  return messages.flatMap((message) => {
    const lines: string[] = [];
    const name = message.name === undefined ? "" : ` (${cleanLine(message.name)})`;
    const call =
      message.toolCallId === undefined ? "" : colors.dim(` answers ${cleanLine(message.toolCallId)}`);
    const head = `${roleColor(message.role, colors)(cleanLine(message.role) + name)}${call}`;
    const [first = "", ...others] = clean(message.text).split("\n");
    lines.push(`${head}  ${first}`.trimEnd());
    lines.push(...others.map((line) => `  ${line}`));
    for (const { name: tool, args, id } of message.toolCalls ?? []) {
      const label = id === undefined ? "" : colors.dim(` ${cleanLine(id)}`);
      lines.push(`  ${colors.magenta("→")} ${cleanLine(tool)}(${cleanLine(JSON.stringify(args))})${label}`);
    }
    return lines;
  });
}

function roleColor(role: string, colors: Colors): (text: string) => string {
  if (role === "human") return colors.cyan;
  if (role === "ai") return colors.green;
  return role === "tool" ? colors.magenta : colors.yellow;
}

/** A JSON value on lines of its own. */
export function jsonLines(value: Json): string[] {
  return clean(JSON.stringify(value, undefined, 2)).split("\n");
}
