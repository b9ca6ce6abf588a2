import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connect, freshPrefix, plainRedisUrl, redisUrl } from "../helpers/redis.js";
import { installPacked, type Project, packCli, packClone, root, type Tarball, tool } from "./packed.js";

const PEERS = ["@langchain/core", "@langchain/langgraph-checkpoint"];

let tarball: Tarball;
let project: Project;
beforeAll(async () => {
  tarball = await packClone();
  project = await installPacked(tarball, [...PEERS, "redis"]);
}, 180_000);
afterAll(() => {
  project?.remove();
  tarball?.remove();
});

const installed = (path: string) =>
  readFileSync(join(project.directory, "node_modules/langgraph-redis", path), "utf8");

/** Saves a checkpoint and an item, and reads both back. */
const USES = `
  const config = { configurable: { thread_id: "t", checkpoint_ns: "" } };
  const checkpoint = { v: 4, id: "1ef4f797-8335-6428-8001-8a1503f9b875", ts: "2024-04-19T17:19:07.952Z",
    channel_values: { color: "red" }, channel_versions: { color: 1 }, versions_seen: {} };
  await saver.put(config, checkpoint, { source: "loop", step: 1, parents: {} }, { color: 1 });
  const tuple = await saver.getTuple(config);
  await saver.end();
  await store.put(["colors"], "favourite", { name: "green" });
  const item = await store.get(["colors"], "favourite");
  await store.stop();
  console.log(tuple.checkpoint.channel_values.color, item.value.name, RedisSaver.name, RedisStore.name);
`;

const PROGRAM = `
  const [url, keyPrefix] = process.argv.slice(2);
  const saver = await RedisSaver.fromConnString(url, { keyPrefix });
  const store = await RedisStore.fromConnString(url, { keyPrefix });
  ${USES}
`;

test("the tarball holds the build, the licence and the documents, and nothing else", () => {
  const others = tarball.files.filter((path) => !path.startsWith("dist/"));
  expect(others.filter((path) => !/^(package\.json|LICENSE|README\.md|CHANGELOG\.md)$/.test(path))).toEqual(
    [],
  );
  expect(tarball.files).toContain("LICENSE");
  for (const file of ["js", "cjs", "d.ts", "d.cts"].flatMap((end) => [`index.${end}`, `migrate.${end}`])) {
    expect(tarball.files).toContain(`dist/${file}`);
  }
  expect(tarball.files.filter((path) => path.endsWith(".map"))).toEqual([]);
  expect(tarball.size).toBeLessThan(1_600_000);
});

test("every Lua script is part of the build, as text", () => {
  const scripts = readdirSync(join(root, "src"), { recursive: true })
    .map(String)
    .filter((path) => path.endsWith(".lua"));
  expect(scripts.length).toBeGreaterThan(0);
  const bundles = ["index.js", "index.cjs"].map((file) => installed(`dist/${file}`));
  for (const script of scripts) {
    // A line that no kind of string literal would write differently.
    const plain = readFileSync(join(root, "src", script), "utf8")
      .split("\n")
      .filter((line) => /^[\w\s.,:;=()[\]{}+*<>~#-]+$/.test(line) && !line.trim().startsWith("--"))
      .reduce((longest, line) => (line.length > longest.length ? line : longest), "");
    expect(plain, `${script} has no line to look for`).not.toBe("");
    for (const bundle of bundles) expect(bundle, script).toContain(plain);
  }
});

test("what users install asks for the peers and for nothing that only tests need", () => {
  const manifest = JSON.parse(installed("package.json"));
  expect(Object.keys(manifest.peerDependencies)).toEqual(
    expect.arrayContaining([...PEERS, "redis", "ioredis", "@opentelemetry/api"]),
  );
  const optional = ["@opentelemetry/api", "ioredis", "redis"];
  expect(Object.keys(manifest.peerDependenciesMeta).sort()).toEqual(optional);
  for (const link of [manifest.repository.url, manifest.homepage, manifest.bugs.url ?? manifest.bugs]) {
    expect(link).toContain("https://github.com/langgraph-redis/langgraph-redis");
  }
  const all = { ...manifest.dependencies, ...manifest.optionalDependencies, ...manifest.peerDependencies };
  expect(Object.keys(all).filter((name) => /falkordb|valkey|testcontainers|vitest/.test(name))).toEqual([]);
});

test("it works from ESM", async () => {
  const prefix = freshPrefix();
  project.write("main.mjs", `import { RedisSaver, RedisStore } from "langgraph-redis";\n${PROGRAM}`);
  expect(await project.node("main.mjs", redisUrl(), prefix)).toBe("red green RedisSaver RedisStore");
  expect(await (await connect()).keys(`${prefix}*`)).not.toEqual([]);
});

test("it works from CommonJS", async () => {
  const program = `const { RedisSaver, RedisStore } = require("langgraph-redis");\nvoid (async () => {${PROGRAM}})();`;
  project.write("main.cjs", program);
  expect(await project.node("main.cjs", redisUrl(), freshPrefix())).toBe("red green RedisSaver RedisStore");
});

test("only the entry point of OpenTelemetry needs @opentelemetry/api, and says so", async () => {
  project.write(
    "without.mjs",
    `
    await import("langgraph-redis");
    await import("langgraph-redis/opentelemetry").catch(({ code, message }) => console.log(code, message));
    `,
  );
  expect(await project.node("without.mjs")).toMatch(/^ERR_MODULE_NOT_FOUND .*'@opentelemetry\/api'/);
});

test("errors of the ESM build, the CommonJS build and the other entry points are instances of each other's classes", async () => {
  project.write(
    "instances.mjs",
    `
    import { createRequire } from "node:module";
    import * as esm from "langgraph-redis";
    import { fromIoredis as esmFromIoredis } from "langgraph-redis/ioredis";
    import { copyThreads as esmCopyThreads } from "langgraph-redis/migrate";
    const require = createRequire(import.meta.url);
    const cjs = require("langgraph-redis");
    const { fromIoredis: cjsFromIoredis } = require("langgraph-redis/ioredis");
    const { copyThreads: cjsCopyThreads } = require("langgraph-redis/migrate");
    const caught = (work) => { try { work(); } catch (error) { return error; } };
    const thrown = [
      caught(() => new esm.RedisSaver({ client: 1 })),
      caught(() => new cjs.RedisSaver({ client: 1 })),
      caught(() => esmFromIoredis({})),
      caught(() => cjsFromIoredis({})),
      await esmCopyThreads({}, {}).catch((error) => error),
      await cjsCopyThreads({}, {}).catch((error) => error),
    ];
    const seen = thrown.flatMap((error) => [esm, cjs].map((builds) => [
      error instanceof builds.InvalidInputError,
      error instanceof builds.LangGraphRedisError,
      error instanceof Error,
      error instanceof builds.SerializationError,
      error.code,
    ].join(" ")));
    console.log([...new Set(seen)].join("; "), esm.InvalidInputError === cjs.InvalidInputError);
    const renamed = Object.entries({ ...esm, ...cjs }).filter(([name, value]) => value.name !== undefined && value.name !== name);
    console.log(renamed.map(([name]) => name).join());
    `,
  );
  expect(await project.node("instances.mjs")).toBe("true true true false INVALID_INPUT false");
});

const TYPED = `
  import type { BaseCheckpointSaver, BaseStore } from "@langchain/langgraph-checkpoint";
  import { InvalidInputError, type LangGraphRedisErrorCode, OperationError, RedisSaver, RedisStore } from "langgraph-redis";
  import { copyThreads } from "langgraph-redis/migrate";
  import { createClient } from "redis";

  export async function main(url: string): Promise<void> {
    const saver: BaseCheckpointSaver = await RedisSaver.fromConnString(url, { keyPrefix: "user" });
    const store: BaseStore = await RedisStore.fromConnString(url, { keyPrefix: "user" });
    const client = createClient({ url });
    const injected = [new RedisSaver({ client }), new RedisStore({ client })] as const;
    await saver.getTuple({ configurable: { thread_id: "t" } });
    await store.get(["a"], "b");
    const { errors } = await copyThreads(saver, injected[0], { threads: ["t"], dryRun: true });
    console.log(errors[0]?.threadId);
    // @ts-expect-error the types of this entry point are real too
    await copyThreads(saver, injected[0], { dry: true });
    try {
      await injected[0].end();
    } catch (error) {
      if (error instanceof OperationError) console.log(error.context.operation, error.code satisfies LangGraphRedisErrorCode);
      else if (error instanceof InvalidInputError) console.log(error.code satisfies "INVALID_INPUT");
      else throw error;
    }
    // @ts-expect-error an option that does not exist: the types are real, not any
    await RedisSaver.fromConnString(url, { keyPrefixx: "user" });
    // @ts-expect-error the same for the store
    await RedisStore.fromConnString(url, { keyPrefixx: "user" });
  }
`;

test.each([
  { name: "an ES module, as Node resolves it", file: "typed.mts", module: "Node16", resolution: "Node16" },
  {
    name: "a CommonJS module, as Node resolves it",
    file: "typed.cts",
    module: "Node16",
    resolution: "Node16",
    skipLibCheck: true, // the peers' own CommonJS declarations do not check
  },
  { name: "a module, as bundlers resolve it", file: "typed.ts", module: "ESNext", resolution: "Bundler" },
])("its types serve $name", async ({ file, module, resolution, skipLibCheck = false }) => {
  await typecheck(project, file, TYPED, { module, moduleResolution: resolution, skipLibCheck });
});

/** Compiles one file of a project, with its strictest settings unless others are given. */
async function typecheck(within: Project, file: string, code: string, options: object): Promise<void> {
  within.write(file, code);
  const compilerOptions = {
    target: "ES2022",
    strict: true,
    noEmit: true,
    types: ["node"],
    typeRoots: [join(root, "node_modules/@types")],
    ...options,
  };
  within.write("tsconfig.json", JSON.stringify({ compilerOptions, files: [file] }));
  await within.node(tool("typescript/bin/tsc"), "-p", "tsconfig.json");
}

test("the lock file names no registry: it serves whoever installs from a mirror", () => {
  const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
  const packages = Object.values(lock.packages as Record<string, { resolved?: string }>);
  expect(packages.filter(({ resolved }) => resolved && /^\w+:/.test(resolved))).toEqual([]);
});

describe("with ioredis and OpenTelemetry, and without node-redis", () => {
  let withIoredis: Project;
  beforeAll(async () => {
    withIoredis = await installPacked(tarball, [...PEERS, "ioredis", "@opentelemetry/api"]);
  }, 120_000);
  afterAll(() => withIoredis?.remove());

  /** The program above on a client of ioredis; then the connection that cannot be opened. */
  const program = `
    const [url, keyPrefix] = process.argv.slice(2);
    const redis = new Redis(url);
    const client = fromIoredis(redis);
    const saver = new RedisSaver({ client, keyPrefix });
    const store = new RedisStore({ client, keyPrefix });
    ${USES}
    redis.disconnect();
    for (const Class of [RedisSaver, RedisStore]) {
      await Class.fromConnString(url).catch((error) => console.log(error instanceof InvalidInputError, error.message));
    }
  `;
  const names = "InvalidInputError, RedisSaver, RedisStore";
  const programs = {
    "main.mjs": `
      import { Redis } from "ioredis";
      import { ${names} } from "langgraph-redis";
      import { fromIoredis } from "langgraph-redis/ioredis";
      ${program}`,
    "main.cjs": `
      const { Redis } = require("ioredis");
      const { ${names} } = require("langgraph-redis");
      const { fromIoredis } = require("langgraph-redis/ioredis");
      void (async () => {${program}})();`,
  };

  test.each(Object.entries(programs))(
    "%s works, and what opens a connection says what to install",
    async (file, text) => {
      withIoredis.write(file, text);
      const [first, ...refusals] = (await withIoredis.node(file, redisUrl(), freshPrefix())).split("\n");
      expect(first).toBe("red green RedisSaver RedisStore");
      expect(refusals).toHaveLength(2);
      for (const refusal of refusals) expect(refusal).toMatch(/^true .*Run `npm install redis`, or pass/);
    },
  );

  test("the entry point of OpenTelemetry sees the operations of the ESM and of the CommonJS build", async () => {
    withIoredis.write(
      "telemetry.mjs",
      `
      import { createRequire } from "node:module";
      import { Redis } from "ioredis";
      import * as esm from "langgraph-redis";
      import { fromIoredis } from "langgraph-redis/ioredis";
      import { enableOpenTelemetry } from "langgraph-redis/opentelemetry";
      const require = createRequire(import.meta.url);
      const cjs = { ...require("langgraph-redis"), ...require("langgraph-redis/opentelemetry") };
      const [url, keyPrefix] = process.argv.slice(2);
      const redis = new Redis(url);
      const seen = [];
      for (const enable of [enableOpenTelemetry, cjs.enableOpenTelemetry]) {
        const end = () => seen.push("ended");
        const span = { setAttributes: ({ "langgraph.redis.round_trips": n }) => seen.push(n), setStatus() {}, end };
        const disable = enable({ tracer: { startSpan: (name) => (seen.push(name), span) } });
        for (const { RedisSaver } of [esm, cjs]) {
          const saver = new RedisSaver({ client: fromIoredis(redis), keyPrefix });
          await saver.getTuple({ configurable: { thread_id: "t" } });
        }
        disable();
      }
      redis.disconnect();
      console.log(seen.join());
      `,
    );
    const seen = await withIoredis.node("telemetry.mjs", plainRedisUrl(), freshPrefix());
    // Whoever calls a script first may have to load it.
    expect(seen).toMatch(/^(getTuple checkpoints,[12],ended(,|$)){4}$/);
  });

  test("its types check", async () => {
    const code = `
      import { trace } from "@opentelemetry/api";
      import { Redis } from "ioredis";
      import type { OperationMessage } from "langgraph-redis";
      import { enableOpenTelemetry } from "langgraph-redis/opentelemetry";
      export const disable: () => void = enableOpenTelemetry({ tracer: trace.getTracer("x"), recordIds: false });
      export const trips = (message: OperationMessage): number | undefined => message.roundTrips;
      import { RedisSaver, RedisStore } from "langgraph-redis";
      import { fromIoredis } from "langgraph-redis/ioredis";
      const client = fromIoredis(new Redis("redis://localhost"));
      export const both = [new RedisSaver({ client }), new RedisStore({ client })] as const;
    `;
    await typecheck(withIoredis, "typed.mts", code, { module: "NodeNext", moduleResolution: "NodeNext" });
  });
});

describe("the package of the command line", () => {
  let withCli: Project;
  let files: string[];
  beforeAll(async () => {
    const packed = await packCli(tarball);
    files = packed.files;
    withCli = await installPacked(tarball, [], { "langgraph-redis-cli": `file:${packed.path}` });
  }, 180_000);
  afterAll(() => withCli?.remove());

  const program = "node_modules/langgraph-redis-cli/dist/main.js";

  test("holds the build with the viewer's page, and depends on the library's version", () => {
    const others = files.filter((path) => !path.startsWith("dist/"));
    expect(others.filter((path) => !/^(package\.json|LICENSE|README\.md)$/.test(path))).toEqual([]);
    expect(files).toEqual(
      expect.arrayContaining(["dist/main.js", "dist/page/index.html", "LICENSE", "README.md"]),
    );
    const manifest = JSON.parse(
      readFileSync(join(withCli.directory, "node_modules/langgraph-redis-cli/package.json"), "utf8"),
    );
    const { version } = JSON.parse(installed("package.json"));
    expect(manifest.dependencies["langgraph-redis"]).toBe(`^${version}`);
  });

  test("installs into an empty project, and runs: help, doctor, threads", async () => {
    expect(await withCli.node(program, "--help")).toMatch(/^Usage: langgraph-redis \[options\] \[command\]/);
    const url = ["--url", redisUrl(), "--prefix", freshPrefix()];
    // It ends with 1 where the server has an error, as servers for tests have.
    const diagnosis = await withCli.node(program, "doctor", "--json", ...url).catch(String);
    expect(diagnosis).toContain('"code":"version","title":"');
    expect(await withCli.node(program, "threads", ...url)).toBe("No threads.");
  });
});
