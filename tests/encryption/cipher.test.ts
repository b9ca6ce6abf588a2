import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { EncryptionError } from "langgraph-redis";
import { describe, expect, test } from "vitest";
import { isSealed, OVERHEAD, openPlain } from "../../src/encryption/cipher.js";
import { Keyring, type Purpose } from "../../src/encryption/keyring.js";

const OLD = Buffer.alloc(32, 1);
const NEW = Buffer.alloc(32, 2);

interface Setup {
  keys?: Record<string, Buffer>;
  current?: string;
  allowPlaintext?: boolean;
  keyPrefix?: string;
  purpose?: Purpose;
}

function cipher({
  keys = { new: NEW },
  current = "new",
  keyPrefix = "p",
  purpose = "thread",
  ...more
}: Setup = {}) {
  return new Keyring({ keys, current, ...more }, keyPrefix).cipher(purpose);
}

function errorOf(work: () => unknown): EncryptionError {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(EncryptionError);
    return error as EncryptionError;
  }
  throw new Error("nothing was thrown");
}

const anyBytes = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes));
/** Halves of surrogate pairs included. */
const anyPlace = fc.array(fc.string({ unit: "binary", maxLength: 5 }), { maxLength: 4 });

describe("seal and open", () => {
  test("give back any bytes in any place", () => {
    fc.assert(
      fc.property(anyBytes, anyPlace, (plaintext, place) => {
        const sealed = cipher().seal(plaintext, place);
        expect(isSealed(sealed)).toBe(true);
        expect(sealed.length).toBe(plaintext.length + OVERHEAD + 2 + "new".length);
        expect(cipher().open(sealed, place)).toEqual(plaintext);
      }),
    );
  });

  test("never give the same bytes twice, nor bytes that hold the plaintext", () => {
    const [text, seal] = [Buffer.from("a text that should not be found"), cipher()];
    const all = Array.from({ length: 1_000 }, () => seal.seal(text, []));
    expect(new Set(all.map((each) => each.toString("latin1"))).size).toBe(all.length);
    for (const each of all) expect(each.includes("text")).toBe(false);
  });

  test("refuse every other place", () => {
    fc.assert(
      fc.property(anyPlace, anyPlace, (place, other) => {
        fc.pre(JSON.stringify(place) !== JSON.stringify(other));
        const sealed = cipher().seal(Buffer.from("text"), place);
        expect(() => cipher().open(sealed, other)).toThrow(EncryptionError);
      }),
    );
  });

  test.each<[string[], string[]]>([
    [["a", "b"], ["a,b"]],
    [["a", "b"], ['a","b']],
    [
      ["ab", "c"],
      ["a", "bc"],
    ],
    [[], [""]],
    [["\ud800"], ["\ufffd"]],
    [["\ud800"], ["\\ud800"]],
  ])("tell %j from %j", (place, other) => {
    const sealed = cipher().seal(Buffer.from("text"), place);
    expect(() => cipher().open(sealed, other)).toThrow("moved here from another place");
  });

  test("refuse a value of which any bit was flipped, or that was cut", () => {
    const sealed = cipher().seal(Buffer.from("some text"), ["place"]);
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const flipped = Buffer.from(sealed);
      flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(() => cipher().open(flipped, ["place"])).toThrow(EncryptionError);
    }
    for (let length = 0; length < sealed.length; length++) {
      expect(() => cipher().open(sealed.subarray(0, length), ["place"])).toThrow(EncryptionError);
    }
    expect(() => cipher().open(Buffer.concat([sealed, Buffer.alloc(1)]), ["place"])).toThrow(EncryptionError);
  });

  test("refuse what begins as a sealed value does, whatever follows", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        expect(() => cipher().open(Buffer.from([2, ...bytes]), [])).toThrow(EncryptionError);
      }),
    );
  });

  test("decrypt with every key, encrypt with the current one", () => {
    const before = cipher({ keys: { old: OLD }, current: "old" });
    const rotated = cipher({ keys: { old: OLD, new: NEW }, current: "new" });
    const old = before.seal(Buffer.from("text"), ["place"]);
    expect(rotated.open(old, ["place"]).toString()).toBe("text");
    expect(rotated.isCurrent(old)).toBe(false);
    const renewed = rotated.seal(Buffer.from("text"), ["place"]);
    expect(rotated.isCurrent(renewed)).toBe(true);
    expect(rotated.isCurrent(Buffer.from("plain"))).toBe(false);
    expect(cipher().open(renewed, ["place"]).toString()).toBe("text");
  });

  test("a key that is not there is named, and so is one that is another one now", () => {
    const old = cipher({ keys: { "2026-05": OLD }, current: "2026-05" }).seal(Buffer.from("text"), []);
    const missing = errorOf(() => cipher().open(old, []));
    expect(missing).toMatchObject({ code: "ENCRYPTION", keyId: "2026-05" });
    expect(missing.message).toContain(
      'it is encrypted with the key "2026-05", which is not in encryption.keys',
    );
    const wrong = errorOf(() => cipher({ keys: { "2026-05": NEW }, current: "2026-05" }).open(old, []));
    expect(wrong).toMatchObject({ code: "ENCRYPTION", keyId: "2026-05" });
    expect(wrong.message).toContain('it cannot be decrypted with the key "2026-05"');
  });

  test("a key's id cannot be exchanged for that of the same key", () => {
    const keys = { aaa: NEW, bbb: NEW };
    const sealed = cipher({ keys, current: "aaa" }).seal(Buffer.from("text"), []);
    sealed.write("bbb", 2, "latin1");
    expect(() => cipher({ keys, current: "aaa" }).open(sealed, [])).toThrow(EncryptionError);
  });
});

describe("keys of their own", () => {
  test.each<[string, Setup]>([
    ["prefix", { keyPrefix: "q" }],
    ["purpose", { purpose: "item" }],
  ])("belong to each %s", (_, other) => {
    const sealed = cipher().seal(Buffer.from("text"), ["place"]);
    expect(() => cipher(other).open(sealed, ["place"])).toThrow(EncryptionError);
    expect(cipher(other).digest("text", [], 20)).not.toBe(cipher().digest("text", [], 20));
  });

  test("belong to each scope", () => {
    const [one, other] = [cipher().within("one"), cipher().within("other")];
    const sealed = one.seal(Buffer.from("text"), ["place"]);
    expect(cipher().within("one").open(sealed, ["place"]).toString()).toBe("text");
    for (const stranger of [other, cipher(), one.within("one")]) {
      expect(() => stranger.open(sealed, ["place"])).toThrow(EncryptionError);
      expect(stranger.digest("text", [], 20)).not.toBe(one.digest("text", [], 20));
    }
  });

  test("are the same when more scopes were used than are remembered", () => {
    const [all, one] = [cipher(), cipher().within("0")];
    for (let scope = 0; scope < 1_100; scope++) all.within(String(scope));
    expect(
      all
        .within("0")
        .open(one.seal(Buffer.from("text"), []), [])
        .toString(),
    ).toBe("text");
  });
});

describe("plaintext", () => {
  test("is refused, unless it is allowed", () => {
    const plaintext = Buffer.from("text");
    const refusal = errorOf(() => cipher().open(plaintext, []));
    expect(refusal.message).toContain("it is not encrypted");
    expect(refusal.message).toContain("encryption.allowPlaintext");
    expect(refusal.message).not.toContain("text)");
    expect(cipher({ allowPlaintext: true }).open(plaintext, [])).toBe(plaintext);
  });

  test("is all that is read without keys: of what is sealed the key is named", () => {
    const plaintext = Buffer.from("text");
    expect(openPlain(plaintext)).toBe(plaintext);
    const error = errorOf(() => openPlain(cipher().seal(plaintext, [])));
    expect(error.keyId).toBe("new");
    expect(error.message).toContain(
      'it is encrypted with the key "new". Give that key with the option `encryption`',
    );
  });
});

describe("digest", () => {
  test("is the same for the same content, place and key, and no other", () => {
    const contents = fc.oneof(fc.string(), anyBytes);
    fc.assert(
      fc.property(contents, contents, anyPlace, anyPlace, (content, other, place, otherPlace) => {
        const digest = cipher().digest(content, place, 20);
        expect(digest).toMatch(/^[\w-]{20}$/);
        expect(cipher().digest(Buffer.from(content), place, 20)).toBe(digest);
        if (!Buffer.from(content).equals(Buffer.from(other)))
          expect(cipher().digest(other, place, 20)).not.toBe(digest);
        if (JSON.stringify(place) !== JSON.stringify(otherPlace))
          expect(cipher().digest(content, otherPlace, 20)).not.toBe(digest);
      }),
    );
  });

  test("does not run a place into a content", () => {
    expect(cipher().digest("b", ["a"], 20)).not.toBe(cipher().digest("", ["ab"], 20));
    expect(cipher().digest('\0"]', ["a"], 20)).not.toBe(cipher().digest("", ['a"]\0'], 20));
  });

  test("of every key is what was used when that was the current one", () => {
    const key = randomBytes(32);
    const both = cipher({ keys: { old: key, new: NEW }, current: "new" });
    const old = cipher({ keys: { old: key }, current: "old" });
    expect(both.digests("text", ["p"], 16)).toEqual([
      both.digest("text", ["p"], 16),
      old.digest("text", ["p"], 16),
    ]);
    expect(old.digest("text", ["p"], 16)).not.toBe(both.digest("text", ["p"], 16));
  });
});

test("an error can be told of with the place where it was found", () => {
  const error = errorOf(() => cipher().open(Buffer.from("text"), []));
  const located = error.at("cannot read the item", { key: "p:doc" });
  expect(located).toBeInstanceOf(EncryptionError);
  expect(located.message).toMatch(/^cannot read the item: it is not encrypted.*\(key "p:doc"\)\.$/);
  expect(located.location).toEqual({ key: "p:doc" });
});
