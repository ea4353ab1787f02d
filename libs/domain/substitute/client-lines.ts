/**
 * How clients use a store: its address, the keys they are to trust, and the lines that they type or
 * put into files. Every line can be copied as it stands.
 */
import { dialectOf, type Dialect, type Store } from './store.js';

/** A public key as `/signing-key.pub` has it. */
export interface PublicKey {
  /** An s-expression of Guix, on several lines; of Nix `NAME:BASE64`. */
  readonly text: string;
  /** SHA-256 of the text and its line end, in hexadecimal: what `sha256sum` says of the file. */
  readonly fingerprint: string;
}

export interface ClientLines {
  readonly title: string;
  /** Where the lines belong: a shell, or a file of that name. */
  readonly place: 'shell' | '/etc/nix/nix.conf' | '~/.netrc' | 'configuration.scm';
  readonly text: string;
}

export type UsedStore = Pick<Store, 'slug' | 'dir' | 'kind' | 'host'>;

export interface StoreUse {
  readonly slug: string;
  readonly dir: string;
  readonly dialect: Dialect;
  readonly kind: Store['kind'];
  /** Without a trailing slash. */
  readonly address: string;
  readonly keys: readonly PublicKey[];
  readonly lines: readonly ClientLines[];
}

/** The store that also answers at the root of the substituter's address. */
const rootSlug = 'nix';

/** `base` is where clients reach the substituter, without a trailing slash. */
export function addressOfStore(store: Pick<Store, 'slug' | 'host'>, base: string): string {
  if (store.host !== null) return base.replace(/^(https?:\/\/)[^/]*.*$/, `$1${store.host}`);
  return store.slug === rootSlug ? base : `${base}/${store.slug}`;
}

export function useOfStore(store: UsedStore, base: string, keys: readonly PublicKey[]): StoreUse {
  const { slug, dir, kind } = store;
  const dialect = dialectOf(store);
  const address = addressOfStore(store, base);
  const lines =
    dialect === 'guix'
      ? guixLines(address, keys)
      : dir === '/nix/store'
        ? nixLines(address, keys)
        : [];
  const push = kind === 'pushed' && dir === '/nix/store' ? pushLines(address) : [];
  return { slug, dir, dialect, kind, address, keys, lines: [...lines, ...push] };
}

const guixServers = 'https://ci.guix.gnu.org https://bordeaux.guix.gnu.org';

function guixLines(address: string, keys: readonly PublicKey[]): ClientLines[] {
  const authorize = keys.map(({ text }): ClientLines => ({
    title: 'Trust what it signs',
    place: 'shell',
    text: `sudo guix archive --authorize <<'KEY'\n${text.trimEnd()}\nKEY`,
  }));
  const [key] = keys;
  return [
    ...authorize,
    {
      title: 'Fetch one package from it',
      place: 'shell',
      text: `guix build --substitute-urls='${address}' hello`,
    },
    {
      title: 'Ask it for every build',
      place: 'shell',
      text: [
        'guix-daemon --build-users-group=guixbuild',
        `--substitute-urls='${address} ${guixServers}'`,
      ].join(' \\\n  '),
    },
    ...(key ? [guixSystem(address, key)] : []),
    {
      title: 'See how much it has',
      place: 'shell',
      text: `guix weather --substitute-urls=${address} hello`,
    },
  ];
}

function guixSystem(address: string, key: PublicKey): ClientLines {
  const quoted = key.text.trimEnd().replaceAll('\\', '\\\\').replaceAll('"', '\\"');
  return {
    title: 'On Guix System',
    place: 'configuration.scm',
    text: `(modify-services %desktop-services
  (guix-service-type config =>
    (guix-configuration
      (inherit config)
      (substitute-urls (cons "${address}" %default-substitute-urls))
      (authorized-keys
        (cons (plain-file "farm.pub" "${quoted}")
              %default-authorized-guix-keys)))))`,
  };
}

function nixLines(address: string, keys: readonly PublicKey[]): ClientLines[] {
  if (keys.length === 0) return [];
  const trusted = keys.map(({ text }) => text.trim()).join(' ');
  return [
    {
      title: 'Ask it for every build',
      place: '/etc/nix/nix.conf',
      text: `extra-substituters = ${address}\nextra-trusted-public-keys = ${trusted}`,
    },
    {
      title: 'Fetch one path from it',
      place: 'shell',
      text: [
        `nix copy --from '${address}'`,
        `--option trusted-public-keys '${trusted}'`,
        '/nix/store/…',
      ].join(' \\\n  '),
    },
  ];
}

function pushLines(address: string): ClientLines[] {
  const hostname = /^https?:\/\/([^/:]+)/.exec(address)?.[1] ?? address;
  return [
    {
      title: 'Give your token to Nix',
      place: '~/.netrc',
      text: `machine ${hostname}\nlogin token\npassword YOUR-TOKEN`,
    },
    {
      title: 'Push a closure to it',
      place: 'shell',
      text: `nix copy --to '${address}?compression=zstd' --netrc-file ~/.netrc /nix/store/…`,
    },
  ];
}
