import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { partitionOf } from "../../../src/redis/partition.js";
import { valueToken } from "../../../src/store/filter/tokens.js";
import { StoreKeys } from "../../../src/store/keys.js";
import {
  decodeNamespace,
  encodeNamespace,
  fromRegistryMember,
  scopeToken,
  scopeTokens,
  toRegistryMember,
} from "../../../src/store/namespaces/encoding.js";
import { HOSTILE_STRINGS } from "../../helpers/hostile.js";

const label = fc.oneof(
  fc.constantFrom(...HOSTILE_STRINGS),
  fc.string({
    unit: fc.integer({ min: 1, max: 0xffff }).map((code) => String.fromCharCode(code)),
    minLength: 1,
  }),
);
const namespace = fc.array(label, { minLength: 1, maxLength: 4 });
const keys = new StoreKeys("p");

describe("names", () => {
  test("of namespaces can be read back, and so are distinct", () => {
    fc.assert(
      fc.property(namespace, (labels) => {
        expect(decodeNamespace(encodeNamespace(labels))).toEqual(labels);
        expect(fromRegistryMember(toRegistryMember(labels))).toEqual(labels);
      }),
    );
  });

  test("of documents can be read back, and tell whose they are", () => {
    fc.assert(
      fc.property(namespace, fc.oneof(label, fc.constant("")), (labels, key) => {
        const { document } = keys.ofItem(labels, key);
        expect(keys.parseDocument(document)).toEqual({ document, namespace: labels, key });
        expect(keys.parseDocument(`${document}:2.17`)).toEqual({ document, namespace: labels, key });
        expect(document.startsWith(keys.documentsOf(labels))).toBe(true);
      }),
    );
  });

  test("of one item's keys share one hash tag with all else that a put changes: the partition of the namespace", () => {
    fc.assert(
      fc.property(namespace, label, (labels, key) => {
        const { document, namespace: own } = keys.ofItem(labels, key);
        const { registry, recent, serving, namespaces } = own.partition;
        const all = [document, own.keys, own.updates, own.expiry, registry, recent, serving, namespaces];
        const tags = new Set(all.map((each) => /\{([^}]*)\}/.exec(each)?.[1]));
        expect(tags).toEqual(new Set([String(partitionOf(encodeNamespace(labels)))]));
        expect(own.keys).toBe(`${namespaces}${own.name}keys`);
      }),
    );
  });

  test("of keys that are not the same are distinct, whatever the labels are", () => {
    fc.assert(
      fc.property(namespace, label, namespace, label, (one, key, two, other) => {
        const [a, b] = [keys.ofItem(one, key), keys.ofItem(two, other)];
        expect(a.document === b.document).toBe(JSON.stringify([one, key]) === JSON.stringify([two, other]));
        expect(a.namespace.keys === b.namespace.keys).toBe(JSON.stringify(one) === JSON.stringify(two));
        const { keys: names, updates, expiry } = a.namespace;
        expect(new Set([names, updates, expiry, b.namespace.updates, b.namespace.expiry]).size).toBe(
          a.namespace.keys === b.namespace.keys ? 3 : 5,
        );
      }),
    );
  });

  test("of documents are the only ones that an index is over", () => {
    const { document, namespace: own } = keys.ofItem(["a"], "k");
    const { definition, reindex } = keys;
    const others = [
      own.keys,
      own.updates,
      own.expiry,
      own.partition.registry,
      own.partition.recent,
      own.partition.serving,
      definition,
      reindex,
    ];
    expect(document.startsWith(keys.documentPrefix)).toBe(true);
    expect(others.filter((key) => key.startsWith(keys.documentPrefix))).toEqual([]);
  });

  test("of what is not ours are not read", () => {
    for (const key of [
      "p:store:doc:{7}",
      "p:store:doc:{7}:k",
      "other:store:doc:{7}:a:k",
      "p:store:doc:{7}:a:%zz",
      "p:store:doc:{7}:%:k",
    ]) {
      expect(keys.parseDocument(key)).toBeUndefined();
    }
  });
});

describe("tokens", () => {
  test("name each path to a namespace", () => {
    expect(scopeTokens(["a", "b:c", "d"])).toEqual(["a", "a:b%3Ac", "a:b%3Ac:d"]);
  });

  test("are short enough for an index, distinct, and of safe characters", () => {
    const long = "x".repeat(5_000);
    const tokens = [
      scopeToken([long, "1"]),
      scopeToken([`${long}1`]),
      scopeToken([long]),
      valueToken("a", long),
      valueToken("a", `${long}1`),
      valueToken(long, "a"),
      ...HOSTILE_STRINGS.map((text) => valueToken("p", text)),
      ...HOSTILE_STRINGS.map((text) => valueToken(text, "p")),
    ];
    expect(new Set(tokens).size).toBe(tokens.length);
    for (const token of tokens) expect(token).toMatch(/^[A-Za-z0-9_%:=#-]{1,256}$/);
  });

  test("tell values of different types apart", () => {
    const values = [1, "1", true, "true", null, "null", "", 0, false];
    expect(new Set(values.map((value) => valueToken("a", value))).size).toBe(values.length);
    expect(valueToken("a", 1e21)).toBe(valueToken("a", 1_000_000_000_000_000_000_000));
    expect(valueToken("a", -0)).toBe(valueToken("a", 0));
  });
});
