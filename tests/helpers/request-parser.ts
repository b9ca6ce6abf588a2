/**
 * Follows a client's side of a connection: where one command ends and the next begins, however TCP splits them, and
 * what each is called. Understands what clients send: arrays of bulk strings.
 */
export class RequestParser {
  /** Names of the commands completed so far, in upper case. */
  readonly names: string[] = [];
  #line = "";
  #partsLeft = 0;
  #bytesLeft = 0;
  #body: Buffer[] = [];
  #name: string | undefined;

  /** False in the middle of a command. */
  get atBoundary(): boolean {
    return this.#partsLeft === 0 && this.#line === "";
  }

  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length)
      at = this.#bytesLeft > 0 ? this.#takeBody(chunk, at) : this.#takeLine(chunk, at);
  }

  #takeLine(chunk: Buffer, at: number): number {
    const end = chunk.indexOf(0x0a, at);
    this.#line += chunk.toString("latin1", at, end < 0 ? chunk.length : end + 1);
    if (end < 0) return chunk.length;
    const line = this.#line.trim();
    this.#line = "";
    const count = Number(line.slice(1));
    if (line.startsWith("*")) this.#partsLeft = count;
    else if (line.startsWith("$"))
      this.#bytesLeft = count + 2; // with the line end behind it
    else throw new Error(`not a command of a Redis client: ${JSON.stringify(line)}`);
    return end + 1;
  }

  #takeBody(chunk: Buffer, at: number): number {
    const part = chunk.subarray(at, at + this.#bytesLeft);
    this.#bytesLeft -= part.length;
    if (this.#name === undefined) this.#body.push(part);
    if (this.#bytesLeft === 0) this.#endPart();
    return at + part.length;
  }

  #endPart(): void {
    this.#name ??= Buffer.concat(this.#body.splice(0)).toString("latin1").trim().toUpperCase();
    this.#partsLeft--;
    if (this.#partsLeft > 0) return;
    this.names.push(this.#name);
    this.#name = undefined;
  }
}
