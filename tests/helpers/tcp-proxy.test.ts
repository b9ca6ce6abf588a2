import { connect as tcpConnect } from "node:net";
import { expect, test } from "vitest";
import { connect, freshPrefix, proxied } from "./redis.js";
import type { TcpProxy } from "./tcp-proxy.js";

const connectThrough = async (proxy: TcpProxy) => {
  const client = await connect(proxy.url, { socket: { reconnectStrategy: false } });
  await client.ping(); // what the client sends on its own when connecting has then been answered
  proxy.reset();
  return client;
};

test("commands one after another are a round trip each, a pipeline is one", async () => {
  const proxy = await proxied();
  const client = await connectThrough(proxy);
  const key = freshPrefix();
  await client.set(key, "1");
  await client.get(key);
  expect(proxy.roundTrips).toBe(2);
  expect(proxy.commands).toEqual(["SET", "GET"]);

  proxy.reset();
  await Promise.all(Array.from({ length: 500 }, (_, n) => client.get(`${key}${n}`)));
  expect(proxy.roundTrips).toBe(1);
  expect(proxy.commands).toHaveLength(500);
});

test("a pipeline of many megabytes is one round trip although the server answers while it is being sent", async () => {
  const proxy = await proxied();
  const client = await connectThrough(proxy);
  const key = freshPrefix();
  const value = Buffer.alloc(256 * 1024, "x");
  await Promise.all(Array.from({ length: 40 }, (_, n) => client.set(`${key}:${n}`, value)));
  expect(proxy.roundTrips).toBe(1);
  expect(proxy.requestBytes).toBeGreaterThan(40 * value.length);

  proxy.reset();
  const replies = await Promise.all(Array.from({ length: 40 }, (_, n) => client.strLen(`${key}:${n}`)));
  expect(new Set(replies)).toEqual(new Set([value.length]));
  expect(proxy.roundTrips).toBe(1);
  await client.unlink(Array.from({ length: 40 }, (_, n) => `${key}:${n}`));
});

test("a command that arrives in pieces is one round trip", async () => {
  const proxy = await proxied();
  const socket = tcpConnect(Number(new URL(proxy.url).port), "127.0.0.1");
  const replies: string[] = [];
  socket.on("data", (chunk) => replies.push(chunk.toString()));
  for (const byte of "*1\r\n$4\r\nPING\r\n*2\r\n$4\r\nECHO\r\n$2\r\nhi\r\n") {
    socket.write(byte);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await expect.poll(() => replies.join("")).toBe("+PONG\r\n$2\r\nhi\r\n");
  socket.destroy();
  expect(proxy.commands).toEqual(["PING", "ECHO"]);
});

test("bytes are counted each way", async () => {
  const proxy = await proxied();
  const client = await connectThrough(proxy);
  await client.ping();
  expect(proxy.requestBytes).toBe("*1\r\n$4\r\nPING\r\n".length);
  expect(proxy.replyBytes).toBe("+PONG\r\n".length);
});

test("cut in the middle of a request: the command does not run", async () => {
  const proxy = await proxied();
  const client = await connectThrough(proxy);
  const direct = await connect();
  const key = freshPrefix();
  proxy.cutRequestAfter(20);
  await expect(client.set(key, "never")).rejects.toThrow();
  expect(proxy.requestBytes).toBe(20);
  expect(await direct.exists(key)).toBe(0);
});

test("cut in the middle of a reply: the command ran, the client is not told", async () => {
  const proxy = await proxied();
  const client = await connectThrough(proxy);
  const direct = await connect();
  const key = freshPrefix();
  proxy.cutReplyAfter(2);
  await expect(client.set(key, "done")).rejects.toThrow();
  expect(proxy.replyBytes).toBe(2);
  expect(await direct.get(key)).toBe("done");
});

test("a stalled connection answers nothing until it is resumed", async () => {
  const proxy = await proxied();
  const client = await connectThrough(proxy);
  proxy.stall();
  let answer = "none";
  const pending = client.ping().then((reply) => {
    answer = reply;
  });
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(answer).toBe("none");
  proxy.resume();
  await pending;
  expect(answer).toBe("PONG");
});

test("latency is added in both directions and keeps the order", async () => {
  const proxy = await proxied();
  const client = await connectThrough(proxy);
  proxy.latencyMs = 50;
  const started = performance.now();
  const replies = await Promise.all(["a", "b", "c"].map((word) => client.echo(word)));
  expect(replies).toEqual(["a", "b", "c"]);
  expect(performance.now() - started).toBeGreaterThan(95);
});

test("connections can be refused and reset, and a reconnecting client comes back", async () => {
  const proxy = await proxied();
  const client = await connect(proxy.url, { socket: { reconnectStrategy: 10 } });
  proxy.refuse = true;
  proxy.cutAll();
  await expect.poll(() => client.isReady).toBe(false);
  proxy.refuse = false;
  expect(await client.ping()).toBe("PONG");
});
