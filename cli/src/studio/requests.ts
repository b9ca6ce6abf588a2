import type { Context } from "hono";
import { EncryptionError, LangGraphRedisError } from "langgraph-redis";
import type { z } from "zod";
import { CommandError, UsageError } from "../errors.js";

/** The page asked for something that cannot be understood. */
class BadRequestError extends Error {}

/** What was asked for is not there, or not any more. */
export class NotFoundError extends Error {}

/** @throws {BadRequestError} that names the parameter. */
export function parseQuery<Shape extends z.ZodType>(context: Context, shape: Shape): z.output<Shape> {
  return parse(context.req.query(), shape);
}

export async function parseBody<Shape extends z.ZodType>(
  context: Context,
  shape: Shape,
): Promise<z.output<Shape>> {
  const body: unknown = await context.req.json().catch(() => {
    throw new BadRequestError("The request holds no JSON.");
  });
  return parse(body, shape);
}

function parse<Shape extends z.ZodType>(value: unknown, shape: Shape): z.output<Shape> {
  const parsed = shape.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
  throw new BadRequestError(problems.join("; "));
}

export function requiredFound<T>(value: T | undefined, what: string): T {
  if (value !== undefined) return value;
  throw new NotFoundError(`There is no such ${what}, or not any more.`);
}

/** What the page is told of an error, by its kind: wrong input, gone, changed by others meanwhile, or a failure. */
export function answerError(error: Error, context: Context, redact: (text: string) => string) {
  const code = error instanceof LangGraphRedisError ? error.code : undefined;
  return context.json({ error: redact(messageOf(error)), code }, statusOf(error, code));
}

function messageOf(error: Error): string {
  // The library names its own option, and the key of the record: neither is for who reads the page.
  if (error instanceof EncryptionError) {
    const key = error.keyId === undefined ? "" : ` with the key ${JSON.stringify(error.keyId)}`;
    return (
      `This is encrypted${key}. That key was not given, or is not the one that it was encrypted with. ` +
      "Start the viewer with --key or --key-file."
    );
  }
  const { hint } = error as { hint?: string };
  return hint === undefined ? error.message : `${error.message} ${hint}`;
}

function statusOf(error: Error, code: string | undefined): 400 | 404 | 409 | 500 {
  if (error instanceof BadRequestError || error instanceof UsageError || error instanceof CommandError)
    return 400;
  if (error instanceof EncryptionError) return 400;
  if (error instanceof NotFoundError || code === "CHECKPOINT_NOT_FOUND") return 404;
  if (code === "VERSION_CONFLICT" || code === "THREAD_CONFLICT") return 409;
  return code === "INVALID_INPUT" || code === "INVALID_FILTER" ? 400 : 500;
}
