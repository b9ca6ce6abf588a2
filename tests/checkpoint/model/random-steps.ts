import { HOSTILE_STRINGS } from "../../helpers/hostile.js";
import { Random } from "./random.js";
import { SAVERS } from "./savers.js";
import type { At, Block, DeltaChange, Edit, PutStep, Stage, Step, Which } from "./steps.js";
import { type ElementSpec, KINDS, type Kind } from "./values.js";

export function randomBlock(seed: number, sequences: number): Block {
  const random = new Random(seed);
  const stage = randomStage(random);
  const make = new StepMaker(random, stage);
  return {
    stage,
    sequences: Array.from({ length: sequences }, () => [
      ...Array.from({ length: 8 + random.below(12) }, () => make.step()),
      make.end(),
    ]),
  };
}

const NAMES = HOSTILE_STRINGS.map((name) => name.slice(0, 300));

function randomStage(random: Random): Stage {
  const names = random.distinct(8, NAMES);
  // Those of plain objects' properties.
  const keys = random.distinct(
    6,
    NAMES.filter((name) => name !== "__proto__"),
  );
  const plain = random.chance(0.5);
  const history = random.chance(0.3) ? "latest" : "all";
  const sub = plain ? "child" : keys[5]?.replace(/[:|]/g, "") || "child";
  return {
    ...{ history, customSerde: random.chance(0.15) },
    threads: plain ? ["t", "u", "T"] : names.slice(0, 3),
    spaces: ["", sub, `${sub}:task-1`, `${sub}:task-1|grand:task-2`],
    channels: plain ? ["messages", "b", "c"] : keys.slice(0, 3),
    deltas: plain ? ["log", "trail"] : keys.slice(3, 5),
    tasks: plain ? ["task 1", "task 2", "task"] : names.slice(3, 6),
    runs: plain ? ["run", "run:1", "r"] : names.slice(5, 8),
    prefixes: history === "latest" || random.chance(0.5) ? ["1f0"] : ["1f0", "1f0", "0a", "\uffee", "🦜"],
  };
}

class StepMaker {
  constructor(
    private readonly random: Random,
    private readonly stage: Stage,
  ) {}

  step(): Step {
    const { random } = this;
    const kind = random.weighted<() => Step>([
      [42, () => this.put()],
      [16, () => this.writes()],
      [9, () => ({ step: "get", ...this.at(), adopt: random.chance(0.5) })],
      [5, () => this.list()],
      [4, () => ({ step: "history", ...this.at() })],
      [3, () => ({ step: "retry", by: this.saver(), back: random.below(6) })],
      [3, () => ({ step: "copy", by: this.saver(), thread: random.below(2), to: random.below(3) })],
      [2, () => ({ step: "delete", by: this.saver(), thread: random.below(3) })],
      [4, () => this.prune()],
      [
        3,
        () => ({
          step: "delete runs",
          by: this.saver(),
          runs: random.distinct(1 + random.below(2), [0, 1, 2]),
        }),
      ],
      [
        2,
        () => ({
          step: "live",
          by: this.saver(),
          thread: random.below(3),
          minutes: random.pick([0, 5, 600]),
        }),
      ],
      [2, () => ({ step: "expire", by: this.saver(), thread: random.below(3) })],
      [1, () => ({ step: "evict", thread: random.below(3), key: random.below(5) })],
      [
        2,
        () => ({
          ...{ step: "threads", by: this.saver(), limit: 1 + random.below(4) },
          orderBy: random.pick(["createdAt", "updatedAt"]),
        }),
      ],
      [2, () => ({ step: "restart", by: this.saver() })],
      [8, () => this.together()],
    ]);
    return kind();
  }

  end(): Step {
    const { random } = this;
    return {
      step: "end",
      readers: [this.saver(), this.saver()],
      deleters: random.distinct(3, [0, 1, 2, 3, 4, 5]),
      audit: random.chance(0.04),
    };
  }

  private saver(): number {
    return this.random.below(SAVERS.length);
  }

  private at(): At {
    const { random } = this;
    return {
      by: this.saver(),
      ...{
        thread: random.weighted([
          [7, 0],
          [2, 1],
          [1, 2],
        ]),
        ns: random.weighted([
          [6, 0],
          [1, 1],
          [2, 2],
          [1, 3],
        ]),
      },
      which: random.weighted<Which>([
        [10, "newest"],
        [4, "older"],
        [1, "removed"],
        [1, "never"],
        [1, "next"],
      ]),
      back: random.below(8),
    };
  }

  private put(): PutStep {
    const { random } = this;
    const at = this.at();
    const isLatest = this.stage.history === "latest";
    const which = random.weighted<Which>([
      ...([
        [12, "newest"],
        [isLatest ? 1 : 4, "older"],
        [1, "none"],
        [1, "removed"],
      ] as const),
    ]);
    return {
      step: "put",
      ...at,
      which,
      how: random.weighted([
        [10, "step"],
        [2, "twice"],
        [1, "again"],
        [1, "copy"],
        [1, "update"],
      ]),
      edits: random.some(3, () => this.edit()),
      deltas: this.stage.deltas.map(() => this.deltaChange()),
      changed: random.weighted([
        [10, "exact"],
        [1, "left out"],
        [1, "more"],
      ]),
      run: random.below(5),
      runIn: random.pick(["configurable", "config", "metadata"]),
      prefix: random.below(5),
      tag: random.pick(["x", "y"]),
      inPlace: random.chance(0.3),
      reader: random.chance(0.4) ? this.saver() : undefined,
    };
  }

  private deltaChange(): DeltaChange {
    return this.random.weighted<DeltaChange>([
      ...([
        [8, "written"],
        [4, "kept"],
        [1, "comes"],
        [2, "snapshot"],
      ] as const),
      [2, "leaves"],
    ]);
  }

  private edit(): Edit {
    const { random } = this;
    const channel = random.weighted([
      [5, 0],
      [2, 1],
      [1, 2],
    ]);
    const at = random.below(30);
    const make = random.weighted<() => Edit>([
      [8, () => ({ edit: "append", channel, elements: this.elements() })],
      // So few lists that they meet again: in other channels, on other branches, after the thread was deleted.
      [
        4,
        () => ({
          edit: "list",
          channel,
          elements: Array.from({ length: 1 + random.below(3) }, () => this.fewElements()),
        }),
      ],
      [2, () => ({ edit: "revise", channel, at, inPlace: random.chance(0.5) })],
      [1, () => ({ edit: "replace", channel, at, element: this.element() })],
      [1, () => ({ edit: "insert", channel, at, element: this.element() })],
      [1, () => ({ edit: "remove", channel, at })],
      [1, () => ({ edit: "trim", channel, at })],
      [1, () => ({ edit: "pop", channel, at })],
      [1, () => ({ edit: "set", channel, element: this.element() })],
      [
        2,
        () => ({
          edit: "copy",
          channel,
          thread: random.below(3),
          ns: random.below(4),
          from: random.below(3),
        }),
      ],
      [1, () => ({ edit: "drop", channel, version: random.chance(0.5) })],
    ]);
    return make();
  }

  private elements(): ElementSpec[] {
    const { random } = this;
    const count = random.chance(0.1) ? 8 + random.below(30) : 1 + random.below(3);
    return Array.from({ length: count }, () => this.element());
  }

  private element(): ElementSpec {
    const { random } = this;
    const kind = random.weighted<Kind>([
      ...([
        [5, "fixed"],
        [3, "human"],
        [1, "ai"],
        [1, "big"],
        [1, "huge"],
      ] as const),
      [4, random.pick(KINDS)],
    ]);
    return [kind, random.below(random.chance(0.7) ? 4 : 40), random.chance(0.8) ? 0 : 1];
  }

  private fewElements(): ElementSpec {
    return [this.random.pick(["fixed", "fixed", "fixed", "big"]), this.random.below(2), 0];
  }

  private writes(atLeast = 0): Step {
    const { random } = this;
    const at = this.at();
    return {
      step: "writes",
      ...at,
      which: random.weighted<Which>([
        [10, "newest"],
        [3, "older"],
        [1, "removed"],
        [3, "next"],
      ]),
      task: random.below(3),
      path: random.pick([undefined, "", "~__pregel_pull, a", "~🦜", "~\uffee", "a:b\n"]),
      // Channels, delta channels, special writes.
      writes: Array.from({ length: atLeast + random.below(5 - atLeast) }, () => [
        random.weighted([
          [2, 0],
          [1, 1],
          [3, 3],
          [1, 4],
          [1, 5],
          [1, 6],
          [1, 7],
        ]),
        this.element(),
      ]),
      reader: random.chance(0.4) ? this.saver() : undefined,
    };
  }

  private list(): Step {
    const { random } = this;
    return {
      step: "list",
      ...this.at(),
      scope: random.pick(["all", "thread", "namespace", "one"]),
      limit: random.chance(0.5) ? random.below(5) : undefined,
      before: random.chance(0.3),
      filter: random.weighted<Record<string, unknown> | undefined>([
        ...([
          [4, undefined],
          [1, {}],
          [2, { tag: "x" }],
          [1, { none: 1 }],
        ] as const),
        [1, { tag: "y", deep: { list: [1, { a: null }] } }],
      ]),
    };
  }

  private prune(): Step {
    const { random } = this;
    const options = random.weighted<Record<string, unknown>>([
      [6, { strategy: "keep_latest", keepLast: 1 + random.below(3) }],
      [2, { strategy: "keep_latest" }],
      [1, { strategy: "delete" }],
    ]);
    return {
      step: "prune",
      by: this.saver(),
      threads: random.distinct(1 + random.below(2), [0, 1, 2]),
      options,
    };
  }

  /** In one step, unlike those of several threads and those that count before they delete. */
  private pruneOne(): Step {
    const { random } = this;
    const options = { strategy: "keep_latest", keepLast: 1 + random.below(2) };
    return { step: "prune", by: this.saver(), threads: [random.below(2)], options };
  }

  private together(): Step {
    const { random } = this;
    const steps = random.distinct(2 + random.below(2), [0, 1, 2, 3, 4, 5]).map((by): Step => {
      const make = random.weighted<() => Step>([
        [8, () => ({ ...this.put(), reader: undefined })],
        [4, () => ({ ...this.writes(1), reader: undefined }) as Step],
        [3, () => ({ step: "get", ...this.at(), adopt: random.chance(0.5) })],
        [1, () => ({ step: "history", ...this.at() })],
        [1, () => ({ step: "delete", by, thread: random.below(2) })],
        [1, () => ({ step: "copy", by, thread: random.below(2), to: random.below(3) })],
        [1, () => this.pruneOne()],
        [1, () => ({ step: "delete runs", by, runs: [random.below(3)] })],
        [1, () => ({ step: "retry", by, back: random.below(3) })],
      ]);
      return { ...make(), by } as Step;
    });
    // A copy that is made while a run is looked for may be missed.
    const isSearch = steps.some(({ step }) => step === "delete runs");
    return { step: "together", steps: steps.filter(({ step }) => !isSearch || step !== "copy") };
  }
}
