/**
 * The key ring of this process: opened from its settings, looked at anew at SIGHUP and every two
 * seconds (a look reads names and times alone, and sees what any file system holds), and told to
 * everybody by the public halves.
 */
import { Logger } from '@nestjs/common';
import type { Store } from '#domain/substitute/store.js';
import type { Settings } from '#nest/settings.js';
import { sentenceOf } from '#std/farm-fault.js';
import { KeyRing } from './key-ring.js';
import { publishKeys } from './public-files.js';

export interface OpenedKeys {
  readonly ring: KeyRing;
  close(): void;
}

export type KeySettings = Pick<
  Settings,
  'signingKeysDirectory' | 'signingKeyFile' | 'publicKeyFile' | 'substituterUrl'
>;

const lookMilliseconds = 2000;

/**
 * `stores` are asked for at every look, so that one which was added gets its key. Throws FarmFault
 * `misconfigured` when a key that is there cannot be used.
 */
export function openKeyRing(settings: KeySettings, stores: () => readonly Store[]): OpenedKeys {
  const logger = new Logger('keys');
  const ring = new KeyRing({
    directory: settings.signingKeysDirectory,
    farmKeyFile: settings.signingKeyFile,
    host: new URL(settings.substituterUrl).hostname,
    report: (sentence) => logger.warn(sentence),
  });
  const publish = (): void => publishKeys(settings.publicKeyFile, ring, stores());
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
  return {
    ring,
    close: () => {
      clearInterval(timer);
      process.off('SIGHUP', look);
    },
  };
}
