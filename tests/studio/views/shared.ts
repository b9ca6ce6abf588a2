import type { Viewer } from "../viewer.js";

/** What the tests of all views share: one Chromium, and one server with some data that no test changes. */
export interface Shared {
  viewer: Viewer;
  studio: Awaited<ReturnType<Viewer["serve"]>>;
}
