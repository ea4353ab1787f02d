/**
 * The key ring of this process: looked at anew at SIGHUP and every two seconds (a look reads names
 * and times alone, and sees what any file system holds), and told to everybody by the public
 * halves.
 */
import { Logger } from '@nestjs/common';
import type { Store } from '#domain/substitute/store.js';
import type { Settings } from '#nest/settings.js';
import { sentenceOf } from '#std/farm-fault.js';
import { KeyRing, type SigningStore } from './key-ring.js';
import { publishKeys } from './public-files.js';

export type KeySettings = Pick<
  Settings,
  'signingKeysDirectory' | 'signingKeyFile' | 'publicKeyFile' | 'substituterUrl'
>;

const lookMilliseconds = 2000;
/** What every farm has, told also while nobody can say which stores there are. */
const firstStore: SigningStore = { slug: 'nix', dir: '/nix/store', kind: 'farm', host: null };

export function openKeyRing(settings: KeySettings): KeyRing {
  const logger = new Logger('keys');
  return new KeyRing({
    directory: settings.signingKeysDirectory,
    farmKeyFile: settings.signingKeyFile,
    host: new URL(settings.substituterUrl).hostname,
    report: (sentence) => logger.warn(sentence),
    remark: (sentence) => logger.log(sentence),
  });
}

/**
 * Publishes the keys of the stores, and goes on doing so until the function that it gives is
 * called. `stores` are asked for at every look, so that one which was added gets its key. Throws
 * FarmFault `misconfigured` when a key that is there cannot be used.
 */
export function followKeys(
  ring: KeyRing,
  file: string,
  stores: () => readonly Store[],
): () => void {
  const publish = (): void => {
    const known = stores();
    publishKeys(file, ring, known.length > 0 ? known : [firstStore]);
  };
  publish();
  const look = (): void => {
    try {
      ring.reload();
      publish();
    } catch (error) {
      ring.complain(sentenceOf(error));
    }
  };
  const timer = setInterval(look, lookMilliseconds).unref();
  process.on('SIGHUP', look);
  return () => {
    clearInterval(timer);
    process.off('SIGHUP', look);
  };
}
