import { createDeepAgent, StoreBackend } from "deepagents";
import type { Scenario } from "../scenario.js";
import { ScriptedModel } from "../scripted-model.js";
import { on } from "../session.js";

const namespace = ["images"];
const PHOTO = Uint8Array.from({ length: 1_000 }, (_, n) => n % 256);
const DRAWING = Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 255]);
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");

export const deepAgentImages: Scenario = {
  name: "a deep agent keeps images in the store and looks at them in another thread",
  threads: ["first", "second"],
  agent({ checkpointer, store }) {
    const model = new ScriptedModel({
      draw: [["write_file", { file_path: "/drawing.png", content: base64(DRAWING) }]],
      look: [
        ["read_file", { file_path: "/drawing.png" }],
        ["read_file", { file_path: "/photo.jpg" }],
        ["ls", { path: "/" }],
      ],
    });
    return createDeepAgent({ model, backend: new StoreBackend({ namespace }), checkpointer, store });
  },
  phases: [
    {
      async run(session) {
        const backend = new StoreBackend({ store: session.persistence.store, namespace });
        const uploaded = await backend.uploadFiles([["/photo.jpg", PHOTO]]);
        const [, , drawn] = await session.say("draw", "first");
        return [uploaded, drawn];
      },
      result: [[{ path: "/photo.jpg", error: null }], "Successfully wrote to '/drawing.png'"],
    },
    {
      async run(session) {
        await session.say("look", "second");
        const { messages } = (await session.agent.getState(on("second"))).values;
        return messages.filter(({ type }: { type: string }) => type === "tool").map(contentOf);
      },
      result: [
        [{ type: "image", mimeType: "image/png", data: base64(DRAWING) }],
        [{ type: "image", mimeType: "image/jpeg", data: base64(PHOTO) }],
        "/drawing.png (10 bytes)\n/photo.jpg (1000 bytes)",
      ],
    },
    {
      async run(session) {
        const backend = new StoreBackend({ store: session.persistence.store, namespace });
        return backend.downloadFiles(["/photo.jpg", "/drawing.png"]);
      },
      result: [
        { path: "/photo.jpg", content: { bytes: base64(PHOTO), of: "Uint8Array" }, error: null },
        { path: "/drawing.png", content: { bytes: base64(DRAWING), of: "Uint8Array" }, error: null },
      ],
    },
  ],
};

function contentOf({ content }: { content: unknown }): unknown {
  return content;
}
