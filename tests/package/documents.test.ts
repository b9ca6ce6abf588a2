import { readdirSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { ROOT, run } from "../demo/package-copy.js";

interface Block {
  /** The file that it stands in, and its place there. */
  name: string;
  code: string;
}

/** What the text around an example has introduced. A block that declares or imports such a name has its own. */
const CONTEXT = `
  import type { Embeddings } from "@langchain/core/embeddings";
  import type { MessagesAnnotation, StateGraph } from "@langchain/langgraph";
  import * as ours from "langgraph-redis";

  declare global {
    const url: string;
    const builder: StateGraph<typeof MessagesAnnotation.spec>;
    const input: { messages: string };
    const largerModel: Embeddings;
    const client: ours.NodeRedisClient;
    const checkpointer: ours.RedisSaver;
    const store: ours.RedisStore;
    const cache: ours.RedisCache;
    const JsonSerializer: typeof ours.JsonSerializer;
    const RedisSaver: typeof ours.RedisSaver;
    const RedisStore: typeof ours.RedisStore;
    const RedisCache: typeof ours.RedisCache;
  }
`;

/** Imports that an example leaves out where the text is about something else, by the name they bring. */
const IMPORTS: Record<string, string> = {
  createClient: 'import { createClient } from "redis";',
  OpenAIEmbeddings: 'import { OpenAIEmbeddings } from "@langchain/openai";',
  readFileSync: 'import { readFileSync } from "node:fs";',
};

test("every TypeScript example of README, docs and docstrings is correct in strict TypeScript, as Node resolves it", async () => {
  const blocks = ["README.md", ...files("docs", ".md")].flatMap(ofDocument);
  // What `src/redis` documents with examples is for this package alone.
  const published = files("src", ".ts").filter((path) => !path.startsWith(join("src", "redis")));
  blocks.push(...published.flatMap(ofDocstrings));
  expect(blocks.length).toBeGreaterThan(20);

  const cache = join(ROOT, "node_modules", ".cache");
  await mkdir(cache, { recursive: true });
  const directory = await mkdtemp(join(cache, "langgraph-redis-docs-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  await writeFile(join(directory, "package.json"), JSON.stringify({ type: "module" }));
  await writeFile(join(directory, "context.d.ts"), CONTEXT);
  for (const { name, code } of blocks) await writeFile(join(directory, `${name}.ts`), complete(code));
  const compilerOptions = {
    module: "NodeNext",
    moduleResolution: "NodeNext",
    lib: ["ES2023", "ESNext.Disposable"],
    paths: {
      "langgraph-redis": [join(ROOT, "src/index.ts")],
      "langgraph-redis/ioredis": [join(ROOT, "src/ioredis.ts")],
      "langgraph-redis/opentelemetry": [join(ROOT, "src/opentelemetry.ts")],
      "langgraph-redis/migrate": [join(ROOT, "src/migrate.ts")],
    },
  };
  const tsconfig = {
    extends: join(ROOT, "tsconfig.json"),
    compilerOptions,
    include: ["*.ts", join(ROOT, "src/lua.d.ts")],
  };
  await writeFile(join(directory, "tsconfig.json"), JSON.stringify(tsconfig));
  const tsc = join(ROOT, "node_modules", "typescript", "bin", "tsc");
  const { stdout } = await run(process.execPath, [tsc, "-p", directory], { cwd: directory }).catch(
    (error) => error,
  );
  expect(stdout).toBe("");
});

function files(folder: string, ending: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true })
    .map(String)
    .filter((path) => path.endsWith(ending))
    .map((path) => join(folder, path));
}

function ofDocument(path: string): Block[] {
  const text = readFileSync(join(ROOT, path), "utf8");
  return [...text.matchAll(/^ *```(?:ts|typescript)\n(.*?)^ *```$/gms)].map((match, at) =>
    blockOf(path, at, match[1]),
  );
}

function ofDocstrings(path: string): Block[] {
  const text = readFileSync(join(ROOT, path), "utf8");
  return [...text.matchAll(/^ *\* ```ts\n(.*?)^ *\* ```$/gms)].map((match, at) =>
    blockOf(path, at, match[1]?.replaceAll(/^ *\* ?/gm, "")),
  );
}

function blockOf(path: string, at: number, code = ""): Block {
  return { name: `${path.replaceAll(/[^a-z]/gi, "-")}-${at + 1}`, code };
}

/** The example as a module, with the imports that it leaves out. */
function complete(code: string): string {
  const missing = Object.entries(IMPORTS).filter(
    ([name]) =>
      new RegExp(`\\b${name}\\b`).test(code) && !new RegExp(`import .*\\b${name}\\b.* from`).test(code),
  );
  return [...missing.map(([, line]) => line), code, "export {};"].join("\n");
}
