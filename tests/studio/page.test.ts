import { AIMessage, ToolMessage } from "@langchain/core/messages";
import { RedisStore } from "langgraph-redis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { idOf, save, saveAll, saveConversation } from "./seed.js";
import { scrollsSideways, seriousFindings, Viewer } from "./viewer.js";

let viewer: Viewer;
let studio: Awaited<ReturnType<Viewer["serve"]>>;

beforeAll(async () => {
  viewer = await Viewer.open();
  studio = await viewer.serve();
  const { saver, store } = studio.context;
  await saveConversation(saver, "weather");
  await save(saver, "second", { n: 1 });
  await store.put(["memories", "bob"], "food", { text: "Likes pizza.", confidence: 0.9 });
  await store.put(["memories", "bob", "work"], "job", { text: "Is a baker." }, { ttl: 60 });
  await store.put(["memories", "eve"], "food", { text: "Likes soup." });
});
afterAll(() => viewer?.close());

describe("threads", () => {
  test("the list shows threads, newest first, and finds them by their ids", async () => {
    const page = await viewer.visit(studio);
    const list = page.getByRole("listbox", { name: "Threads" });
    await expect.poll(() => list.getByRole("option").allTextContents()).toHaveLength(2);
    expect(await list.getByRole("option").first().textContent()).toContain("second");
    await page.keyboard.press("/");
    await page.keyboard.type("weath");
    await expect.poll(() => list.getByRole("option").allTextContents()).toHaveLength(1);
    await page.keyboard.press("Escape");
    await expect.poll(() => list.getByRole("option").allTextContents()).toHaveLength(2);
  });

  test("the token leaves the address, and a page that is loaded again still has it", async () => {
    const page = await viewer.visit(studio);
    await page.locator("[role=option]").first().waitFor();
    expect(page.url()).not.toContain("token");
    await page.reload();
    await page.locator("[role=option]").first().waitFor();
  });

  test("a thread shows its checkpoints as a tree: forks, subgraphs, interrupts and errors", async () => {
    const page = await viewer.visit(studio, "view=threads&thread=weather");
    const tree = page.getByRole("tree", { name: "Checkpoints" });
    await expect.poll(() => tree.getByRole("treeitem").count()).toBe(7);
    await expect
      .poll(() => tree.locator(".group-title").allTextContents())
      .toEqual(["graph 5", "weather:task-1 2"]);
    expect(await tree.getByRole("treeitem", { name: /interrupted/ }).count()).toBe(1);
    expect(await tree.getByRole("treeitem", { name: /failed/ }).count()).toBe(1);
    // The newest one of the graph itself is chosen.
    expect(await tree.getByRole("treeitem", { selected: true }).textContent()).toContain("update");
  });

  test("arrow keys go from checkpoint to checkpoint", async () => {
    const page = await viewer.visit(studio, "view=threads&thread=weather");
    const tree = page.getByRole("tree", { name: "Checkpoints" });
    const chosen = () => tree.getByRole("treeitem", { selected: true }).textContent();
    await expect.poll(chosen).toContain("step 4");
    await tree.focus();
    const pressed: [key: string, now: string][] = [
      ["ArrowUp", "step 2"],
      ["ArrowDown", "step 3"],
      ["ArrowRight", "step 4"],
      ["ArrowLeft", "step 3"],
      ["Home", "step 0"],
      ["End", "step 4"],
    ];
    for (const [key, now] of pressed) {
      await page.keyboard.press(key);
      await expect.poll(chosen, { message: key }).toContain(now);
      const active = await tree.getAttribute("aria-activedescendant");
      expect(await page.locator(`[id="${active}"]`).getAttribute("aria-selected")).toBe("true");
    }
  });

  test("a checkpoint shows its conversation, other channels, writes, metadata, and what its step changed", async () => {
    const page = await viewer.visit(studio, `view=threads&thread=weather&ns=&checkpoint=${idOf(4)}`);
    const pane = page.getByRole("region", { name: "Checkpoint", exact: true });
    await expect
      .poll(() => pane.locator(".message-head strong").allTextContents())
      .toEqual(["System", "User", "Assistant", "Tool", "Assistant"]);
    const text = await pane.textContent();
    expect(text).toContain("What is the weather in Paris?");
    expect(text).toContain("get_weather");
    expect(text).toContain("call-1");
    await pane.getByText("history:").click();
    await expect.poll(() => pane.getByText("degrees: 20").count()).toBeGreaterThan(0);
    expect(await pane.getByText("degrees: 130").count()).toBe(0);
    await pane.getByRole("button", { name: /Show more of 120/ }).click();
    await expect.poll(() => pane.getByText("degrees: 130").count()).toBe(1);

    await pane.getByRole("tab", { name: "State" }).focus();
    await page.keyboard.press("ArrowRight");
    await expect.poll(() => pane.locator(".part.added").allTextContents()).toHaveLength(1);
    expect(await pane.locator(".part.added").textContent()).toContain("It is 21 degrees in Paris.");
    await page.keyboard.press("ArrowRight");
    await expect.poll(() => pane.textContent()).toContain("Send this?");
    await page.keyboard.press("ArrowRight");
    await expect.poll(() => pane.getByRole("tabpanel").textContent()).toContain("source");
  });

  test("a thread that runs grows on the page", async () => {
    const { saver } = studio.context;
    await save(saver, "running", { n: 1 });
    const page = await viewer.visit(studio, "view=threads&thread=running");
    const items = page.getByRole("treeitem");
    await expect.poll(() => items.count()).toBe(1);
    await save(saver, "running", { n: 2, parent: 1, values: { answer: "forty-two" } });
    await expect.poll(() => items.count(), { timeout: 20_000 }).toBe(2);
    // The newest one is followed as long as nobody chooses another.
    await expect.poll(() => page.getByRole("tabpanel").textContent()).toContain("forty-two");
    await saver.deleteThread("running");
  });
});

describe("looks", () => {
  const views = [
    "view=threads",
    `view=threads&thread=weather&ns=&checkpoint=${idOf(4)}`,
    "view=memory&path=%5B%22memories%22%5D&itemPath=%5B%22memories%22%2C%22bob%22%5D&key=food",
    "view=health",
  ];
  for (const dark of [false, true]) {
    for (const width of [1280, 400]) {
      test(`axe finds nothing serious, ${dark ? "dark" : "light"}, ${width} pixels wide`, async () => {
        const page = await viewer.visit(studio, "", { dark, width });
        for (const view of views) {
          await page.evaluate(`location.hash = ${JSON.stringify(view)}`);
          await page.locator("main :is(.pane, .page):visible").first().waitFor();
          await expect.poll(() => page.getByText(/^Loading/).count()).toBe(0);
          expect(await seriousFindings(page), view).toEqual([]);
          expect(await scrollsSideways(page), view).toBe(false);
        }
      });
    }
  }

  test("the switch of colours is remembered", async () => {
    const page = await viewer.visit(studio);
    const background = () =>
      page.evaluate<string>("getComputedStyle(document.documentElement).backgroundColor");
    const light = await background();
    await page.getByLabel("Colours").selectOption("dark");
    await expect.poll(background).not.toBe(light);
    const dark = await background();
    await page.reload();
    await expect.poll(background).toBe(dark);
  });
});

describe("size", () => {
  test("10,000 threads are scrolled through, of which few are in the document", async () => {
    const many = await viewer.serve();
    const { saver } = many.context;
    await save(saver, "thread-00000", { n: 1 });
    const copies = Array.from({ length: 9_999 }, (_, at) => `thread-${String(at + 1).padStart(5, "0")}`);
    for (let at = 0; at < copies.length; at += 500) {
      await Promise.all(copies.slice(at, at + 500).map((id) => saver.copyThread("thread-00000", id)));
    }
    const page = await viewer.visit(many);
    const options = page.locator("[role=option]");
    await options.first().waitFor();
    await page.getByRole("listbox").focus();
    await page.keyboard.press("End");
    await expect.poll(() => page.locator("[role=option][aria-selected=true]").count()).toBe(1);
    await expect.poll(() => page.locator(".list-pane [role=status]").textContent()).not.toBe("100+");
    expect(await options.count()).toBeLessThan(60);
    await page.getByPlaceholder("Search thread ids").fill("09999");
    await expect.poll(() => options.allTextContents()).toHaveLength(1);
    expect(await options.textContent()).toContain("thread-09999");
  });

  test("a thread of 5,000 checkpoints with forks is shown, of which few are in the document", async () => {
    const large = await viewer.serve();
    const checkpoints = Array.from({ length: 5_000 }, (_, at) => {
      const n = at + 1;
      return { n, parent: n === 1 ? undefined : n % 10 === 0 ? n - 3 : n - 1 };
    });
    await saveAll(large.context.saver, "large", checkpoints);
    const started = performance.now();
    const page = await viewer.visit(large, "view=threads&thread=large");
    const items = page.getByRole("treeitem");
    await items.first().waitFor();
    const painted = performance.now() - started;
    await page.getByRole("status").getByText("5,000 checkpoints").waitFor();
    console.log(
      `5,000 checkpoints: painted after ${Math.round(painted)} ms, all after ${Math.round(performance.now() - started)} ms`,
    );
    expect(await items.count()).toBeLessThan(150);
    expect(await page.evaluate("document.querySelectorAll('*').length")).toBeLessThan(2_000);
    const chosen = page.getByRole("treeitem", { selected: true });
    expect(await chosen.textContent()).toContain("step 4999");
    await page.getByRole("tree", { name: "Checkpoints" }).focus();
    await page.keyboard.press("Home");
    await expect.poll(() => chosen.textContent()).toContain("step 0");
    await expect.poll(() => chosen.isVisible()).toBe(true);
    expect(await items.count()).toBeLessThan(150);
  });
});

describe("memory", () => {
  test("namespaces are a tree, items have a filter, and an item shows all that it has", async () => {
    const page = await viewer.visit(studio, "view=memory");
    const tree = page.getByRole("tree", { name: "Namespaces" });
    const labels = () => tree.locator(".namespace-label").allTextContents();
    await expect.poll(labels).toEqual(["All items", "memories"]);
    await tree.getByText("memories").click();
    await tree.focus();
    await page.keyboard.press("ArrowRight");
    await expect.poll(labels).toEqual(["All items", "memories", "bob", "eve"]);
    const items = page.getByRole("listbox", { name: "Items" }).getByRole("option");
    await expect.poll(() => items.count()).toBe(3);
    await page.getByLabel("Filter, as JSON").fill('{"confidence": {"$gt": 0.5}}');
    await page.keyboard.press("Enter");
    await expect.poll(() => items.count()).toBe(1);
    await items.first().click();
    const pane = page.getByRole("region", { name: "Item", exact: true });
    await expect.poll(() => pane.textContent()).toContain("Likes pizza.");
    expect(await pane.locator(".facts dt").allTextContents()).toEqual([
      "Namespace",
      "Updated",
      "Created",
      "Version",
      "Expires",
    ]);
  });
});

describe("memory that is searched", () => {
  test("by words and by meaning, with scores", async () => {
    const vectorOf = (text: string) => (/food|pizza/.test(text) ? [1, 0, 0] : [0, 1, 0]);
    const embeddings = {
      embedQuery: async (text: string) => vectorOf(text),
      embedDocuments: async (texts: string[]) => texts.map(vectorOf),
    };
    const own = await viewer.serve({ embeddings });
    const { server, keyPrefix } = own.context;
    const index = { dims: 3, embeddings, text: true };
    const store = new RedisStore({ client: server.client, keyPrefix, index });
    await store.put(["memories"], "one", { text: "Likes pizza." });
    await store.put(["memories"], "two", { text: "Is a baker." });
    const page = await viewer.visit(own, "view=memory&path=%5B%22memories%22%5D");
    const items = page.getByRole("listbox", { name: "Items" }).getByRole("option");
    const titles = () => items.locator(".row-title").allTextContents();
    await expect.poll(titles).toHaveLength(2);
    await page.getByPlaceholder("Search by meaning").fill("food");
    await expect.poll(() => items.locator(".score").allTextContents()).toEqual(["1.000", "0.000"]);
    expect(await titles()).toEqual(["one", "two"]);
    await page.getByLabel("How to search").selectOption("text");
    await page.getByPlaceholder("Search by words").fill("baker");
    await expect.poll(titles).toEqual(["two"]);
  });
});

describe("health", () => {
  test("shows what doctor finds, memory by kind of key, and what the server does", async () => {
    const page = await viewer.visit(studio, "view=health");
    await expect.poll(() => page.locator(".finding").count()).toBeGreaterThan(3);
    await expect.poll(() => page.locator("tbody th").allTextContents()).not.toEqual([]);
    expect(await page.locator(".figures dt").allTextContents()).toEqual([
      "Operations per second",
      "Memory",
      "Clients",
    ]);
  });
});

describe("encrypted data", () => {
  test("are shown with the key, and otherwise as encrypted", async () => {
    const keys = {
      keys: { k1: Buffer.alloc(32, 7).toString("base64") },
      current: "k1",
      allowPlaintext: true,
    };
    const own = await viewer.serve({ keys });
    await save(own.context.saver, "secret", { n: 1, values: { answer: "forty-two" } });
    await own.context.store.put(["notes"], "one", { text: "hidden" });
    const route = `view=threads&thread=secret&ns=&checkpoint=${idOf(1)}`;
    const page = await viewer.visit(own, route);
    await expect.poll(() => page.getByRole("tabpanel").textContent()).toContain("forty-two");

    const without = await viewer.serve({ keyPrefix: own.context.keyPrefix });
    const blind = await viewer.visit(without, route, { expected: /500/ });
    await expect.poll(() => blind.getByRole("tabpanel").textContent()).toMatch(/Encrypted.*--key/);
    await expect.poll(() => blind.locator("[role=option]").textContent()).toContain("encrypted");
  });
});

describe("a hostile thread", () => {
  const HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "javascript:alert(1)",
    "\u202egnp.exe\u2066",
    "a&thread=b#view=health",
    "../../etc/passwd",
    "%00%2f\u0000",
    "__proto__",
    "constructor",
    "\"'`</div></body>",
    "x".repeat(3_000),
    "a|b:c\nd",
  ];

  /** Labels of namespaces have no dots, colons and NULs. */
  const labelOf = (text: string) => text.replaceAll(/[.:]/g, "_").replaceAll("\u0000", "_");

  test("is text wherever it stands: nothing executes, nothing breaks", async () => {
    const own = await viewer.serve();
    const { saver, store } = own.context;
    for (const [at, text] of HOSTILE.entries()) {
      const message = new AIMessage({ id: text, name: text, content: `${text} [link](javascript:alert(1))` });
      message.tool_calls = [{ id: text, name: text, args: { [text]: text } }];
      const values = {
        messages: [message, new ToolMessage({ content: text, tool_call_id: text })],
        [text]: [text, { [text]: text }],
      };
      await save(saver, text, { n: 1, values, metadata: { [`m${text}`]: text } });
      await save(saver, text, { n: 2, parent: 1, ns: "", values: { messages: [message] } });
      await save(saver, text, { n: 3, ns: text, values });
      const config = { configurable: { thread_id: text, checkpoint_ns: "", checkpoint_id: idOf(2) } };
      await saver.putWrites(config, [[text, text]], `task-${at}`);
      await store.put(["n", labelOf(text)], text, { [text]: text, nested: { [text]: [text] } });
    }
    const page = await viewer.visit(own, "view=threads");
    const go = (route: Record<string, string>) =>
      page.evaluate(`location.hash = ${JSON.stringify(new URLSearchParams(route).toString())}`);
    await expect.poll(() => page.locator("[role=option]").count()).toBeGreaterThan(5);
    for (const [at, text] of HOSTILE.entries()) {
      await go({
        view: "threads",
        thread: text,
        ns: at % 2 === 0 ? "" : text,
        checkpoint: idOf(at % 2 === 0 ? 2 : 3),
      });
      const pane = page.getByRole("region", { name: "Checkpoint", exact: true });
      await expect.poll(() => pane.locator(".message").count(), { message: text }).toBeGreaterThan(0);
      await expect.poll(() => page.getByRole("treeitem").count(), { message: text }).toBe(3);
      for (const tab of ["Difference", "Writes", "Metadata", "State"])
        await pane.getByRole("tab", { name: tab }).click();
      const path = JSON.stringify(["n", labelOf(text)]);
      await go({ view: "memory", path, itemPath: path, key: text });
      await expect
        .poll(() => page.locator(".detail-pane .json-name").count(), { message: text })
        .toBeGreaterThan(0);
      expect(await page.locator(".failure").count(), text).toBe(0);
    }
    // What they would have made of the page, had any of it been markup.
    expect(await page.locator("#app script, #app img, #app a[href^='javascript']").count()).toBe(0);
    // No character that turns the direction of the text around it is shown as it is in a name.
    await go({ view: "threads", thread: "\u202egnp.exe\u2066" });
    await expect.poll(() => page.locator(".main-pane h2").textContent()).toBe("\\u202egnp.exe\\u2066");
  });
});

describe("writing", () => {
  test("without --write there is no button for it", async () => {
    const page = await viewer.visit(studio, "view=threads&thread=weather");
    await page.getByRole("treeitem").first().waitFor();
    await page.getByRole("tabpanel").waitFor();
    expect(await page.getByRole("button", { name: /Fork|Delete|Expire|Edit/ }).count()).toBe(0);
    expect(await page.getByText("read-only").count()).toBe(1);
  });

  test("forks, edits, expires and deletes, each after a question that says what goes", async () => {
    const own = await viewer.serve({ write: true });
    const { saver, store } = own.context;
    await saveConversation(saver, "weather");
    await store.put(["notes"], "one", { text: "old" });
    const page = await viewer.visit(own, `view=threads&thread=weather&ns=&checkpoint=${idOf(2)}`, {
      expected: /409 \(Conflict\)/,
    });
    const dialog = page.getByRole("dialog");

    await page.getByRole("button", { name: "Fork…" }).click();
    expect(await dialog.textContent()).toContain("This thread is not changed");
    await dialog.getByLabel("Thread").fill("what-if");
    await dialog.getByRole("button", { name: "Fork" }).click();
    await expect.poll(() => page.locator(".main-pane h2").textContent()).toBe("what-if");
    const forked = await saver.getTuple({ configurable: { thread_id: "what-if" } });
    const source = await saver.getTuple({ configurable: { thread_id: "weather", checkpoint_id: idOf(2) } });
    expect(forked?.metadata).toMatchObject({ source: "fork" });
    expect(forked?.checkpoint.channel_values).toEqual(source?.checkpoint.channel_values);
    expect(forked?.parentConfig?.configurable?.checkpoint_id).toBe(idOf(1));

    await page.getByRole("button", { name: "Delete…" }).click();
    expect(await dialog.textContent()).toMatch(/8 checkpoints .*in 2 namespaces/);
    await page.keyboard.press("Escape");
    await expect.poll(() => dialog.count()).toBe(0);
    expect(await saver.getTuple({ configurable: { thread_id: "what-if" } })).toBeDefined();
    await page.getByRole("button", { name: "Delete…" }).click();
    await dialog.getByRole("button", { name: "Delete thread" }).click();
    await expect.poll(() => saver.getTuple({ configurable: { thread_id: "what-if" } })).toBeUndefined();
    expect(await saver.getTuple({ configurable: { thread_id: "weather" } })).toBeDefined();

    await page.evaluate(
      `location.hash = ${JSON.stringify('view=memory&path=["notes"]&itemPath=["notes"]&key=one')}`,
    );
    await page.getByRole("button", { name: "Edit…" }).click();
    // Somebody else puts it meanwhile: nothing is overwritten.
    await store.put(["notes"], "one", { text: "theirs" });
    await dialog.getByRole("textbox").fill('{"text": "mine"}');
    await dialog.getByRole("button", { name: "Replace value" }).click();
    await expect.poll(() => dialog.getByRole("alert").textContent()).toContain("version");
    expect((await store.get(["notes"], "one"))?.value).toEqual({ text: "theirs" });
    await page.keyboard.press("Escape");
    await page.reload();
    await page.getByRole("button", { name: "Edit…" }).click();
    await dialog.getByRole("textbox").fill('{"text": "mine"}');
    await dialog.getByRole("button", { name: "Replace value" }).click();
    await expect.poll(async () => (await store.get(["notes"], "one"))?.value).toEqual({ text: "mine" });
    await expect.poll(() => dialog.count()).toBe(0);

    await page.getByRole("button", { name: "Expire…" }).click();
    await dialog.getByRole("spinbutton").fill("60");
    await dialog.getByRole("button", { name: "Set" }).click();
    await expect.poll(async () => (await store.get(["notes"], "one"))?.expiresAt).toBeInstanceOf(Date);
    await expect.poll(() => dialog.count()).toBe(0);
    await page.getByRole("button", { name: "Delete…" }).click();
    await dialog.getByRole("button", { name: "Delete item" }).click();
    await expect.poll(() => store.get(["notes"], "one")).toBeNull();
  });
});
