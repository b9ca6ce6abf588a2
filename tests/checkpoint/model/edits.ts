import type { Oracle } from "./oracle.js";
import type { Edit, Stage } from "./steps.js";
import type { ElementSpec, ValueSpec } from "./values.js";

const LONGEST_LIST = 80;

/**
 * Edits one of the values.
 *
 * @param edited takes notice of what is to be edited in place.
 * @returns the channel; undefined when there is nothing to edit.
 */
export function applyEdit(
  stage: Stage,
  oracle: Oracle,
  edit: Edit,
  values: Map<string, ValueSpec>,
  edited: [ElementSpec, ElementSpec][],
): string | undefined {
  const channel = stage.channels[edit.channel] as string;
  const value = values.get(channel);
  const list = value && "list" in value ? [...value.list] : undefined;
  const at = "at" in edit && list?.length ? edit.at % list.length : 0;
  switch (edit.edit) {
    case "append":
      values.set(channel, { list: [...(list ?? []), ...edit.elements].slice(-LONGEST_LIST) });
      return channel;
    case "list":
      values.set(channel, { list: edit.elements });
      return channel;
    case "set":
      values.set(channel, { one: edit.element });
      return channel;
    case "copy": {
      const thread = stage.threads[edit.thread] as string;
      const ns = stage.spaces[edit.ns] as string;
      const id = oracle.latest(thread, ns);
      const other =
        id === undefined
          ? undefined
          : oracle.get({ thread, ns, id })?.values.get(stage.channels[edit.from] as string);
      if (!other) return undefined;
      values.set(channel, other);
      return channel;
    }
    case "drop":
      values.delete(channel);
      return channel;
  }
  if (!list || list.length === 0) return undefined;
  switch (edit.edit) {
    case "replace":
      list[at] = edit.element;
      break;
    case "insert":
      list.splice(at, 0, edit.element);
      break;
    case "revise": {
      const [kind, n, revision] = list[at] as ElementSpec;
      const revised: ElementSpec = [kind, n, revision + 1];
      if (edit.inPlace) edited.push([list[at] as ElementSpec, revised]);
      list[at] = revised;
      break;
    }
    case "remove":
      list.splice(at, 1);
      break;
    case "trim":
      list.splice(0, 1 + (at % 4));
      break;
    case "pop":
      list.splice(Math.max(0, list.length - 1 - (at % 4)));
      break;
  }
  values.set(channel, { list });
  return channel;
}
