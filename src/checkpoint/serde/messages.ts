import { get_lc_unique_name } from "@langchain/core/load/serializable";
import {
  AIMessage,
  AIMessageChunk,
  ChatMessage,
  ChatMessageChunk,
  FunctionMessage,
  FunctionMessageChunk,
  HumanMessage,
  HumanMessageChunk,
  RemoveMessage,
  SystemMessage,
  SystemMessageChunk,
  ToolMessage,
  ToolMessageChunk,
} from "@langchain/core/messages";

type MessageConstructor = new (kwargs: never) => object;

/** What is known of one class of LangChain messages. */
export interface MessageClass {
  readonly create: (kwargs: object) => object;
  readonly prototype: object;
  /** The class as LangChain writes it. */
  readonly id: readonly string[];
  /** Whether a keyword argument is called the same in JSON and in the constructor. */
  keepsName(key: string): boolean;
}

const NAMESPACE = ["langchain_core", "messages"];

function messageClass(message: MessageConstructor & { lc_name(): string }): MessageClass {
  const { prototype } = message;
  const aliases: Record<string, string> = {};
  for (let at = prototype; at && at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    Object.assign(aliases, Reflect.get(at, "lc_aliases", prototype));
  }
  const keeping = new Map<string, boolean>();
  return {
    create: (kwargs) => new message(kwargs as never),
    prototype,
    id: [...NAMESPACE, get_lc_unique_name(message as never)],
    keepsName: (key) => {
      let keeps = keeping.get(key);
      if (keeps === undefined) {
        // LangChain changes between camel case and snake case, which leaves one word of lower case letters alone.
        keeps = aliases[key] === key || (!(key in aliases) && /^[a-z]+$/.test(key));
        if (keeping.size < 1_000) keeping.set(key, keeps);
      }
      return keeps;
    },
  };
}

const CLASSES: readonly MessageClass[] = (
  [
    AIMessage,
    AIMessageChunk,
    ChatMessage,
    ChatMessageChunk,
    FunctionMessage,
    FunctionMessageChunk,
    HumanMessage,
    HumanMessageChunk,
    RemoveMessage,
    SystemMessage,
    SystemMessageChunk,
    ToolMessage,
    ToolMessageChunk,
  ] as unknown as (MessageConstructor & { lc_name(): string })[]
).map(messageClass);

const BY_NAME = new Map(CLASSES.map((known) => [known.id[2], known]));
const BY_PROTOTYPE = new Map(CLASSES.map((known) => [known.prototype, known]));

/** The message class that a serialized object names, if it is one of LangChain's. */
export function messageClassOf(id: unknown): MessageClass | undefined {
  if (!Array.isArray(id) || id.length !== 3 || id[0] !== NAMESPACE[0] || id[1] !== NAMESPACE[1])
    return undefined;
  return BY_NAME.get(id[2]);
}

/** The class of a message; undefined for anything else, subclasses included. */
export function messageClassOfInstance(value: object): MessageClass | undefined {
  return BY_PROTOTYPE.get(Object.getPrototypeOf(value));
}
