/** What an upstream says of itself: its `nix-cache-info`, as servers of Nix and of Guix have it. */
import { err, ok, type Result } from '#std/result.js';
import { sentenceOf } from '#std/farm-fault.js';
import type { Upstream } from '#domain/substitute/upstream.js';

const longest = 10_000;

/** The store directory; the error says why it is not told. */
export async function askStoreDir(
  upstream: Pick<Upstream, 'url' | 'timeoutSeconds'>,
): Promise<Result<string, string>> {
  const address = `${upstream.url}/nix-cache-info`;
  const signal = AbortSignal.timeout(upstream.timeoutSeconds * 1000);
  try {
    const answer = await fetch(address, { signal });
    const text = (await answer.text()).slice(0, longest);
    if (!answer.ok) return err(`${address} answered ${answer.status}`);
    const dir = /^StoreDir:[ \t]*(\S+)[ \t]*$/m.exec(text)?.[1];
    return dir === undefined ? err(`${address} names no StoreDir`) : ok(dir);
  } catch (error) {
    const cause = (error as { cause?: unknown }).cause ?? error;
    return err(`${address}: ${sentenceOf(cause)}`);
  }
}
