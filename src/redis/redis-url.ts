import { InvalidInputError } from "../errors.js";

/** @throws {InvalidInputError} which does not repeat the address: it may hold a password. */
export function parseRedisUrl(uri: unknown): URL {
  if (typeof uri === "string" && /^rediss?:\/\//.test(uri) && URL.canParse(uri)) {
    const url = new URL(uri);
    const credentials = [url.username, url.password].map(decode);
    if (!credentials.includes(undefined)) {
      checkDatabase(url);
      refuseParameters(url);
      return url;
    }
  }
  throw new InvalidInputError(
    "expected a URL such as redis://localhost:6379 or rediss://user:password@host:port/0, got " +
      `${typeof uri === "string" ? "another text" : `a value of type ${typeof uri}`} (not shown, as it may hold a ` +
      "password). Characters of a password other than letters and digits have to be percent-encoded.",
  );
}

/** @throws {InvalidInputError} which does not show what is there: a "/" in a password begins the path. */
function checkDatabase({ pathname }: URL): void {
  if (/^\/?\d*$/.test(pathname)) return;
  throw new InvalidInputError(
    "what follows host and port in the URL must be the number of a database, such as /0, or nothing. In user and " +
      "password, / has to be percent-encoded, as %2F.",
  );
}

/**
 * @throws {InvalidInputError} as parameters would be ignored, whatever they say. They are not shown: what follows a "?"
 * may be the rest of a password that holds one.
 */
function refuseParameters({ search, hash }: URL): void {
  if (search === "" && hash === "") return;
  throw new InvalidInputError(
    `the URL has ${search === "" ? 'a "#"' : 'parameters after a "?"'}, but takes none: give the database as /0, TLS as ` +
      "rediss://, and everything else as options. In user and password, ? and # have to be percent-encoded, as %3F and %23.",
  );
}

/** Undefined for what is no percent-encoded text. The result is used, as minifiers drop a call whose result is not. */
function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

export function credentialsOf({ username, password }: URL) {
  return {
    username: username === "" ? undefined : decode(username),
    password: password === "" ? undefined : decode(password),
  };
}

/** What must not be shown of a URL: the password, as it is and as it stands in the URL. */
export function secretsOf(url: URL): string[] {
  const { password } = credentialsOf(url);
  return password === undefined ? [] : [...new Set([password, url.password])];
}
