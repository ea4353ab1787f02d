/**
 * The farm's signing keys, which this process alone reads: `DIRECTORY/SLUG/NAME.sec` for each
 * store. A store of the farm that speaks Nix and has none of its own uses those of the store `nix`,
 * to which the file of the farm's first key belongs; any other gets one made. They are read again
 * at SIGHUP and when the directory changes; what cannot be read then is said, and the keys before
 * go on signing.
 */
import { randomBytes } from 'node:crypto';
import { chooseSigners } from '#domain/substitute/signers.js';
import { dialectOf, type Store } from '#domain/substitute/store.js';
import {
  farmSlug,
  firstKeyName,
  readKeyFile,
  readStoreKeys,
  refuseOpenFile,
  writeKeyFile,
  writeNewFile,
  type KeyFile,
  type KeyFolder,
  type KeyPlace,
} from '#adapters/system/key-files.js';
import { generateGuixKey } from '#formats/guix-signature.js';
import { generateNixKey } from '#formats/nix-signature.js';
import { formatSigningKey, type SigningKey } from '#formats/signing-key.js';
import { FarmFault, sentenceOf } from '#std/farm-fault.js';
import { StoreKeys, type Signed, type SignedFields } from './store-keys.js';

export type SigningStore = Pick<Store, 'slug' | 'dir' | 'kind' | 'host'>;

export interface KeyRingParts extends KeyPlace {
  /** The host name in signatures of Guix of stores that have none of their own. */
  readonly host: string;
  /** Hears of what is wrong. */
  readonly report: (sentence: string) => void;
  /** Hears of what was done. */
  readonly remark: (sentence: string) => void;
}

interface Held {
  readonly store: SigningStore;
  readonly keys: StoreKeys;
  readonly version: string;
}

export class KeyRing {
  private readonly held = new Map<string, Held>();
  private readonly listeners: ((slug: string) => void)[] = [];
  private lastComplaint = '';

  constructor(private readonly parts: KeyRingParts) {}

  /** Microseconds for Nix, a quarter of a millisecond for Guix: worth keeping. */
  sign(store: SigningStore, item: SignedFields): Signed {
    return this.keysOf(store).sign(item);
  }

  /** Those that sign now, the foremost first: of Guix an s-expression, of Nix `NAME:BASE64`. */
  publicKeys(store: SigningStore): readonly string[] {
    return this.keysOf(store).publicKeys;
  }

  /** Called with the slug of a store whose signatures are others from now on. */
  onChange(listener: (slug: string) => void): void {
    this.listeners.push(listener);
  }

  /** Looks at the folders of all stores that were asked for, and takes what changed. */
  reload(): void {
    for (const { store, version } of this.held.values()) {
      try {
        this.reloadOne(store, version);
      } catch (error) {
        this.complain(sentenceOf(error));
      }
    }
  }

  private reloadOne(store: SigningStore, before: string): void {
    const source = this.look(store);
    if (source.version === before) return;
    if (source.files.length === 0) {
      this.complain(`the keys of the store ${store.slug} are gone; it signs on with those before`);
      return;
    }
    const next = this.read(store);
    const told = this.held.get(store.slug)?.keys.publicKeys.join('\n');
    this.held.set(store.slug, next);
    this.lastComplaint = '';
    if (told === next.keys.publicKeys.join('\n')) return;
    for (const listener of this.listeners) listener(store.slug);
  }

  /** The same sentence every two seconds would tell nobody more. */
  complain(sentence: string): void {
    if (sentence === this.lastComplaint) return;
    this.lastComplaint = sentence;
    this.parts.report(sentence);
  }

  private keysOf(store: SigningStore): StoreKeys {
    const held = this.held.get(store.slug);
    if (held && held.store.host === store.host) return held.keys;
    const read = this.read(store);
    this.held.set(store.slug, read);
    return read.keys;
  }

  private read(store: SigningStore): Held {
    let source = this.look(store);
    if (source.files.length === 0) {
      this.makeKey(store);
      source = this.look(store);
    }
    const keys = chooseSigners(source.files, source.primary, dialectOf(store)).map((name) =>
      this.keyIn(
        store,
        source.files.find((file) => file.name === name)!,
      ),
    );
    const host = store.host ?? this.parts.host;
    return { store, keys: new StoreKeys(keys, host), version: source.version };
  }

  /** The files of a store: its own; else, where it may, those that sign for the whole farm. */
  private look(store: SigningStore): KeyFolder {
    const own = readStoreKeys(this.parts, store.slug);
    if (own.files.length > 0 || store.slug === farmSlug || !maySignAsFarm(store)) return own;
    const farm = readStoreKeys(this.parts, farmSlug);
    return { ...farm, version: `${own.version}\n${farm.version}` };
  }

  private keyIn(store: SigningStore, { path }: KeyFile): SigningKey {
    if (path !== this.parts.farmKeyFile) refuseOpenFile(path);
    const signing = readKeyFile(path);
    const dialect = dialectOf(store);
    if (signing.dialect === dialect) return signing;
    const sentence = `${path} is of the other world: the store ${store.slug} speaks ${dialect}`;
    throw new FarmFault('misconfigured', sentence, 'never');
  }

  /** Two that start at once both look again after it, and so sign with the same key. */
  private makeKey(store: SigningStore): void {
    const { slug } = store;
    const sharesFarmKey = maySignAsFarm(store);
    const prefix = sharesFarmKey ? 'gambeson' : `gambeson-${slug}`;
    // Random, since two farms whose keys bear one name cannot both be trusted by a client.
    const name = `${prefix}-${randomBytes(4).toString('hex')}-1`;
    const text = formatSigningKey(newKey(store, name));
    const made = sharesFarmKey
      ? writeNewFile(this.parts.farmKeyFile, text)
      : writeKeyFile(this.parts.directory, { slug, name: firstKeyName, text });
    if (made !== null) this.parts.remark(`made a signing key, ${made}`);
  }
}

function newKey(store: SigningStore, name: string): SigningKey {
  return dialectOf(store) === 'guix'
    ? { dialect: 'guix', key: generateGuixKey() }
    : { dialect: 'nix', key: generateNixKey(name) };
}

/** What nobody vouches for, and what others push, is never signed as the farm's own. */
function maySignAsFarm(store: SigningStore): boolean {
  return store.kind === 'farm' && dialectOf(store) === 'nix';
}
