import type { InspectContext } from "../context.js";
import type { Diagnosis, Finding, Level } from "../types.js";
import { type NodeFinding, readFacts } from "./facts.js";
import { checkMemory } from "./memory.js";
import { checkPersistence } from "./persistence.js";
import { checkRights } from "./rights.js";
import { checkScripts } from "./scripts.js";
import { checkIndex, checkModules } from "./search.js";
import { checkServer } from "./server.js";

const LEVELS: readonly Level[] = ["ok", "info", "warning", "error"];

/** Looks at servers, settings and index. Nothing is changed. */
export async function diagnose(context: InspectContext): Promise<Diagnosis> {
  const nodes = await context.server.nodes();
  const several = nodes.length > 1;
  const ofNodes = await Promise.all(
    nodes.map(async (node): Promise<Finding[]> => {
      const facts = await readFacts(node);
      const parts = await Promise.all([
        checkServer(facts),
        checkMemory(facts),
        checkPersistence(facts),
        checkScripts(facts),
        checkRights(facts, context.keyPrefix),
        checkModules(facts),
      ]);
      return parts.flat().map((finding) => (several ? { ...finding, node: node.name } : finding));
    }),
  );
  const ofIndex = await checkIndex(context).catch((error: Error): NodeFinding[] => [
    {
      level: "error",
      code: "index",
      title: "The store's index cannot be looked at",
      why: error.message,
    },
  ]);
  const findings = [...ofNodes.flat(), ...ofIndex];
  return { findings, level: worstOf(findings) };
}

function worstOf(findings: readonly Finding[]): Level {
  const ranks = findings.map(({ level }) => LEVELS.indexOf(level));
  return LEVELS[Math.max(0, ...ranks)] ?? "ok";
}
