import { execFile, execFileSync } from "node:child_process";
import { accessSync, constants, existsSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { RungMissing } from "./types.js";

const run = promisify(execFile);
const OLDEST_MAJOR = 7;
const POLICY = "/usr/sbin/policy-rc.d";

export interface Requirements {
  redisServer: string;
  redisVersion: string;
  /** Undefined when no C compiler was asked for. */
  compiler: string | undefined;
  /** What was installed to get here, if anything. */
  installed: string[];
}

/** Finds `redis-server` (and a C compiler), installing what is missing where that is possible without asking. */
export async function requireLocal(
  needCompiler: boolean,
  log: (line: string) => void,
): Promise<Requirements> {
  const packages = missingPackages(needCompiler);
  if (packages.length > 0) await install(packages, log);
  const redisServer = onPath("redis-server");
  const compiler = needCompiler ? findCompiler() : undefined;
  if (!redisServer || (needCompiler && !compiler)) {
    throw new Error(`apt-get installed ${packages.join(" and ")}, but they are not on the PATH`);
  }
  const redisVersion = /v=([\d.]+)/.exec((await run(redisServer, ["--version"])).stdout)?.[1] ?? "0";
  if (Number.parseInt(redisVersion, 10) < OLDEST_MAJOR) {
    throw new Error(
      `${redisServer} is version ${redisVersion}; ${OLDEST_MAJOR} or newer is needed. ` +
        "Upgrade it, start Docker, or set REDIS_URL.",
    );
  }
  return { redisServer, redisVersion, compiler, installed: packages };
}

function missingPackages(needCompiler: boolean): string[] {
  const packages: string[] = [];
  if (!onPath("redis-server")) packages.push("redis-server");
  // libc6-dev is only recommended by gcc, and without it there are no headers to compile against.
  if (needCompiler && !findCompiler()) packages.push("gcc", "libc6-dev");
  return packages;
}

/** Installs Debian packages where that is possible without asking; otherwise the error has the command to run. */
export async function install(packages: string[], log: (line: string) => void): Promise<void> {
  const commands = `apt-get update && apt-get install -y --no-install-recommends ${packages.join(" ")}`;
  if (!onPath("apt-get")) {
    throw new RungMissing(
      `${packages.join(" and ")} not found on the PATH; install with the system's package manager`,
    );
  }
  if (process.getuid?.() !== 0) {
    throw new RungMissing(
      `${packages.join(" and ")} not found on the PATH, and only root may install. Run: sudo sh -c '${commands}'`,
    );
  }
  log(`Installing ${packages.join(", ")} with apt-get ...`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const wait = ["-o", "DPkg::Lock::Timeout=300"]; // another run may be installing at the same time
  const serviceMayStart = existsSync(POLICY);
  try {
    await run("apt-get", [...wait, "update", "-q"], { env, maxBuffer: 1 << 26 });
    // The package starts a service on the default port when installed; we want the program only.
    if (!serviceMayStart) writeFileSync(POLICY, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
    await run("apt-get", [...wait, "install", "-y", "-q", "--no-install-recommends", ...packages], {
      env,
      maxBuffer: 1 << 26,
    });
  } catch (error) {
    const detail = (error as { stderr?: string }).stderr?.trim() || String(error);
    throw new Error(`installing ${packages.join(", ")} failed; run: ${commands}\n${detail}`);
  } finally {
    if (!serviceMayStart) rmSync(POLICY, { force: true });
  }
}

function findCompiler(): string | undefined {
  const compiler = onPath("cc") ?? onPath("gcc");
  if (!compiler) return undefined;
  try {
    // A compiler without the C library's headers is no compiler for us.
    execFileSync(compiler, ["-E", "-x", "c", "-"], {
      input: "#include <stdio.h>\n",
      stdio: ["pipe", "ignore", "ignore"],
    });
    return compiler;
  } catch {
    return undefined;
  }
}

export function onPath(program: string): string | undefined {
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    const candidate = join(folder, program);
    try {
      accessSync(candidate, constants.X_OK);
      return candidate;
    } catch {
      // not in this folder
    }
  }
  return undefined;
}
