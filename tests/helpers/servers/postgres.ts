import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { freePort } from "./ports.js";
import { GUARD, unrefPipe } from "./process.js";
import { install, onPath } from "./requirements.js";

const run = promisify(execFile);
const DEBIAN = "/usr/lib/postgresql";

export interface PostgresServer {
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * A PostgreSQL on a free loopback port, with its data in a temporary directory. Where it is missing it is installed with apt-get if
 * we are root on a Debian-like system; otherwise the error says which command to run. It goes when this process goes.
 */
export async function startPostgres(
  log: (line: string) => void = (line) => console.error(line),
): Promise<PostgresServer> {
  if (!programs()) await install(["postgresql"], log);
  const bin = programs();
  if (!bin)
    throw new Error(`apt-get installed postgresql, but there is no initdb in ${DEBIAN} or on the PATH`);

  const directory = mkdtempSync(join(tmpdir(), "langgraph-redis-postgres-"));
  const guard = spawn("sh", ["-c", GUARD, "guard", directory], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  guard.unref();
  unrefPipe(guard.stdin);
  guard.stdin?.on("error", () => undefined);
  const user = await owner();
  chownSync(directory, user.uid, user.gid);
  const data = join(directory, "data");
  const options = { ...user, cwd: directory };
  try {
    const init = ["-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"];
    await run(join(bin, "initdb"), init, options);
    const port = await freePort();
    const settings = [
      "listen_addresses=127.0.0.1",
      "unix_socket_directories=",
      "fsync=off",
      "logging_collector=off",
    ];
    const child = spawn(
      join(bin, "postgres"),
      ["-D", data, "-p", String(port), ...settings.flatMap((setting) => ["-c", setting])],
      { ...options, detached: true, stdio: "ignore" },
    );
    guard.stdin?.write(`${child.pid}\n`);
    await once(child, "spawn");
    child.once("exit", () => guard.killed || guard.stdin?.write("\n"));
    child.unref();
    await untilReady(data, port, () => child.exitCode === null);
    return {
      url: `postgresql://postgres@127.0.0.1:${port}/postgres`,
      async stop() {
        const gone = once(child, "exit");
        child.ref();
        child.kill("SIGQUIT");
        await gone;
        guard.kill("SIGKILL");
        rmSync(directory, { recursive: true, force: true });
      },
    };
  } catch (error) {
    guard.stdin?.end();
    throw error;
  }
}

/** The folder of the newest version's programs, which Debian does not put on the PATH. */
function programs(): string | undefined {
  const versions = existsSync(DEBIAN)
    ? readdirSync(DEBIAN).sort((one, other) => Number(other) - Number(one))
    : [];
  const folders = versions.map((version) => join(DEBIAN, version, "bin"));
  const found = folders.find((folder) => existsSync(join(folder, "initdb")));
  const other = onPath("initdb");
  return found ?? (other && dirname(other));
}

/** PostgreSQL refuses to run as root. */
async function owner(): Promise<{ uid: number; gid: number }> {
  const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
  if (uid !== 0) return { uid, gid };
  const lines = readFileSync("/etc/passwd", "utf8").split("\n");
  const entry = lines
    .map((line) => line.split(":"))
    .find(([name]) => name === "postgres" || name === "nobody");
  if (!entry) throw new Error("PostgreSQL does not run as root, and there is no user postgres or nobody");
  return { uid: Number(entry[2]), gid: Number(entry[3]) };
}

/** It writes "ready" into this file before it takes connections. */
async function untilReady(data: string, port: number, running: () => boolean): Promise<void> {
  for (let attempt = 0; attempt < 600; attempt++) {
    if (!running()) break;
    const file = join(data, "postmaster.pid");
    if (
      existsSync(file) &&
      readFileSync(file, "utf8").split("\n")[7]?.trim() === "ready" &&
      (await answers(port))
    )
      return;
    await delay(50);
  }
  throw new Error(`PostgreSQL on port ${port} did not become ready`);
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
