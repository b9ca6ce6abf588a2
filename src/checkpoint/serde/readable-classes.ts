import { classOf } from "../../describe.js";
import { type LangChainObjectCheck, UnencodableError } from "./encode.js";
import { messageClassOf } from "./messages.js";

/** Builds the object that a record stands for, as a reader will. */
type Reader = (recordText: string) => Promise<unknown>;

/**
 * Finds out which classes of LangChain objects can be read back. LangChain writes an instance of any class that is
 * derived from one of its own, but its reader constructs only those that it knows: a thread with another one in it could
 * never be read again.
 *
 * A message of LangChain's own classes is judged at once. An object of another class is read back, once for each class.
 */
export class ReadableClasses {
  /** By prototype. */
  private readonly known = new WeakMap<object, boolean>();
  private unknown = new Map<object, { readonly value: object; readonly text: string }>();

  constructor(private readonly read: Reader) {}

  /** @throws {UnencodableError} when instances of the class are known not to come back. */
  readonly check: LangChainObjectCheck = (value, record) => {
    const prototype: object = Object.getPrototypeOf(value);
    const message = messageClassOf(record.id);
    if (message) {
      if (message.prototype === prototype || !isDerived(value, message.prototype)) return;
      throw notReadable(value);
    }
    const readable = this.known.get(prototype);
    if (readable === false) throw notReadable(value);
    if (readable === undefined) this.unknown.set(prototype, { value, text: JSON.stringify(record) });
  };

  /**
   * To be called right after values were written: what is left is to be awaited before they are stored.
   *
   * @returns undefined when all classes in them are known.
   */
  finish(): Promise<void> | undefined {
    if (this.unknown.size === 0) return undefined;
    const classes = this.unknown;
    this.unknown = new Map();
    return this.readBack(classes);
  }

  private async readBack(classes: ReadableClasses["unknown"]): Promise<void> {
    for (const [prototype, { value, text }] of classes) {
      const again = await this.read(text).catch(() => undefined);
      const readable =
        typeof again === "object" && again !== null && !isDerived(value, Object.getPrototypeOf(again));
      this.known.set(prototype, readable);
      if (!readable) throw notReadable(value);
    }
  }
}

/** Whether the value is of a class that is derived from another one's. What comes from another copy of it is not. */
function isDerived(value: object, prototype: object): boolean {
  return Object.getPrototypeOf(value) !== prototype && Object.prototype.isPrototypeOf.call(prototype, value);
}

function notReadable(value: object): UnencodableError {
  return new UnencodableError(
    `an instance of ${classOf(value)} would not come back as one: LangChain's ` +
      "reader constructs its own classes only",
  );
}
