import { diagnose, type Finding, type Level } from "../inspect/index.js";
import { clean } from "../print/format.js";
import type { Colors } from "../print/printer.js";
import { type AddCommand, examples, withRedis } from "./command.js";

export const addDoctor: AddCommand = (program, environment) => {
  program
    .command("doctor")
    .description("look at server, settings and index: what is wrong, why it matters, how to mend it")
    .addHelpText(
      "after",
      `${examples(
        ["doctor", "the server at REDIS_URL, or redis://localhost:6379"],
        ["doctor --url rediss://redis.internal:6380 --ca ca.crt", "one with a certificate of its own"],
        ["doctor --json", "for programs"],
      )}\n\nThe exit code is 1 when there is an error among the findings.`,
    )
    .action((_, command) =>
      withRedis(environment, command, async ({ print, inspect, exit }) => {
        const { findings, level } = await diagnose(inspect);
        if (level === "error") exit(1);
        if (print.isJson) return print.json({ server: inspect.server.description, level, findings });
        await print.line(`${inspect.server.description}, keys ${inspect.keyPrefix}:*\n`);
        for (const finding of findings) await print.line(describe(finding, print.colors));
        const count = (of: Level) => findings.filter((finding) => finding.level === of).length;
        const errors = count("error");
        const warnings = count("warning");
        await print.line(
          `\n${errors} ${errors === 1 ? "error" : "errors"}, ${warnings} ${warnings === 1 ? "warning" : "warnings"}.`,
        );
      }),
    );
};

function describe({ level, node, title, why, fix }: Finding, colors: Colors): string {
  const marks = {
    ok: colors.green("✓"),
    info: colors.cyan("i"),
    warning: colors.yellow("!"),
    error: colors.red("✗"),
  };
  const where = node === undefined ? "" : colors.dim(`${node}  `);
  const lines = [`${marks[level]} ${where}${clean(title)}`];
  if (level !== "ok") lines.push(`    ${clean(why)}`);
  if (fix !== undefined) lines.push(`    → ${clean(fix)}`);
  return lines.join("\n");
}
