import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { onTestFinished } from "vitest";

/** A way to a server on which connections can die without either side being told, as when a firewall forgets them. */
export async function halfDead(target: string) {
  const { hostname, port } = new URL(target);
  const links = new Set<Socket[]>();
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    const link = [client, upstream];
    links.add(link);
    for (const socket of link) {
      socket.on("error", () => {});
      socket.on("close", () => {
        for (const each of link) each.destroy();
        links.delete(link);
      });
    }
    client.pipe(upstream);
    upstream.pipe(client);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    for (const link of links) for (const socket of link) socket.destroy();
    server.close();
  });
  return {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** From now on nothing passes through the connections that are open; new ones are well. */
    loseConnections() {
      for (const [client, upstream] of links) {
        client?.unpipe();
        upstream?.unpipe();
        client?.resume(); // what is sent disappears
      }
    },
  };
}
