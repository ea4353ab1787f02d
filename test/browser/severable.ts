/** A way to the farm that can be cut and mended, as networks and restarts do it. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

export interface SeverableWay {
  readonly address: string;
  /** Everything that goes over it ends; nobody answers at its address. */
  sever(): Promise<void>;
  mend(): Promise<void>;
}

/** To the server at `address`, over a port of its own. */
export async function openSeverableWay(address: string): Promise<SeverableWay> {
  const farmPort = Number(new URL(address).port);
  const sockets = new Set<Socket>();
  let server: Server;
  const listen = async (port: number): Promise<void> => {
    server = createServer((reader) => {
      const farm = connect(farmPort, '127.0.0.1');
      for (const [one, other] of [
        [reader, farm],
        [farm, reader],
      ] as const) {
        sockets.add(one);
        one.on('error', () => undefined);
        one.on('close', () => {
          sockets.delete(one);
          other.destroy();
        });
        one.pipe(other);
      }
    });
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  };
  await listen(0);
  const { port } = server!.address() as AddressInfo;
  return {
    address: `http://127.0.0.1:${port}`,
    async sever() {
      const closed = once(server, 'close');
      server.close();
      for (const one of sockets) one.destroy();
      await closed;
    },
    mend: () => listen(port),
  };
}
