import { Presets, SingleBar } from "cli-progress";
import type { Io } from "../io.js";

export interface Progress {
  update(done: number, total?: number): void;
  stop(): void;
}

/** A bar with rate and time left, on a terminal; else nothing. */
export function startProgress(io: Io, total: number, unit: string): Progress {
  if (!io.stderr.isTTY || total < 2) return { update: () => {}, stop: () => {} };
  const started = performance.now();
  const bar = new SingleBar(
    {
      format: `{bar} {value} of {total} ${unit}, {rate} a second, {eta_formatted} left`,
      stream: io.stderr,
      hideCursor: true,
      barsize: 24,
      clearOnComplete: true,
    },
    Presets.shades_classic,
  );
  bar.start(total, 0, { rate: "0" });
  return {
    update(done, of) {
      if (of !== undefined) bar.setTotal(of);
      const seconds = (performance.now() - started) / 1000;
      bar.update(done, { rate: seconds > 0 ? Math.round(done / seconds) : 0 });
    },
    stop: () => bar.stop(),
  };
}
