import type { NodeFacts, NodeFinding } from "./facts.js";

/** Whether the server runs scripts, and how these compare texts. */
export async function checkScripts({ node }: NodeFacts): Promise<NodeFinding[]> {
  let sorts: unknown;
  try {
    // By bytes, "B" comes before "a".
    sorts = await node.send("EVAL", "return ('a' < 'B') and 1 or 0", "0");
  } catch (error) {
    return [
      {
        level: "error",
        code: "scripts",
        title: "The server does not run scripts",
        why: `Every read and write is a Lua script. It answered: ${(error as Error).message}`,
        fix: "ACL SETUSER <user> +eval +evalsha; services that forbid scripts cannot be used.",
      },
    ];
  }
  const ok: NodeFinding = {
    level: "ok",
    code: "scripts",
    title: "It runs scripts",
    why: "Every read and write is one.",
  };
  if (sorts !== 1) return [ok];
  return [
    ok,
    {
      level: "info",
      code: "locale",
      title: "Its locale orders texts as a dictionary does",
      why: "Comparisons in Lua follow the locale. This package does not rely on them; scripts of your own may.",
      fix: "Start the server with LC_ALL=C.",
    },
  ];
}
