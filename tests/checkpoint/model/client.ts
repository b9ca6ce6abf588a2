import { createClient } from "redis";

export async function openClient(url: string) {
  const client = createClient({ url });
  client.on("error", () => {}); // whoever awaits a command sees its error
  await client.connect();
  return client;
}
