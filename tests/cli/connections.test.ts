import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { connect } from "../../cli/src/connection.js";
import { openContext } from "../../cli/src/inspect/index.js";
import { freshPrefix } from "../helpers/redis.js";
import { freePort, startCluster, startSentinel, startServer } from "../helpers/servers/index.js";
import { cli, parsed, save } from "./helpers.js";

/** Looks at one thread and one item, by the options of a connection. */
async function look(options: [option: string, value: string]) {
  const prefix = freshPrefix();
  const [name, value] = options;
  const connection = { [name.slice(2)]: name === "--cluster" ? value.split(",") : value };
  const server = await connect(connection, {});
  onTestFinished(() => server.close());
  const { saver, store } = openContext(server, prefix);
  await save(saver, "t", { n: 1 });
  await store.put(["a"], "k", { n: 1 });
  const run = async (...argv: string[]) =>
    parsed(await cli([...argv, ...options, "--prefix", prefix, "--json"]));
  expect(await run("threads")).toMatchObject({ rows: [{ threadId: "t", checkpoints: 1 }] });
  expect(await run("items", "/")).toMatchObject({ rows: [{ key: "k" }] });
  expect(await run("stats")).toMatchObject({ threads: { count: 1 }, store: { items: 1 } });
  return run("doctor");
}

test("a server that restarts is connected to again", async () => {
  const redis = await startServer({ search: false, own: true });
  onTestFinished(() => redis.stop());
  const server = await connect({ url: redis.url }, {});
  onTestFinished(() => server.close());
  const { saver } = openContext(server, freshPrefix());
  await save(saver, "t", { n: 1 });
  await redis.kill();
  await redis.restart();
  await save(saver, "t", { n: 2 });
});

test("a cluster: every master is looked at", async () => {
  const cluster = await startCluster();
  onTestFinished(() => cluster.stop());
  const urls = cluster.rootNodes.map(({ url }) => url);
  const { findings, server } = await look(["--cluster", urls.slice(0, 2).join(",")]);
  expect(server).toMatch(/^cluster at /);
  const versions = findings.filter(({ code }: { code: string }) => code === "version");
  expect(new Set(versions.map(({ node }: { node: string }) => node)).size).toBe(3);
  expect(findings.filter(({ code }: { code: string }) => code === "rights")).toMatchObject([{ level: "ok" }]);
});

test("a group that Sentinel watches: the master, by its name", async () => {
  const group = await startSentinel();
  onTestFinished(() => group.stop());
  const nodes = group.sentinelRootNodes.map(({ host, port }) => `${host}:${port}`).join(",");
  const { findings, server } = await look(["--sentinel", `${group.name}@${nodes}`]);
  expect(server).toBe(`master of ${group.name}`);
  expect(findings.find(({ code }: { code: string }) => code === "replicas")).toMatchObject({ level: "ok" });
  for (const wrong of ["mymaster", "mymaster@host", "@host:1"])
    expect((await cli(["threads", "--sentinel", wrong])).code).toBe(2);
});

test("TLS: with the authority's certificate, and an error without", async () => {
  const directory = mkdtempSync(join(tmpdir(), "langgraph-redis-tls-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const [key, cert] = [join(directory, "key.pem"), join(directory, "cert.pem")];
  const names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const files = ["-keyout", key, "-out", cert];
  execFileSync("openssl", ["req", "-x509", "-days", "1", ...curve, ...names, ...files], { stdio: "ignore" });
  const port = await freePort();
  const tls = [
    "--tls-port",
    String(port),
    "--tls-cert-file",
    cert,
    "--tls-key-file",
    key,
    "--tls-ca-cert-file",
    cert,
  ];
  const server = await startServer({ search: false, args: tls });
  onTestFinished(() => server.stop());
  const url = `rediss://127.0.0.1:${port}`;
  const own = ["--cert", cert, "--tls-key", key]; // the server asks for one
  const trusted = await cli([
    "threads",
    "--url",
    url,
    "--ca",
    cert,
    ...own,
    "--json",
    "--prefix",
    freshPrefix(),
  ]);
  expect(parsed(trusted)).toEqual({ rows: [] });
  const untrusted = await cli(["threads", "--url", url, ...own]);
  expect(untrusted).toMatchObject({ code: 1, stderr: expect.stringContaining("self-signed certificate") });
  const missing = await cli(["threads", "--url", url, "--ca", join(directory, "none.pem")]);
  expect(missing).toMatchObject({ code: 2, stderr: expect.stringContaining("ENOENT") });
  expect((await cli(["threads", "--url", server.url, "--ca", cert])).code).toBe(2);
});
