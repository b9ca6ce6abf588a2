import { readFileSync } from "node:fs";
import { inspect } from "node:util";
import * as exported from "langgraph-redis";
import { describe, expect, test } from "vitest";
import { identify, isInstance } from "../../src/error-identity.js";

type ErrorClass = new (...args: unknown[]) => Error & { code: string };

const classes = Object.entries(exported).filter(
  ([name, value]) =>
    name !== "LangGraphRedisError" && (value as { prototype?: unknown }).prototype instanceof Error,
) as [string, ErrorClass][];

/** What the constructors need that take more than a message. */
const ARGUMENTS: Record<string, unknown[]> = {
  BatchError: [[], []],
  CheckpointNotFoundError: [{ threadId: "t", checkpointNs: "", checkpointId: "c" }, { superseded: true }],
  IndexMismatchError: ["index", []],
  ReindexConflictError: [[], "detail"],
  VersionConflictError: [["a"], "k", 1, 2],
};
const create = (name: string, Class: ErrorClass) => new Class(...(ARGUMENTS[name] ?? ["a message", {}]));

describe.each(classes)("%s", (name, Class) => {
  const error = create(name, Class);

  test("has its name, also at the beginning of the stack", () => {
    expect(error.name).toBe(name);
    expect(error.stack?.split(":")[0]).toBe(name);
  });

  test("is an instance of itself, of its bases, and of no other class", () => {
    const bases = classes.filter(([, Base]) => Class === Base || Class.prototype instanceof Base);
    expect(classes.filter(([, Other]) => error instanceof Other)).toEqual(bases);
    expect(error).toBeInstanceOf(exported.LangGraphRedisError);
    expect(error).toBeInstanceOf(Error);
  });

  test("has a code of its own, which JSON shows", () => {
    expect(error.code).toMatch(/^[A-Z]+(_[A-Z]+)*$/);
    expect(JSON.parse(JSON.stringify(error)).code).toBe(error.code);
    const others = classes.filter(([other]) => other !== name).map((other) => create(...other).code);
    expect(others).not.toContain(error.code);
  });

  test("can be derived from: then only instances of the derived class are its instances", () => {
    class Derived extends Class {}
    const derived = new Derived(...(ARGUMENTS[name] ?? ["a message", {}]));
    expect(derived).toBeInstanceOf(Derived);
    expect(derived).toBeInstanceOf(Class);
    expect(derived.code).toBe(error.code);
    expect(error).not.toBeInstanceOf(Derived);
  });
});

test("docs/errors.md lists every class with its code, and nothing else", () => {
  const text = readFileSync(new URL("../../docs/errors.md", import.meta.url), "utf8");
  const rows = [...text.matchAll(/^\| `([A-Z_]+)` \| `(\w+)` \|/gm)].map(
    ([, code, name]) => `${name}: ${code}`,
  );
  expect(rows.sort()).toEqual(classes.map(([name, Class]) => `${name}: ${create(name, Class).code}`).sort());
});

test("BatchError is printed with the causes of its failures, and without operations and results", () => {
  const error = new exported.EmbeddingError("failed", { cause: new Error("a cause") });
  const operation = { namespace: ["a"], key: "k", value: { v: "a value" } };
  const printed = inspect(new exported.BatchError([{ index: 0, operation, error }], ["a result"]));
  expect(printed).toContain("a cause");
  expect(printed).not.toContain("a value");
  expect(printed).not.toContain("a result");
});

describe("classes of another copy of the package", () => {
  const copy = (name: string, Base: new (message?: string) => Error) => {
    class Copy extends Base {}
    identify(Copy, name);
    return Copy;
  };

  test("are the same classes, with their bases", () => {
    const Copy = copy("InvalidVectorError", copy("EmbeddingError", copy("LangGraphRedisError", Error)));
    const error = new Copy();
    expect(error).toBeInstanceOf(exported.InvalidVectorError);
    expect(error).toBeInstanceOf(exported.EmbeddingError);
    expect(error).toBeInstanceOf(exported.LangGraphRedisError);
    expect(error).not.toBeInstanceOf(exported.FilterError);
    expect(isInstance(Copy, new exported.InvalidVectorError("a"))).toBe(true);
    expect(isInstance(Copy, new exported.EmbeddingError("a"))).toBe(false);
  });

  test("what is no error of this package is an instance of none", () => {
    const named = Object.assign(new Error("a"), { name: "InvalidInputError", code: "INVALID_INPUT" });
    for (const value of [named, null, undefined, "InvalidInputError", {}, Object.create(null), () => {}]) {
      expect(value instanceof exported.InvalidInputError).toBe(false);
      expect(value instanceof exported.LangGraphRedisError).toBe(false);
    }
  });
});
