import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RedisCache, RedisSaver, RedisStore } from "langgraph-redis";
import { afterAll, beforeAll, test } from "vitest";
import { expectFailure } from "../faults/ledger.js";
import { freePort, startServer, type TestServer } from "../helpers/servers/index.js";
import { conformanceOpened } from "./own-clients.js";

const directory = mkdtempSync(join(tmpdir(), "langgraph-redis-tls-"));
const [key, cert] = [join(directory, "key.pem"), join(directory, "cert.pem")];
let server: TestServer;
let url: string;
let ca: Buffer;

beforeAll(async () => {
  // A certificate that is its own authority, for a day.
  const names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const files = ["-keyout", key, "-out", cert];
  execFileSync("openssl", ["req", "-x509", "-days", "1", ...curve, ...names, ...files], { stdio: "ignore" });
  ca = readFileSync(cert);
  const port = await freePort();
  const tls = ["--tls-port", String(port), "--tls-cert-file", cert, "--tls-key-file", key];
  server = await startServer({ args: [...tls, "--tls-ca-cert-file", cert, "--tls-auth-clients", "no"] });
  url = `rediss://127.0.0.1:${port}`;
});
afterAll(async () => {
  await server?.stop();
  rmSync(directory, { recursive: true, force: true });
});

conformanceOpened(
  "fromConnString with TLS",
  (options) => RedisSaver.fromConnString(url, { ...options, tls: { ca } }),
  (options) => RedisStore.fromConnString(url, { ...options, tls: { ca } }),
  (options) => RedisCache.fromConnString(url, { ...options, tls: { ca } }),
);

test("a certificate that nobody vouches for is refused", async () => {
  await expectFailure(RedisSaver.fromConnString(url), /^connecting to .* failed: self-signed certificate/);
});
