/**
 * A queue of commands that are answered one after another: those to one server, or to one node of a cluster. As long as
 * it gives answers, each command in it is answered in its turn.
 */
export class Lane {
  /** How many answers it has given. */
  answers = 0;
}

const LANES = new WeakMap<object, Map<string, Lane>>();

/**
 * The lane of a client, or of one of its nodes. Savers and stores that share a client share its lanes: each waits behind
 * the commands of the others.
 */
export function laneOf(client: object, node = ""): Lane {
  let lanes = LANES.get(client);
  if (!lanes) {
    lanes = new Map();
    LANES.set(client, lanes);
  }
  let lane = lanes.get(node);
  if (!lane) {
    lane = new Lane();
    lanes.set(node, lane);
  }
  return lane;
}
