/**
 * Deletes the keys and search indexes of a server whose names start with `prefix`, which is taken as the beginning of a
 * glob pattern.
 */
export async function deleteUnder(client, prefix) {
  const indexes = await client.sendCommand(["FT._LIST"]).catch(() => []);
  for (const index of indexes.map(String).filter((name) => name.startsWith(prefix))) {
    await client.sendCommand(["FT.DROPINDEX", index]).catch(() => undefined); // others may have been faster
  }
  for await (const keys of client.scanIterator({ MATCH: `${prefix}*`, COUNT: 1000 })) {
    if (keys.length > 0) await client.unlink(keys);
  }
}
