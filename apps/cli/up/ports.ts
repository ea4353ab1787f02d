/** A port that was asked for must be free; a default one makes way for the next free. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { FarmFault } from '#std/farm-fault.js';

export interface PortWish {
  /** What will listen there, for the message. */
  readonly of: string;
  readonly asked: number | undefined;
  readonly fallback: number;
}

export interface ChosenPort {
  readonly port: number;
  /** Plain words when it is not the usual one. */
  readonly note: string | null;
}

const triesAtMost = 200;

/** `taken` are ports promised to others in this start. Throws `misconfigured`. */
export async function choosePort(wish: PortWish, taken: Set<number>): Promise<ChosenPort> {
  if (wish.asked !== undefined) {
    if (!taken.has(wish.asked) && (await isFree(wish.asked))) return take(wish.asked, null, taken);
    const message = `port ${wish.asked} (${wish.of}) is in use; choose another`;
    throw new FarmFault('misconfigured', message, 'never');
  }
  for (let port = wish.fallback; port < wish.fallback + triesAtMost; port += 1) {
    if (taken.has(port) || !(await isFree(port))) continue;
    const moved = `port ${wish.fallback} is in use, so the ${wish.of} takes ${port}`;
    return take(port, port === wish.fallback ? null : moved, taken);
  }
  throw new FarmFault('misconfigured', `no free port near ${wish.fallback}`, 'never');
}

function take(port: number, note: string | null, taken: Set<number>): ChosenPort {
  taken.add(port);
  return { port, note };
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}
