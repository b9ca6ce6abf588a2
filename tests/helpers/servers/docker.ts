import { freePort } from "./ports.js";
import { probe, waitUntilReady } from "./probe.js";
import { errorText, RungMissing, type ServerOptions, type TestServer } from "./types.js";

const SEARCH_IMAGE = "redis:8";
const PLAIN_IMAGE = "redis:7-alpine"; // the last one without modules

/** A container, by testcontainers, which also removes it when this process dies. */
export async function startDocker(options: ServerOptions, log: (line: string) => void): Promise<TestServer> {
  // Imported only here: most runs do without it.
  const { GenericContainer, getContainerRuntimeClient, Wait } = await import("testcontainers");
  const runtime = await getContainerRuntimeClient().catch((error) => {
    if (process.env.DOCKER_HOST) {
      throw new Error(`DOCKER_HOST is set but no Docker engine answers there: ${errorText(error)}`);
    }
    throw new RungMissing("no Docker engine answers");
  });
  const search = options.search ?? true;
  const image = search
    ? process.env.REDIS_IMAGE || SEARCH_IMAGE
    : process.env.REDIS_PLAIN_IMAGE || PLAIN_IMAGE;
  const args = [
    ...(options.appendonly ? ["--appendonly", "yes", "--appendfsync", "always"] : []),
    ...(options.args ?? []),
  ];
  try {
    log(`Starting ${image} in Docker ...`);
    const container = await configure(new GenericContainer(image), image, args)
      // A fixed port on the host, because Docker gives a restarted container another one.
      .withExposedPorts({ container: 6379, host: await freePort() })
      .withWaitStrategy(Wait.forLogMessage("Ready to accept connections"))
      .start();
    const url = `redis://${container.getHost()}:${container.getMappedPort(6379)}`;
    const raw = runtime.container.getById(container.getId());
    const running = async () => (await raw.inspect()).State.Running;
    const kill = async () => {
      if (await running()) await raw.kill({ signal: "SIGKILL" });
      while (await running()) await new Promise((resolve) => setTimeout(resolve, 20));
    };
    await waitUntilReady(url, () => true);
    const facts = await probe(url);
    const stop = async () => void (await container.stop());
    if (facts.hasSearch !== search) {
      await stop();
      throw new Error(
        facts.hasSearch ? "it has a search engine, none was asked for" : "it has no search engine",
      );
    }
    const modules = facts.hasSearch ? "Redis Search" : "no modules";
    return {
      url,
      kind: "docker",
      description: `${facts.product} ${facts.version} with ${modules} at ${url} (Docker image ${image})`,
      hasSearch: facts.hasSearch,
      version: facts.version,
      pid: undefined,
      stop,
      kill,
      async restart() {
        if (await running()) await raw.stop();
        await raw.start();
        await waitUntilReady(url, () => true);
      },
    };
  } catch (error) {
    throw new Error(`Docker answers, but ${image} does not work there: ${errorText(error)}`);
  }
}

/** Images take server arguments in ways of their own; without arguments any image works as it is. */
function configure<T extends { withCommand(c: string[]): T; withEnvironment(e: Record<string, string>): T }>(
  container: T,
  image: string,
  args: string[],
): T {
  if (args.length === 0) return container;
  if (image.includes("redis-stack")) return container.withEnvironment({ REDIS_ARGS: args.join(" ") });
  return container.withCommand([image.includes("valkey") ? "valkey-server" : "redis-server", ...args]);
}
