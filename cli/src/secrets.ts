/** Passwords that must not appear in any output. */
export class Secrets {
  readonly #texts: string[];

  constructor(urls: readonly URL[], others: readonly (string | undefined)[] = []) {
    const passwords = urls.flatMap(({ password }) => [password, decode(password)]);
    this.#texts = [...new Set([...passwords, ...others])].filter((text): text is string => Boolean(text));
  }

  redact(text: string): string {
    return this.#texts.reduce((redacted, secret) => redacted.replaceAll(secret, "***"), text);
  }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
