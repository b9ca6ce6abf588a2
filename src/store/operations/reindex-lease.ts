import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Reply } from "../../redis/command.js";
import { execute, executeAll, Script } from "../../redis/script.js";
import type { StoreContext } from "../context.js";
import {
  type BuiltIndex,
  compareDefinitions,
  defineIndex,
  type IndexDefinition,
  parseStoredIndex,
  type StoredIndex,
} from "../engines/index-definition.js";
import { agreeOnIndex } from "../engines/serving-index.js";
import { ReindexConflictError } from "../errors.js";
import beginSource from "./reindex-begin.lua";
import holdSource from "./reindex-hold.lua";
import switchSource from "./reindex-switch.lua";

const BEGIN = new Script(beginSource);
const HOLD = new Script(holdSource);
const SWITCH = new Script(switchSource);

/** What a `reindex` is to build. Kept until it is done, so that another process can go on with it. */
export interface ReindexPlan extends BuiltIndex {
  /** Whether every text is embedded again. */
  reembed: boolean;
  /** The index that serves until the switch, whose vectors may be taken over. */
  from: BuiltIndex;
  /** The first generation of those that are dropped in the end; the plan's own is the first that stays. */
  replaces: number;
}

/** A plan with the right to carry it out, which nobody else has as long as this process gives signs of life. */
export class ReindexLease {
  private readonly timer: NodeJS.Timeout;
  private renewed = performance.now();
  private lost = false;

  /**
   * Waits while another process carries out the same plan, and goes on with it when that one dies.
   *
   * @returns `undefined` when the other one has carried it out.
   * @throws {ReindexConflictError} when another process carries out another plan.
   */
  static async take(context: StoreContext, reembed: boolean): Promise<ReindexLease | undefined> {
    const { connection, keys, settings } = context;
    const { reindexLease: duration } = settings.limits;
    const definition = defineIndex(settings);
    const holder = randomBytes(9).toString("base64url");
    let awaited: ReindexPlan | undefined;
    for (;;) {
      const present = await agreeOnIndex(context);
      const { begun, text } = await readState(context, present);
      if (awaited && !begun && present.generation >= awaited.generation) {
        if (compareDefinitions(present.definition, definition).length === 0) return undefined;
      }
      const goesOn = begun !== undefined && isSame(begun, definition, reembed);
      const plan = goesOn ? begun : newPlan(present, begun, definition, reembed);
      const planText = goesOn ? text : JSON.stringify(plan);
      const args = [holder, String(duration), present.text, text, planText];
      const taken = await execute(connection, BEGIN.call([keys.definition, keys.reindex], args));
      if (taken === 1) {
        return new ReindexLease(
          context,
          holder,
          plan,
          present,
          goesOn && present.generation === plan.generation,
        );
      }
      if (taken === 0) continue;
      const other = JSON.parse(String(taken)) as ReindexPlan;
      if (!isSame(other, definition, reembed)) {
        throw new ReindexConflictError(
          compareDefinitions(other.definition, definition),
          `It may take ${Math.ceil(duration / 1000)} s until it is known that the other one has died.`,
        );
      }
      awaited = other;
      await sleep(Math.min(duration / 5, 1_000));
    }
  }

  private constructor(
    private readonly context: StoreContext,
    private readonly holder: string,
    readonly plan: ReindexPlan,
    /** The index that served when the lease was taken. */
    private readonly present: StoredIndex,
    /** Whether the plan's index serves already. */
    readonly isSwitched: boolean,
  ) {
    const renew = () => this.renew().catch(() => {}); // the next check tries again
    this.timer = setInterval(renew, context.settings.limits.reindexLease / 3);
    this.timer.unref();
  }

  /**
   * @param how "now" asks Redis; otherwise that is done where it has not been for a while.
   * @throws {ReindexConflictError} when another process has taken over.
   */
  async check(how: "now" | "soon" = "soon"): Promise<void> {
    const { reindexLease: duration } = this.context.settings.limits;
    const isDue = how === "now" || performance.now() - this.renewed > duration / 2;
    if (!this.lost && isDue) await this.renew();
    if (this.lost) throw new ReindexConflictError([], "It did not hear of this one for too long.");
  }

  /** Makes the plan's index the one that serves. @throws {ReindexConflictError} */
  async switch(): Promise<StoredIndex> {
    const { connection, keys } = this.context;
    if (this.isSwitched) return this.present;
    const { generation, definition } = this.plan;
    const { encrypted } = this.present.definition;
    const args = [
      this.holder,
      this.present.text,
      String(generation),
      JSON.stringify({ ...definition, encrypted }),
    ];
    const text = await execute(connection, SWITCH.call([keys.definition, keys.reindex], args));
    if (text === null) throw new ReindexConflictError([], "It has taken over from this one.");
    return parseStoredIndex(String(text), keys.definition);
  }

  /** Gives the lease back: the plan is carried out, or another call goes on with it. */
  async release(how: "release" | "end"): Promise<void> {
    clearInterval(this.timer);
    await this.hold(how);
  }

  private async renew(): Promise<void> {
    const begun = performance.now();
    if (await this.hold(String(this.context.settings.limits.reindexLease))) this.renewed = begun;
    else this.lost = true;
  }

  private async hold(how: string): Promise<boolean> {
    const { connection, keys } = this.context;
    return (await execute(connection, HOLD.call([keys.reindex], [this.holder, how]))) === 1;
  }
}

/** The plan that was begun and not ended, unless the index that it was made beside does not serve any more. */
async function readState({ connection, keys }: StoreContext, present: StoredIndex) {
  const [reply] = await executeAll(connection, [{ key: keys.reindex, args: ["HGET", keys.reindex, "plan"] }]);
  if (reply instanceof Error) throw reply;
  const text = (reply as Reply)?.toString() ?? "";
  const begun = text === "" ? undefined : (JSON.parse(text) as ReindexPlan);
  const serving = present.generation;
  return {
    text,
    begun: begun && [begun.generation, begun.from.generation].includes(serving) ? begun : undefined,
  };
}

function isSame(begun: ReindexPlan, definition: IndexDefinition, reembed: boolean): boolean {
  return compareDefinitions(begun.definition, definition).length === 0 && (begun.reembed || !reembed);
}

/** Of one that was begun for another configuration, the index is dropped with those before. */
function newPlan(
  present: StoredIndex,
  begun: ReindexPlan | undefined,
  definition: IndexDefinition,
  reembed: boolean,
): ReindexPlan {
  const from = { generation: present.generation, definition: present.definition };
  return {
    generation: Math.max(present.generation, begun?.generation ?? 0) + 1,
    definition,
    reembed,
    from,
    replaces: Math.min(present.generation, begun?.replaces ?? present.generation),
  };
}
