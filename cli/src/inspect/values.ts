import { type BaseMessage, isBaseMessage } from "@langchain/core/messages";
import type { Json, MessageView, ToolCallView } from "./types.js";

/** A value of a channel as it is shown. */
export type ValueView = { kind: "messages"; messages: MessageView[] } | { kind: "json"; json: Json };

export function toView(value: unknown): ValueView {
  if (isMessage(value)) return { kind: "messages", messages: [toMessageView(value)] };
  if (Array.isArray(value) && value.length > 0 && value.every(isMessage)) {
    return { kind: "messages", messages: value.map(toMessageView) };
  }
  return { kind: "json", json: toJson(value) };
}

/** Whatever a channel holds as plain JSON for people: bytes are described, not shown. */
export function toJson(value: unknown): Json {
  if (value === null || value === undefined) return null;
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      return Number.isFinite(value) ? value : String(value);
    case "object":
      return objectToJson(value);
    default:
      return String(value);
  }
}

function objectToJson(value: object): Json {
  if (Array.isArray(value)) return value.map(toJson);
  if (isMessage(value)) return rawOf(value);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "Invalid Date" : value.toISOString();
  if (ArrayBuffer.isView(value)) return `<${value.byteLength} bytes>`;
  if (value instanceof ArrayBuffer) return `<${value.byteLength} bytes>`;
  if (value instanceof Map) return [...value].map(([key, each]) => [toJson(key), toJson(each)]);
  if (value instanceof Set) return [...value].map(toJson);
  if (value instanceof Error) return { name: value.name, message: value.message };
  if (value instanceof RegExp || value instanceof URL) return String(value);
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, toJson(each)]));
}

function isMessage(value: unknown): value is BaseMessage {
  return typeof value === "object" && value !== null && isBaseMessage(value as BaseMessage);
}

export function toMessageView(message: BaseMessage): MessageView {
  const { tool_calls, tool_call_id, usage_metadata } = message as unknown as Record<string, unknown>;
  const calls = Array.isArray(tool_calls) ? tool_calls.map(toToolCall) : [];
  return {
    ...(message.id !== undefined && { id: message.id }),
    role: message.getType(),
    ...(message.name !== undefined && { name: message.name }),
    text: textOf(message.content),
    ...(calls.length > 0 && { toolCalls: calls }),
    ...(typeof tool_call_id === "string" && { toolCallId: tool_call_id }),
    ...(usage_metadata ? { usage: toJson(usage_metadata) } : undefined),
    raw: rawOf(message),
  };
}

function toToolCall(call: { id?: string; name?: string; args?: unknown }): ToolCallView {
  return { ...(call.id !== undefined && { id: call.id }), name: String(call.name), args: toJson(call.args) };
}

function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return content
    .map((block: unknown) => {
      if (typeof block === "string") return block;
      const { type, text } = block as { type?: unknown; text?: unknown };
      return type === "text" && typeof text === "string" ? text : `[${String(type)}]`;
    })
    .join("\n");
}

function rawOf(message: BaseMessage): Json {
  const { type, data } = message.toDict();
  return { type, ...(objectToJson({ ...data }) as { [key: string]: Json }) };
}
