import { request } from "node:http";
import { Readable, Writable } from "node:stream";
import { gzipSync } from "node:zlib";
import { RedisSaver, RedisStore } from "langgraph-redis";
import { afterAll, beforeAll, expect, test } from "vitest";
import { connect } from "../../cli/src/connection.js";
import { openContext } from "../../cli/src/inspect/index.js";
import { run } from "../../cli/src/program.js";
import { readPage } from "../../cli/src/studio/page-files.js";
import { type Studio, type StudioOptions, startStudio } from "../../cli/src/studio/server.js";
import { connect as connectClient, freshPrefix, redisUrl } from "../helpers/redis.js";
import { buildPage } from "./build-page.js";
import { idOf, save } from "./seed.js";

interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

interface StartOptions extends Pick<StudioOptions, "write" | "embeddings"> {
  keyPrefix?: string;
}

const KEYS = { keys: { k1: Buffer.alloc(32, 7).toString("base64") }, current: "k1" };

const opened: { close(): Promise<void> }[] = [];
let page: Awaited<ReturnType<typeof buildPage>>;
let studio: Studio;

beforeAll(async () => {
  page = await buildPage();
  studio = await start();
});
afterAll(async () => {
  for (const each of opened.reverse()) await each.close();
  page.remove();
});

async function start(options: StartOptions = {}): Promise<Studio> {
  const { keyPrefix = freshPrefix(), ...rest } = options;
  const server = await connect({ url: redisUrl() }, {});
  opened.push(server);
  const context = openContext(server, keyPrefix);
  const started = await startStudio({ context, version: "0.0.0", page: page.directory, ...rest });
  opened.push(started);
  return started;
}

/** Unlike fetch, this sends what it is told: any path, Host and Origin. */
function ask(
  of: Studio,
  path: string,
  options: { method?: string; headers?: Record<string, string>; body?: string } = {},
) {
  const { port, hash } = new URL(of.url);
  const authorization = `Bearer ${new URLSearchParams(hash.slice(1)).get("token")}`;
  const { headers = {}, method = "GET", body } = options;
  return new Promise<Answer>((resolve, reject) => {
    const sent = request(
      { host: "127.0.0.1", port, path, method, headers: { authorization, ...headers } },
      (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (part) => {
          text += part;
        });
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }),
        );
      },
    );
    sent.on("error", reject);
    sent.end(body);
  });
}

const post = (of: Studio, path: string, body: object) =>
  ask(of, `/api/${path}`, { method: "POST", body: JSON.stringify(body) });

test("the address is of the loopback, and holds 128 random bits", async () => {
  const { hostname, hash } = new URL(studio.url);
  const token = new URLSearchParams(hash.slice(1)).get("token") ?? "";
  expect(hostname).toBe("127.0.0.1");
  expect(Buffer.from(token, "base64url")).toHaveLength(16);
  const other = await start();
  expect(new URL(other.url).hash).not.toBe(hash);
});

test("the API is refused without the token, and with another one", async () => {
  expect((await ask(studio, "/api/threads")).status).toBe(200);
  const { hash } = new URL(studio.url);
  const token = new URLSearchParams(hash.slice(1)).get("token");
  const wrong = ["", "Bearer ", "Bearer x", `Bearer ${token}x`, `Basic ${token}`, `${token}`];
  for (const authorization of wrong) {
    const { status, body } = await ask(studio, "/api/threads", { headers: { authorization } });
    expect([authorization, status]).toEqual([authorization, 401]);
    expect(body).not.toContain(token);
  }
  expect((await ask(studio, `/api/threads?token=${token}`, { headers: { authorization: "" } })).status).toBe(
    401,
  );
  expect(
    (await ask(studio, "/api/threads", { headers: { authorization: "", cookie: `token=${token}` } })).status,
  ).toBe(401);
});

test("requests for another host are refused, as a rebound name would make them", async () => {
  const { port } = new URL(studio.url);
  for (const host of [
    "evil.example",
    `evil.example:${port}`,
    "127.0.0.1",
    "localhost",
    `127.0.0.1:${Number(port) + 1}`,
    `127.0.0.1.evil.example:${port}`,
  ]) {
    for (const path of ["/", "/api/threads"]) {
      expect([host, path, (await ask(studio, path, { headers: { host } })).status]).toEqual([
        host,
        path,
        403,
      ]);
    }
  }
  expect((await ask(studio, "/api/threads", { headers: { host: `localhost:${port}` } })).status).toBe(200);
});

test("requests of pages of other origins are refused", async () => {
  const { port } = new URL(studio.url);
  for (const origin of [
    "http://evil.example",
    "null",
    `https://127.0.0.1:${port}`,
    `http://127.0.0.1:${Number(port) + 1}`,
    "",
  ]) {
    expect([origin, (await ask(studio, "/api/threads", { headers: { origin } })).status]).toEqual([
      origin,
      403,
    ]);
  }
  expect(
    (await ask(studio, "/api/threads", { headers: { origin: `http://127.0.0.1:${port}` } })).status,
  ).toBe(200);
});

test("every answer has a policy that allows the page's own files only", async () => {
  for (const path of ["/", "/api/threads", "/nowhere"]) {
    const { headers } = await ask(studio, path);
    const policy = String(headers["content-security-policy"]);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self';");
    expect(policy).toContain("style-src 'self';");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/unsafe|\*|data:|https?:/);
    expect(headers).toMatchObject({ "x-content-type-options": "nosniff", "referrer-policy": "no-referrer" });
    expect(headers["access-control-allow-origin"]).toBeUndefined();
  }
  expect((await ask(studio, "/api/threads")).headers["cache-control"]).toBe("no-store");
});

test("no path leads out of the page's directory", async () => {
  const paths = [
    "/../package.json",
    "/assets/../../package.json",
    "/..%2fpackage.json",
    "/%2e%2e/%2e%2e/etc/passwd",
    "/assets/..%5c..%5cpackage.json",
    "//etc/passwd",
    "/assets/%00",
    "/.",
    "/assets/",
  ];
  for (const path of paths) {
    const { status, body } = await ask(studio, path);
    // Hono resolves dots as browsers do: what is left may be the page itself, and nothing else.
    if (status === 200) expect(body).toContain("<title>langgraph-redis studio</title>");
    else expect([path, status]).toEqual([path, 404]);
  }
});

test("the page holds nothing inline and nothing of elsewhere", async () => {
  const { status, body } = await ask(studio, "/", { headers: { authorization: "" } });
  expect(status).toBe(200);
  expect(body).not.toMatch(/<script(?![^>]*src=)|<style|style=|\son\w+=|https?:/);
});

test("the page's files take less than 300 kB, compressed", () => {
  const files = [...readPage(page.directory)].filter(([path]) => path !== "/");
  const compressed = files.reduce((sum, [, { content }]) => sum + gzipSync(content).length, 0);
  expect(files.length).toBeGreaterThan(2);
  expect(compressed).toBeLessThan(300_000);
});

test("writing is not there unless it was asked for", async () => {
  const writes = ["fork", "delete-thread", "expire-thread", "delete-item", "edit-item", "expire-item"];
  const writing = await start({ write: true });
  for (const path of writes) {
    const sent = { method: "POST", body: "{}", headers: { "content-type": "application/json" } };
    expect([path, (await ask(studio, `/api/${path}`, sent)).status]).toEqual([path, 404]);
    expect([path, (await ask(writing, `/api/${path}`, sent)).status]).toEqual([path, 400]);
    expect((await ask(writing, `/api/${path}`, { ...sent, headers: { authorization: "" } })).status).toBe(
      401,
    );
  }
});

test("a thread is given a time to live, and freed of it", async () => {
  const keyPrefix = freshPrefix();
  const writing = await start({ write: true, keyPrefix });
  const saver = new RedisSaver({ client: await connectClient(), keyPrefix });
  await save(saver, "t", { n: 1 });
  const expire = (body: object) =>
    ask(writing, "/api/expire-thread", { method: "POST", body: JSON.stringify(body) });
  expect((await expire({ thread: "t", minutes: 10 })).status).toBe(200);
  expect((await saver.threadStats("t"))?.expiresAt).toBeInstanceOf(Date);
  expect((await expire({ thread: "t", minutes: null })).status).toBe(200);
  expect((await saver.threadStats("t"))?.expiresAt).toBeUndefined();
  expect((await expire({ thread: "nobody", minutes: 10 })).status).toBe(404);
  expect((await expire({ thread: "t", minutes: -1 })).status).toBe(400);
});

test("an item of a store with vectors is edited with the model, and otherwise left as it is", async () => {
  const keyPrefix = freshPrefix();
  const embeddings = {
    embedQuery: async () => [1, 0, 0],
    embedDocuments: async (texts: string[]) => texts.map(() => [1, 0, 0]),
  };
  const store = new RedisStore({ client: await connectClient(), keyPrefix, index: { dims: 3, embeddings } });
  const { version } = await store.putItem(["a"], "k", { text: "old" });
  const edit = async (of: Studio) => {
    const body = JSON.stringify({ path: ["a"], key: "k", value: { text: "new" }, version });
    return ask(of, "/api/edit-item", { method: "POST", body });
  };
  const without = await edit(await start({ write: true, keyPrefix }));
  expect(without.status).toBe(400);
  expect(JSON.parse(without.body).error).toContain("--embeddings");
  expect((await store.get(["a"], "k"))?.value).toEqual({ text: "old" });
  expect(JSON.parse((await edit(await start({ write: true, keyPrefix, embeddings }))).body)).toMatchObject({
    value: { text: "new" },
    vectors: 1,
  });
});

test("an item that is edited keeps when it expires", async () => {
  const keyPrefix = freshPrefix();
  const store = new RedisStore({ client: await connectClient(), keyPrefix });
  const writing = await start({ write: true, keyPrefix });
  const edit = (key: string, version: number) =>
    post(writing, "edit-item", { path: ["a"], key, value: { n: 2 }, version });

  const { version } = await store.putItem(["a"], "goes", { n: 1 }, { ttl: 100 });
  const before = (await store.get(["a"], "goes"))?.expiresAt as Date;
  expect((await edit("goes", version)).status).toBe(200);
  const after = await store.get(["a"], "goes");
  expect(after?.value).toEqual({ n: 2 });
  expect(Math.abs(Number(after?.expiresAt) - before.getTime())).toBeLessThan(60_000);

  const stays = await store.putItem(["a"], "stays", { n: 1 });
  expect(JSON.parse((await edit("stays", stays.version)).body)).not.toHaveProperty("expiresAt");
  expect((await edit("nobody", 1)).status).toBe(404);
});

test("an item with parts that JSON does not have is not edited", async () => {
  const keyPrefix = freshPrefix();
  const store = new RedisStore({ client: await connectClient(), keyPrefix });
  const writing = await start({ write: true, keyPrefix });
  const odd = {
    bytes: new Uint8Array([1, 2]),
    within: [{ at: new Uint8Array([3]) }],
  };
  for (const [name, part] of Object.entries(odd)) {
    const { version } = await store.putItem(["a"], name, { n: 1, part });
    const stored = (await store.get(["a"], name))?.value;
    const read = JSON.parse((await ask(writing, `/api/item?path=["a"]&key=${name}`)).body);
    expect(read).toMatchObject({ described: true });
    const edited = await post(writing, "edit-item", { path: ["a"], key: name, value: { n: 2 }, version });
    expect([name, edited.status]).toEqual([name, 400]);
    expect(JSON.parse(edited.body).error).toContain("JSON");
    expect(await store.get(["a"], name)).toMatchObject({ value: stored, version });
  }
});

test("what is encrypted is not forked without its key, and the option of the command is named", async () => {
  const keyPrefix = freshPrefix();
  const saver = new RedisSaver({ client: await connectClient(), keyPrefix, encryption: KEYS });
  await save(saver, "secret", { n: 1 });
  const writing = await start({ write: true, keyPrefix });
  for (const target of ["secret", "copy"]) {
    const body = { threadId: "secret", ns: "", checkpointId: idOf(1), target };
    const { status, body: answer } = await post(writing, "fork", body);
    expect(status).toBe(400);
    expect(JSON.parse(answer).error).toContain("--key");
    expect(answer).not.toContain(keyPrefix);
  }
});

test("what cannot be understood is an error that names the parameter", async () => {
  const asked: [path: string, status: number, says: string][] = [
    ["/api/tree", 400, "thread"],
    ["/api/tree?thread=t&limit=0", 400, "limit"],
    ["/api/items?path=x", 400, "path"],
    ["/api/threads?cursor=x", 400, "cursor"],
    ["/api/items?path=[]&filter=%7B%22%24or%22%3A1%7D", 400, "$or"],
    ["/api/tree?thread=nobody", 404, "thread"],
    ["/api/item?path=[%22a%22]&key=b", 404, "item"],
    ["/api/nothing", 404, ""],
  ];
  for (const [path, status, says] of asked) {
    const answer = await ask(studio, path);
    expect([path, answer.status]).toEqual([path, status]);
    expect(JSON.parse(answer.body).error).toContain(says);
  }
});

test("the command prints the address, serves until it is interrupted, and says when a port is taken", async () => {
  const interrupted = new AbortController();
  const env = { REDIS_URL: redisUrl(), LANGGRAPH_REDIS_PAGE: page.directory };
  const printed: string[] = [];
  const io = { ...silentIo(env, interrupted.signal), stdout: sink((text) => printed.push(text)) };
  const running = run(["studio", "--no-open", "--json", "--prefix", freshPrefix()], io);
  await expect.poll(() => printed.join("")).toContain("\n");
  const { url } = JSON.parse(printed.join("")) as { url: string };
  const token = new URLSearchParams(new URL(url).hash.slice(1)).get("token");
  const about = await fetch(new URL("/api/about", url), { headers: { authorization: `Bearer ${token}` } });
  expect(await about.json()).toMatchObject({ write: false });

  const { port } = new URL(url);
  const errors: string[] = [];
  const second = { ...silentIo(env, interrupted.signal), stderr: sink((text) => errors.push(text)) };
  expect(await run(["studio", "--no-open", "--port", port], second)).toBe(1);
  expect(errors.join("")).toContain(`port ${port} is in use`);

  interrupted.abort();
  expect(await running).toBe(130);
  await expect(fetch(url)).rejects.toThrow();
});

const sink = (print: (text: string) => void) =>
  new Writable({
    write(chunk, _encoding, done) {
      print(String(chunk));
      done();
    },
  });

const silentIo = (env: NodeJS.ProcessEnv, signal: AbortSignal) => ({
  env,
  signal,
  stdin: Readable.from([]),
  stdout: sink(() => {}),
  stderr: sink(() => {}),
});
