import { useState } from "preact/hooks";
import type { MessageView } from "../../../src/inspect/types.js";
import { JsonTree } from "../components/json-tree.js";
import { LongText, Name } from "../components/text.js";
import { count, visible } from "../format.js";

/** How many messages, counted from the last one, are shown at first. */
const PAGE = 40;

const ROLES: Record<string, string> = {
  human: "User",
  user: "User",
  ai: "Assistant",
  assistant: "Assistant",
  system: "System",
  tool: "Tool",
};

/** Messages as a conversation: who said what, which tools were called, and what they answered. */
export function Messages({ messages }: { messages: readonly MessageView[] }) {
  const [shown, setShown] = useState(PAGE);
  const first = Math.max(0, messages.length - shown);
  return (
    <div class="chat">
      {first > 0 && (
        <button type="button" class="more" onClick={() => setShown(shown + PAGE * 3)}>
          Show earlier messages ({count(first, "more", "more")})
        </button>
      )}
      <ol start={first + 1}>
        {messages.slice(first).map((message, at) => (
          <Message key={first + at} message={message} />
        ))}
      </ol>
    </div>
  );
}

function Message({ message }: { message: MessageView }) {
  const { role, name, text, toolCalls = [], toolCallId, usage, raw } = message;
  const style = Object.hasOwn(ROLES, role) ? (ROLES[role] as string).toLowerCase() : "other";
  return (
    <li class={`message ${style}`}>
      <div class="message-head">
        <strong>{ROLES[role] ?? visible(role)}</strong>
        {name !== undefined && <Name text={name} class="dim" />}
        {toolCallId !== undefined && (
          <span class="dim">
            answers <Name text={toolCallId} class="mono" />
          </span>
        )}
        <Tokens usage={usage} />
      </div>
      {text !== "" && <LongText text={text} />}
      {toolCalls.map((call, at) => (
        <div class="tool-call" key={at}>
          <div>
            calls <Name text={call.name} class="mono strong" />
            {call.id !== undefined && (
              <>
                {" "}
                <Name text={call.id} class="mono dim" />
              </>
            )}
          </div>
          <JsonTree value={call.args} open={2} />
        </div>
      ))}
      <Raw value={raw} />
    </li>
  );
}

function Tokens({ usage }: { usage: MessageView["usage"] }) {
  if (typeof usage !== "object" || usage === null || Array.isArray(usage)) return null;
  const parts = [
    ["in", usage.input_tokens],
    ["out", usage.output_tokens],
  ].filter(([, tokens]) => typeof tokens === "number");
  if (parts.length === 0) return null;
  return <span class="dim">{parts.map(([name, tokens]) => `${tokens} ${name}`).join(" · ")} tokens</span>;
}

/** The message as it is stored; made only when somebody opens it. */
function Raw({ value }: { value: MessageView["raw"] }) {
  const [open, setOpen] = useState(false);
  return (
    <details class="raw" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>fields</summary>
      {open && <JsonTree value={value} open={1} />}
    </details>
  );
}
