import { afterAll, beforeAll } from "vitest";
import { save, saveConversation } from "./seed.js";
import { Viewer } from "./viewer.js";
import { looksTests } from "./views/looks.js";
import { memoryTests } from "./views/memory.js";
import { safetyTests } from "./views/safety.js";
import type { Shared } from "./views/shared.js";
import { sizeTests } from "./views/size.js";
import { threadsTests } from "./views/threads.js";
import { writingTests } from "./views/writing.js";

// One file, so that there is one Chromium: it takes longer to start than most tests.
const shared = {} as Shared;

beforeAll(async () => {
  shared.viewer = await Viewer.open();
  shared.studio = await shared.viewer.serve();
  const { saver, store } = shared.studio.context;
  await saveConversation(saver, "weather");
  await save(saver, "second", { n: 1 });
  await store.put(["memories", "bob"], "food", { text: "Likes pizza.", confidence: 0.9 });
  await store.put(["memories", "bob", "work"], "job", { text: "Is a baker." }, { ttl: 60 });
  await store.put(["memories", "eve"], "food", { text: "Likes soup." });
});
afterAll(() => shared.viewer?.close());

threadsTests(shared);
looksTests(shared);
sizeTests(shared);
safetyTests(shared);
memoryTests(shared);
writingTests(shared);
