import * as langgraph from "@langchain/langgraph-checkpoint";

/** Of these labels, those that the installed LangGraph lets be written to. */
export function legalLabels(labels: readonly string[]): string[] {
  return labels.filter((label) => {
    try {
      langgraph.validateNamespace?.([label]);
      return !label.includes(".");
    } catch {
      return false;
    }
  });
}
