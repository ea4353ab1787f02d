/** Where the commands find the keys of a store, and what the store speaks. */
import { join } from 'node:path';
import {
  isKeyName,
  readKeyFile,
  readKeyFolder,
  type KeyPlace,
} from '#adapters/system/key-files.js';
import type { Dialect } from '#domain/substitute/store.js';
import { FarmFault } from '#std/farm-fault.js';

/** What every farm has from the beginning. */
const dialects: Readonly<Record<string, Dialect>> = { nix: 'nix', local: 'nix', guix: 'guix' };

type Environment = Readonly<Record<string, string | undefined>>;

/** As the substituter finds it. */
export function keyPlace(told: string | undefined, environment: Environment): KeyPlace {
  const { GAMBESON_SIGNING_KEYS: directory, GAMBESON_DATA: data = '.gambeson' } = environment;
  const secrets = join(data, 'secrets');
  return {
    directory: told ?? directory ?? join(secrets, 'signing-keys'),
    farmKeyFile: environment['GAMBESON_SIGNING_KEY_FILE'] ?? join(secrets, 'signing-key.sec'),
  };
}

export function checkedSlug(slug: string): string {
  if (/^[a-z][a-z0-9-]{0,31}$/.test(slug)) return slug;
  throw refused(`${JSON.stringify(slug)} is not the name of a store, such as nix or guix`);
}

export function checkedName(name: string): string {
  if (isKeyName(name)) return name;
  const rule = 'letters, digits, dots, dashes, as in farm.example.org-1';
  throw refused(`${JSON.stringify(name)} cannot name a key: ${rule}`);
}

/** What is told, else what every farm knows of the store, else what its keys say. */
export function dialectOfStore(
  place: { readonly directory: string; readonly slug: string },
  told: string | undefined,
): Dialect {
  if (told === 'nix' || told === 'guix') return told;
  if (told !== undefined) throw refused(`--dialect is nix or guix, not ${JSON.stringify(told)}`);
  const known = Object.hasOwn(dialects, place.slug) ? dialects[place.slug] : undefined;
  if (known !== undefined) return known;
  const [first] = readKeyFolder(place.directory, place.slug).files;
  if (first) return readKeyFile(first.path).dialect;
  throw refused(`say --dialect nix or --dialect guix, since ${place.slug} is a store of your own`);
}

export function refused(sentence: string): FarmFault {
  return new FarmFault('misconfigured', sentence, 'never');
}
