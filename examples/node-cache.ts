/**
 * Caching of nodes and tasks: what a `cachePolicy` is for.
 *
 * A slow node is run once for each input. Other processes with the same cache do not run it either, until the entry has
 * expired or the cache is cleared.
 *
 * Run it with Redis on localhost or at REDIS_URL.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Annotation, entrypoint, START, StateGraph, task } from "@langchain/langgraph";
import { RedisCache } from "langgraph-redis";

const State = Annotation.Root({
  city: Annotation<string>,
  weather: Annotation<string>,
});

/** @param lookUp takes long, and answers the same for the same city. */
export function buildGraph(cache: RedisCache, lookUp: (city: string) => Promise<string>) {
  return new StateGraph(State)
    .addNode("lookUp", async ({ city }) => ({ weather: await lookUp(city) }), {
      cachePolicy: { ttl: 600 }, // seconds
    })
    .addEdge(START, "lookUp")
    .compile({ cache });
}

/** The same with the functional API, for several cities. */
export function buildWorkflow(cache: RedisCache, lookUp: (city: string) => Promise<string>) {
  const lookUpTask = task({ name: "lookUpTask", cachePolicy: { ttl: 600 } }, lookUp);
  return entrypoint({ name: "weather", cache }, (cities: string[]) =>
    Promise.all(cities.map((city) => lookUpTask(city))),
  );
}

async function main() {
  const url = process.env.REDIS_URL ?? "redis://localhost:6379";
  const cache = await RedisCache.fromConnString(url, {
    keyPrefix: "node-cache", // so that the examples do not meet in one Redis
    onError: (error) => console.error("cache:", error.message), // and the node runs
  });
  await cache.clear([]); // of an earlier run of this program

  const lookUp = async (city: string) => {
    console.log(`looking up ${city}`);
    await sleep(100);
    return `sunny in ${city}`;
  };
  const graph = buildGraph(cache, lookUp);
  const ask = async (city: string) => console.log((await graph.invoke({ city })).weather);

  console.log("--- a node runs once for each input");
  await ask("Paris");
  await ask("Rome");
  await ask("Paris");

  console.log("--- after clear it runs again");
  await cache.clear([]);
  await ask("Paris");

  console.log("--- a task likewise");
  const workflow = buildWorkflow(cache, lookUp);
  console.log(await workflow.invoke(["Oslo", "Bern"]));
  console.log(await workflow.invoke(["Bern", "Oslo"]));

  await cache.stop();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
