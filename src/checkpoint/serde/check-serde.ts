import type { SerializerProtocol } from "@langchain/langgraph-checkpoint";
import { InvalidInputError } from "../../errors.js";

/** Checks the `serde` option. @throws {InvalidInputError} when it is no serializer. */
export function checkSerde(serde: unknown): SerializerProtocol {
  const has = (name: string) => typeof (serde as Record<string, unknown> | null)?.[name] === "function";
  if (has("dumpsTyped") && has("loadsTyped")) return serde as SerializerProtocol;
  throw new InvalidInputError("serde must be a serializer with the methods dumpsTyped and loadsTyped.");
}
