import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { MiddlewareHandler } from "hono";

/** 128 random bits, which only those know who were given the viewer's address. */
export const newToken = () => randomBytes(16).toString("base64url");

/**
 * Refuses requests for other hosts and those that pages of other origins make. A name that somebody lets point to this machine
 * (DNS rebinding) is another host.
 */
export function ownHostOnly(port: () => number): MiddlewareHandler {
  return async (context, next) => {
    const hosts = [`127.0.0.1:${port()}`, `localhost:${port()}`];
    const host = context.req.header("host") ?? "";
    if (!hosts.includes(host)) {
      return context.json({ error: `This server answers for ${hosts.join(" and ")} only.` }, 403);
    }
    const origin = context.req.header("origin");
    if (origin !== undefined && !hosts.some((own) => origin === `http://${own}`)) {
      return context.json({ error: "This server answers its own page only." }, 403);
    }
    return next();
  };
}

/** Refuses requests without the token. It comes in a header, which no other page can make a browser send. */
export function tokenOnly(token: string): MiddlewareHandler {
  const expected = digest(`Bearer ${token}`);
  return async (context, next) => {
    if (timingSafeEqual(digest(context.req.header("authorization") ?? ""), expected)) return next();
    return context.json(
      {
        error: "Open the address that langgraph-redis studio has printed: it holds the token.",
        code: "TOKEN",
      },
      401,
    );
  };
}

/** Of equal lengths, so that they can be compared in constant time. */
const digest = (text: string) => createHash("sha256").update(text).digest();
