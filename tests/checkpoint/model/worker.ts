// Savers in a process of their own. Not a test: processes.ts bundles and starts it.
//
// node worker.mjs <URL of the server>

import { batched } from "./batched.js";
import type { Command } from "./commands.js";
import { openHost } from "./host.js";
import type { StoreSettings } from "./savers.js";

export type Request = { readonly number: number } & (
  | { readonly ask: "open"; readonly store: StoreSettings }
  | { readonly ask: "perform"; readonly keyPrefix: string; readonly saver: number; readonly command: Command }
  | { readonly ask: "close"; readonly keyPrefix: string }
);
export type Answer = { readonly number: number; readonly outcome: unknown };

const host = await openHost(process.argv[2] ?? "");

function answer(request: Request): Promise<unknown> {
  if (request.ask === "open") return host.open(request.store);
  if (request.ask === "close") return host.close(request.keyPrefix);
  return host.perform(request.keyPrefix, request.saver, request.command);
}

const answers = batched<Answer>((batch) => process.send?.(batch));

process.on("message", (requests: Request[]) => {
  for (const request of requests) {
    answer(request).then((outcome) => answers({ number: request.number, outcome }));
  }
});
process.once("disconnect", () => process.exit());
answers({ number: 0, outcome: undefined });
