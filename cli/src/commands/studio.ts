import { InvalidArgumentError } from "commander";
import open from "open";
import manifest from "../../package.json" with { type: "json" };
import { loadEmbeddings } from "../embeddings.js";
import { CommandError } from "../errors.js";
import { startStudio } from "../studio/server.js";
import { type AddCommand, examples, withRedis } from "./command.js";

interface StudioCommandOptions {
  port?: number;
  open: boolean;
  write?: boolean;
  embeddings?: string;
  openaiModel?: string;
}

export const addStudio: AddCommand = (program, environment) => {
  program
    .command("studio")
    .description("a page in the browser that shows threads, memory and health; until Ctrl-C")
    .option("--port <port>", "port on 127.0.0.1 (default: a free one)", toPort)
    .option("--no-open", "print the address, and open no browser")
    .option("--write", "let the page fork threads, edit, expire and delete; otherwise it only reads")
    .option(
      "--embeddings <module>",
      "for searches by meaning: a module whose default export is a LangChain Embeddings",
    )
    .option("--openai-model <name>", "OpenAI's model, with the key in OPENAI_API_KEY")
    .addHelpText(
      "after",
      examples(
        ["studio", "open the page in the browser"],
        ["studio --no-open --port 4400", "for a tunnel: ssh -L 4400:127.0.0.1:4400 host"],
        ["studio --write", "the page may change things, and asks before it does"],
      ),
    )
    .action((_, command) =>
      withRedis<StudioCommandOptions>(environment, command, async ({ inspect, print, io }, options) => {
        const { port, write = false } = options;
        const index = await inspect.store.inspectIndex();
        const embeddings = await loadEmbeddings(options, io.env, index ?? { dims: null, model: null });
        const { version } = manifest;
        const studio = await startStudio({
          context: inspect,
          version,
          write,
          port,
          embeddings,
          // For those who work on the page.
          page: io.env.LANGGRAPH_REDIS_PAGE,
        }).catch((error: NodeJS.ErrnoException) => {
          if (error.code !== "EADDRINUSE") throw error;
          throw new CommandError(`port ${port} is in use.`, "Leave --port out for a free one.");
        });
        try {
          await (print.isJson ? print.json({ url: studio.url }) : print.line(studio.url));
          if (!print.isJson) await print.note("Whoever has this address can read the data. Ctrl-C ends.");
          // Where there is no browser the address is enough.
          if (options.open && !print.isJson) await open(studio.url).catch(() => undefined);
          await aborted(io.signal);
        } finally {
          await studio.close();
        }
      }),
    );
};

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

function toPort(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 1 && port <= 65_535) return port;
  throw new InvalidArgumentError("It must be a port, from 1 to 65535.");
}
