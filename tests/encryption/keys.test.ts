import { randomBytes } from "node:crypto";
import { inspect } from "node:util";
import {
  EncryptionError,
  type EncryptionKey,
  type EncryptionOptions,
  InvalidInputError,
} from "langgraph-redis";
import { describe, expect, test } from "vitest";
import { Keyring } from "../../src/encryption/keyring.js";

const KEY = Buffer.alloc(32, 0xa7);
const PLACE = ["chunk", "thread-1"];

function keyring(options: Partial<Record<keyof EncryptionOptions, unknown>>): Keyring {
  return new Keyring({ keys: { a: KEY }, current: "a", ...options } as EncryptionOptions, "prefix");
}

/** A keyring with one key, as it seals and opens. */
function cipherOf(key: EncryptionKey) {
  return keyring({ keys: { a: key } }).cipher("thread");
}

const sealed = cipherOf(KEY).seal(Buffer.from("text"), PLACE);

describe("encryption.keys", () => {
  test.each<[string, EncryptionKey]>([
    ["bytes", new Uint8Array(KEY)],
    ["base64", KEY.toString("base64")],
    ["base64 without padding", KEY.toString("base64").replace("=", "")],
    ["base64url", KEY.toString("base64url")],
  ])("may be %s", (_, key) => {
    expect(keyring({ keys: { a: key } }).ready()).toBeUndefined();
    expect(cipherOf(key).open(sealed, PLACE).toString()).toBe("text");
  });

  test("base64 and base64url of bytes that they write differently are the same key", () => {
    const key = Buffer.alloc(32, 0xff);
    expect(key.toString("base64")).not.toBe(key.toString("base64url"));
    const value = cipherOf(key.toString("base64")).seal(Buffer.from("text"), PLACE);
    expect(cipherOf(key.toString("base64url")).open(value, PLACE).toString()).toBe("text");
  });

  test("are copied: overwriting them afterwards changes nothing", () => {
    const key = new Uint8Array(KEY);
    const cipher = cipherOf(key);
    key.fill(0);
    expect(cipher.open(sealed, PLACE).toString()).toBe("text");
  });

  const secret = randomBytes(31).toString("base64");
  test.each<[string, unknown]>([
    ["31 bytes", randomBytes(31)],
    ["33 bytes", randomBytes(33)],
    ["no bytes", new Uint8Array()],
    ["an overwritten key", Buffer.alloc(32)],
    ["base64 of 31 bytes", secret],
    ["hexadecimal digits", KEY.toString("hex")],
    ["base64 with a line break", `${KEY.toString("base64")}\n`],
    ["a number", 7],
    ["undefined", undefined],
    ["null", null],
    ["an array", [...KEY]],
  ])("%s is refused, with the key's id and without the key", (_, key) => {
    const make = () => keyring({ keys: { a: KEY, "2026-11": key } });
    expect(make).toThrow(InvalidInputError);
    expect(make).toThrow('encryption.keys["2026-11"] must be 32 bytes, or their base64');
    expect(make).not.toThrow(secret);
  });

  test.each<[string, unknown]>([
    ["none", undefined],
    ["no keys", {}],
    ["a list", [KEY]],
    ["a map", new Map([["a", KEY]])],
    ["a key alone", KEY],
  ])("%s instead of keys is refused", (_, keys) => {
    expect(() => keyring({ keys })).toThrow("encryption.keys must be an object with a key under each id");
  });

  test.each(["", "with space", "ü", "line\nbreak", "x".repeat(65)])("%j is refused as an id", (id) => {
    expect(() => keyring({ keys: { a: KEY, [id]: KEY } })).toThrow(
      "an id in encryption.keys must have 1 to 64",
    );
  });

  test.each<[string, string]>([
    ["base64", KEY.toString("base64")],
    ["base64url", KEY.toString("base64url")],
    ["hexadecimal digits", KEY.toString("hex")],
    ["base64 with a line break", `${KEY.toString("base64")}\n`],
    ["base64 with spaces", ` ${KEY.toString("base64")} `],
  ])("a key in %s is refused as an id, and as the current one, without being shown", (_, key) => {
    for (const options of [
      { keys: { [key]: "2026-11" }, current: "2026-11" },
      { keys: { [key]: key }, current: key },
      { keys: { a: KEY }, current: key },
    ]) {
      expect(() => keyring(options)).toThrow(InvalidInputError);
      expect(() => keyring(options)).toThrow(
        /an id in encryption.keys (must|looks)|encryption.current must be/,
      );
      expect(() => keyring(options)).not.toThrow(key.trim().slice(0, 10));
    }
  });

  test.each(["!", "~".repeat(64), "constructor", '"quoted"'])("%j may be an id", (id) => {
    const cipher = keyring({ keys: { [id]: KEY }, current: id }).cipher("thread");
    expect(cipher.open(cipher.seal(Buffer.from("text"), PLACE), PLACE).toString()).toBe("text");
  });
});

describe("the options of encryption", () => {
  test.each<[string, Record<string, unknown>, string]>([
    [
      "an unknown current key",
      { current: "b" },
      "encryption.current must be the id of one of encryption.keys",
    ],
    ["no current key", { current: undefined }, "encryption.current must be the id of one of encryption.keys"],
    ["an inherited name", { current: "toString" }, "encryption.current must be"],
    ["a text for a boolean", { allowPlaintext: "yes" }, "encryption.allowPlaintext must be true or false"],
    ["a misspelt option", { key: KEY }, 'encryption has no option "key". Did you mean "keys"?'],
  ])("%s is refused", (_, options, message) => {
    expect(() => keyring(options)).toThrow(message);
    expect(() => keyring(options)).toThrow(InvalidInputError);
  });

  test("null instead of options is refused", () => {
    expect(() => new Keyring(null as never, "prefix")).toThrow("the options of encryption must be an object");
  });
});

describe("a key from a function", () => {
  test("is asked for once, whoever waits for it, and not before", async () => {
    let calls = 0;
    const fetch = async () => {
      calls += 1;
      return KEY;
    };
    const ring = keyring({ keys: { a: fetch, b: fetch } });
    const cipher = ring.cipher("thread");
    expect(calls).toBe(0);
    await Promise.all([ring.ready(), ring.ready()]);
    expect(ring.ready()).toBeUndefined();
    expect(calls).toBe(2);
    expect(cipher.open(sealed, PLACE).toString()).toBe("text");
  });

  test("may be text, and come without a promise", async () => {
    const ring = keyring({ keys: { a: () => KEY.toString("base64") } });
    await ring.ready();
    expect(ring.cipher("thread").open(sealed, PLACE).toString()).toBe("text");
  });

  test("is asked for again after a failure, which names its id and not what the function said", async () => {
    let failures = 2;
    let others = 0;
    const failing = () => {
      failures -= 1;
      if (failures === 1) return Promise.reject(new Error("token 918273645"));
      if (failures === 0) throw new Error("token 918273645");
      return Promise.resolve(KEY);
    };
    const other = async () => {
      others += 1;
      return randomBytes(32);
    };
    const ring = keyring({ keys: { a: failing, other } });
    for (let attempt = 0; attempt < 2; attempt++) {
      const error = await ring.ready()?.catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(EncryptionError);
      expect(error).toMatchObject({ code: "ENCRYPTION", keyId: "a" });
      expect((error as Error).message).toContain('encryption.keys["a"]');
      expect((error as Error).message).not.toContain("918273645");
      expect((error as Error).cause).toBeInstanceOf(Error);
    }
    await ring.ready();
    expect(ring.cipher("thread").open(sealed, PLACE).toString()).toBe("text");
    expect(others).toBe(1);
  });

  test("is not waited for longer than an operation may take, and is asked for again", async () => {
    const answers: ((key: Buffer) => void)[] = [];
    const fetch = () => new Promise<Buffer>((resolve) => answers.push(resolve));
    const options: EncryptionOptions = { keys: { a: fetch, b: async () => KEY }, current: "a" };
    const ring = new Keyring(options, "prefix", 50);
    for (let attempt = 1; attempt <= 2; attempt++) {
      const error = await ring.ready()?.catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(EncryptionError);
      expect(error).toMatchObject({ keyId: "a" });
      expect((error as Error).message).toContain('encryption.keys["a"]');
      expect(answers).toHaveLength(attempt);
    }
    // One that comes late is a key as well.
    answers[0]?.(KEY);
    await ring.ready()?.catch(() => {});
    expect(ring.ready()).toBeUndefined();
    expect(ring.cipher("thread").open(sealed, PLACE).toString()).toBe("text");
  });

  test("that is none is an error that names its id", async () => {
    const ring = keyring({ keys: { a: async () => randomBytes(16) } });
    await expect(ring.ready()).rejects.toThrow(EncryptionError);
    await expect(ring.ready()).rejects.toThrow('encryption.keys["a"] must give 32 bytes, or their base64');
  });
});

test("a keyring and its ciphers show no key when they are printed", () => {
  const ring = keyring({});
  const shown = [ring, ring.cipher("thread"), ring.cipher("thread").within("t")].map((each) => {
    return inspect(each, { depth: 20, showHidden: true }) + JSON.stringify(each);
  });
  expect(shown.join()).not.toMatch(/a7[ ,]*a7|167[ ,]*167|p6en/);
});
