import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { serve } from "@hono/node-server";
import type { EmbeddingsInterface } from "@langchain/core/embeddings";
import { Hono, type MiddlewareHandler } from "hono";
import { secureHeaders } from "hono/secure-headers";
import type { InspectContext } from "../inspect/index.js";
import { newToken, ownHostOnly, tokenOnly } from "./access.js";
import { readPage } from "./page-files.js";
import { readRoutes } from "./read-routes.js";
import { answerError } from "./requests.js";
import { writeRoutes } from "./write-routes.js";

export interface StudioOptions {
  readonly context: InspectContext;
  /** This package's version, for the page. */
  readonly version: string;
  /** Whether the page may change what is stored (default: it may not). */
  readonly write?: boolean;
  /** What makes the vectors of queries and of items that are edited; without it nothing is searched by meaning. */
  readonly embeddings?: EmbeddingsInterface | undefined;
  /** Default: a free one. */
  readonly port?: number | undefined;
  /** The directory of the built page (default: the one that comes with this package). */
  readonly page?: string | undefined;
}

export interface Studio {
  /** Where the page is, with the token that it needs. */
  readonly url: string;
  close(): Promise<void>;
}

/** Nothing but the page's own files, no inline scripts or styles, and no way to make markup of a text. */
const CONTENT_SECURITY_POLICY = {
  defaultSrc: ["'none'"],
  scriptSrc: ["'self'"],
  styleSrc: ["'self'"],
  imgSrc: ["'self'"],
  connectSrc: ["'self'"],
  baseUri: ["'none'"],
  formAction: ["'none'"],
  frameAncestors: ["'none'"],
  requireTrustedTypesFor: ["'script'"],
  trustedTypes: ["'none'"],
};

/** What was read from Redis is not kept on this machine's disk. */
const noStore: MiddlewareHandler = async (context, next) => {
  await next();
  context.header("cache-control", "no-store");
};

/** Serves the viewer on this machine only, until it is closed. */
export async function startStudio(options: StudioOptions): Promise<Studio> {
  const { context, version, write = false, embeddings } = options;
  const { server: redis, keyPrefix } = context;
  const files = readPage(options.page ?? fileURLToPath(new URL("./page", import.meta.url)));
  const token = newToken();
  let port = 0;

  const app = new Hono();
  app.use(
    secureHeaders({
      contentSecurityPolicy: CONTENT_SECURITY_POLICY,
      crossOriginEmbedderPolicy: true,
      referrerPolicy: "no-referrer",
      strictTransportSecurity: false,
      xFrameOptions: "DENY",
    }),
  );
  app.use(ownHostOnly(() => port));
  app.use("/api/*", tokenOnly(token), noStore);
  const about = { server: redis.description, keyPrefix, version, write };
  app.route("/api", readRoutes(context, about, embeddings));
  if (write) app.route("/api", writeRoutes(context, embeddings));
  app.onError((error, c) => answerError(error, c, redis.redact));
  app.get("*", (context) => {
    const file = files.get(context.req.path);
    if (file === undefined) return context.json({ error: "There is no such file." }, 404);
    return context.body(file.content, 200, { "content-type": file.type, "cache-control": "no-cache" });
  });
  app.notFound((context) => context.json({ error: "There is nothing here." }, 404));

  const server = serve({ fetch: app.fetch, hostname: "127.0.0.1", port: options.port ?? 0 });
  await new Promise<void>((resolve, reject) => {
    server.once("listening", resolve);
    server.once("error", reject);
  });
  port = (server.address() as AddressInfo).port;
  return {
    url: `http://127.0.0.1:${port}/#token=${token}`,
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()));
        // A page that is open keeps its connections.
        if ("closeAllConnections" in server) server.closeAllConnections();
      }),
  };
}
