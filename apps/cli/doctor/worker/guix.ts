/** What builds with Guix need of the machine's daemon. Nothing here is changed, only told. */
import { lookForProgram } from '#adapters/backends/sandbox/program.js';
import {
  isAuthorised,
  readAccessList,
  sentenceOnKey,
  usualAccessList,
} from '#adapters/backends/guix/build/authorised-keys.js';
import { DaemonConnection } from '#adapters/backends/guix/build/daemon-connection.js';
import {
  daemonProcesses,
  type DaemonProcess,
} from '#adapters/backends/guix/build/daemon-process.js';
import { daemonAddress } from '#adapters/backends/guix/build/guix-place.js';
import { sentenceOf } from '#std/farm-fault.js';
import { broken, ok, skipped, warning, type Examination, type Finding } from './check.js';
import { examineDaemon } from './guix-settings.js';
import type { FarmStore } from './farm.js';

export interface GuixWish {
  readonly stores: readonly FarmStore[];
  readonly maxJobs: number;
  readonly accessList?: string;
  /** Else those that run here. */
  readonly processes?: readonly DaemonProcess[];
}

export async function examineGuix(wish: GuixWish, exam: Examination): Promise<void> {
  await exam.look('guix', () => {
    const program = lookForProgram('guix');
    if (program !== null) return ok(`${program} is there`);
    return warning(
      'guix is not in PATH: the daemon alone builds, but keys are authorised with it',
      'add /var/guix/profiles/per-user/root/current-guix/bin to PATH',
    );
  });
  await exam.look('guix-daemon', () => answers(daemonAddress()));
  await exam.look('guix-keys', () => keys(wish));
  await examineDaemon(wish.processes ?? daemonProcesses(), wish, exam);
}

async function answers(address: string): Promise<Finding> {
  try {
    (await DaemonConnection.open(address)).close();
    return ok(`guix-daemon answers at ${address}`);
  } catch (thrown) {
    return broken(sentenceOf(thrown), 'start guix-daemon, or name its socket: GUIX_DAEMON_SOCKET');
  }
}

/** Of the stores that the worker fetches inputs from. */
async function keys({ stores, accessList = usualAccessList }: GuixWish): Promise<Finding> {
  const ours = stores.filter(({ dialect, kind }) => dialect === 'guix' && kind !== 'pushed');
  if (ours.length === 0) return skipped('the farm tells of no store of Guix');
  const list = await readAccessList(accessList);
  if (list.kind === 'unreadable') {
    return broken(`the access list cannot be read: ${list.why}`, sentenceOnKey(addressOf(ours)));
  }
  const strangers = ours.filter((store) =>
    store.keys.every(({ text }) => isAuthorised(list, text) !== true),
  );
  if (strangers.length === 0) return ok(`${accessList} has the keys of ${told(ours)}`);
  const farms = strangers.filter(({ kind }) => kind === 'farm');
  const sentence = `${accessList} lacks the key of ${told(strangers)}`;
  const advice = sentenceOnKey(addressOf(strangers));
  // Without that of untrusted requests only their builds fail.
  return farms.length > 0 ? broken(sentence, advice) : warning(sentence, advice);
}

function told(stores: readonly FarmStore[]): string {
  return stores.map(({ slug }) => slug).join(', ');
}

function addressOf([store]: readonly FarmStore[]): string {
  return (store?.address ?? '').replace(/\/+$/, '');
}
