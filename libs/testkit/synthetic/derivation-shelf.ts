/**
 * The derivations that workers have fetched, as packs, from the farm's substituter: what each needs
 * and what it makes. One shelf serves all simulated workers, as if they shared a store.
 */
import { promisify } from 'node:util';
import { zstdDecompress } from 'node:zlib';
import { decodePack } from '#formats/derivation-pack.js';
import { parseDerivation } from '#formats/derivation.js';
import { stubbornly } from './stubbornly.js';

const decompress = promisify(zstdDecompress);

export interface ShelvedDerivation {
  /** Base names of the outputs of its inputs. */
  readonly inputs: readonly string[];
}

export class DerivationShelf {
  private readonly derivations = new Map<string, ShelvedDerivation>();
  private fetching: Promise<unknown> = Promise.resolve();
  packs = 0;

  /** `name` is a base name below `address`, that of a store at a substituter. */
  async take(address: string, name: string): Promise<ShelvedDerivation> {
    if (!this.derivations.has(name)) {
      // One after the other: the pack under way may hold what the next one wants.
      const fetching = this.fetching.then(() => this.fetch(address, name));
      this.fetching = fetching.catch(() => undefined);
      await fetching;
    }
    const found = this.derivations.get(name);
    if (!found) throw new Error(`the pack of ${name} does not hold it`);
    this.derivations.delete(name);
    return found;
  }

  private async fetch(address: string, name: string): Promise<void> {
    if (this.derivations.has(name)) return;
    const url = `${address}/derivations/${encodeURIComponent(name)}`;
    const answer = await stubbornly(() => fetch(url));
    if (!answer.ok) throw new Error(`no pack holds ${name}: ${answer.status}`);
    const pack = decodePack(await decompress(await answer.bytes()));
    if (!pack.ok) throw new Error(`the pack of ${name} is malformed`);
    this.packs += 1;
    for (const file of pack.value) this.shelve(file.name, file.bytes);
  }

  private shelve(name: string, bytes: Uint8Array): void {
    const parsed = parseDerivation(bytes);
    if (!parsed.ok) throw new Error(`${name} cannot be read: ${parsed.error.kind}`);
    const inputs = parsed.value.env.find(([variable]) => variable === 'inputs')?.[1] ?? '';
    this.derivations.set(name, {
      inputs: inputs.split(' ').filter(Boolean).map(baseOf),
    });
  }
}

function baseOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
