import { decodeKeyPart } from "../../redis/key-encoding.js";
import type { ThreadKeys } from "../keys.js";
import { type RecordHeader, splitRecord } from "../records/checkpoint-record.js";
import { type MemberParts, splitMember } from "../records/pending-writes.js";
import { unreadable } from "../records/unreadable.js";
import type { ThreadTransform } from "./transform.js";

/** A record, opened. */
export interface RecordParts {
  readonly field: string;
  readonly header: RecordHeader;
  readonly headerText: string;
  readonly packed: Buffer;
  readonly text: string;
}

/** Pending writes, opened. */
export interface WriteParts extends MemberParts {
  readonly text: string;
}

/** Opens the parts of a thread. What cannot be read is an error that says where it stands. */
export class PartsOpener {
  constructor(
    private readonly transform: ThreadTransform,
    private readonly threadId: string,
    private readonly keys: ThreadKeys,
  ) {}

  record(member: Buffer, record: Buffer): RecordParts {
    const field = restOf(member);
    try {
      const parts = splitRecord(record);
      return { field, ...parts, text: this.transform.openBody(field, parts.header, parts.packed) };
    } catch (cause) {
      const colon = field.indexOf(":");
      const place = {
        checkpointNs: decodeKeyPart(field.slice(0, colon)),
        checkpointId: field.slice(colon + 1),
      };
      throw this.unreadable("cannot read the checkpoint", this.keys.checkpoints, cause, place);
    }
  }

  writes(member: Buffer): WriteParts {
    try {
      const parts = splitMember(member);
      return { ...parts, text: this.transform.openPayload(parts.place, parts.payload) };
    } catch (cause) {
      const [, checkpointNs = ""] = member.toString("utf8").split(":");
      const place = { checkpointNs: decodeKeyPart(checkpointNs) };
      throw this.unreadable("cannot read the pending writes", this.keys.index, cause, place);
    }
  }

  chunk<T>(read: () => T): T {
    try {
      return read();
    } catch (cause) {
      throw this.unreadable("cannot read a value", this.keys.chunks, cause);
    }
  }

  private unreadable(
    problem: string,
    key: string,
    cause: unknown,
    place: { checkpointNs?: string; checkpointId?: string } = {},
  ): Error {
    return unreadable(problem, { key, threadId: this.threadId, ...place }, cause);
  }
}

/** What a member of the index is: its first character. */
export function kindOf(member: Buffer): string {
  return member.toString("latin1", 0, 1);
}

/** What follows on the kind of a member. */
export function restOf(member: Buffer): string {
  return member.toString("utf8", 2);
}
