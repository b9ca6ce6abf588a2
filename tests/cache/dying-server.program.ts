import { Annotation, START, StateGraph } from "@langchain/langgraph";
import { RedisCache } from "langgraph-redis";

/**
 * A process with a graph whose Redis dies while a cached node runs, without an option that says what to do about it:
 * `node program.mjs <url> <process id of the server>`. Prints the results.
 */
const [url = "", serverId = ""] = process.argv.slice(2);
const cache = await RedisCache.fromConnString(url, { keyPrefix: "dying", commandTimeout: 200 });
let killed = false;
const State = Annotation.Root({ n: Annotation<number> });
const graph = new StateGraph(State)
  .addNode(
    "first",
    ({ n }) => {
      if (n === 1 && !killed) process.kill(Number(serverId), "SIGKILL");
      if (n === 1) killed = true;
      return { n: n + 1 };
    },
    { cachePolicy: true },
  )
  .addNode("second", ({ n }) => ({ n: n * 10 }), { cachePolicy: { ttl: 60 } })
  .addEdge(START, "first")
  .addEdge("first", "second")
  .compile({ cache });

const results = [];
for (const n of [0, 0, 1, 1, 2]) results.push((await graph.invoke({ n })).n);
await cache.stop();
console.log(JSON.stringify(results));
