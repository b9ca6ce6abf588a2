import type { CancelSignal } from "../cancellation.js";
import { type ClientAdapter, sendAll, type Transmission } from "../client-adapter.js";
import type { Arg, Command, Reply } from "../command.js";
import { type Lane, laneOf } from "../lane.js";
import { slotOf } from "../slot.js";
import { commandOptions } from "./command-options.js";
import { isErrorReply } from "./error-reply.js";
import { unusableClient } from "./single.js";

/** The part of a cluster client of node-redis' `createCluster` that is used. */
export interface NodeRedisCluster {
  readonly isOpen: boolean;
  /** By number; with the nodes that serve it. */
  readonly slots: readonly ({ readonly master: { readonly address: string } } | undefined)[];
  getRandomNode(): unknown;
  sendCommand(
    firstKey: string | undefined,
    isReadonly: boolean | undefined,
    args: Arg[],
    options?: object,
  ): Promise<unknown>;
}

/** Sends each command to the master of its key's slot, wherever it has moved. What is for one node leaves in one write. */
export class ClusterAdapter implements ClientAdapter {
  readonly isCluster = true;

  constructor(private readonly cluster: NodeRedisCluster) {}

  get unusable(): string | undefined {
    return unusableClient(this.cluster.isOpen);
  }

  laneOf({ key }: Command): Lane {
    return laneOf(this.cluster, this.cluster.slots[slotOf(key)]?.master.address);
  }

  send(commands: readonly Command[], transmission: Transmission): Promise<(Reply | Error)[]> {
    const send = ({ key, args }: Command, own: CancelSignal) =>
      // Never a replica: what was just written is to be read.
      this.cluster.sendCommand(key, false, args as Arg[], commandOptions(own));
    return sendAll(commands, transmission, send, isErrorReply);
  }
}
