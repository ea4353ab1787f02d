/** What the machine itself must have, whatever it builds with. */
import { accessSync, constants, existsSync, readFileSync, statfsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname } from 'node:path';
import { detectSandbox } from '#adapters/backends/local/sandbox.js';
import { broken, ok, skipped, warning, type Examination, type Finding } from './check.js';

export interface MachineWish {
  readonly data: string;
  /** Bytes. */
  readonly minDisk: number;
  readonly maxJobs: number;
  /** 0 is all. */
  readonly cores: number;
  readonly features: readonly string[];
}

const gibibyte = 1024 ** 3;
/** Below this much a worker is soon at its guard. */
const comfortableDisk = 20 * gibibyte;

export async function examineMachine(wish: MachineWish, exam: Examination): Promise<void> {
  await exam.look('node', () => node(process.versions.node));
  await exam.look('disk', () => disk(freeBytes(wish.data), wish));
  await exam.look('cores', () => cores(availableParallelism(), wish));
  await exam.look('kvm', () => kvm('/dev/kvm', wish));
}

export function node(version: string): Finding {
  if (Number(version.split('.')[0]) >= 24) return ok(`Node ${version}`);
  return broken(`Node ${version} is too old`, 'run it with node_modules/.bin/node');
}

export function disk(
  free: number,
  { data, minDisk }: Pick<MachineWish, 'data' | 'minDisk'>,
): Finding {
  const told = `${(free / gibibyte).toFixed(1)} GiB are free at ${data}`;
  if (free < minDisk) {
    return broken(`${told}, less than --min-disk: it claims nothing`, 'free some, or lower it');
  }
  if (free >= comfortableDisk) return ok(told);
  return warning(told, 'large packages take 20 GiB and more while they build');
}

export function cores(there: number, { maxJobs, cores: each }: MachineWish): Finding {
  const wanted = maxJobs * (each === 0 ? there : each);
  const share = each === 0 ? 'all' : each;
  const told = `${there} cores, ${maxJobs} builds at once with ${share} of them`;
  if (wanted <= 2 * there) return ok(told);
  const fair = Math.max(1, Math.ceil(there / maxJobs));
  return warning(`${told}: ${wanted} processes want ${there} cores`, `try --cores ${fair}`);
}

export function kvm(device: string, { features }: Pick<MachineWish, 'features'>): Finding {
  const promised = features.includes('kvm');
  if (!existsSync(device)) {
    if (!promised) return skipped(`${device} is not here, and kvm is none of its features`);
    return broken(`it promises kvm, and ${device} is not here`, 'leave kvm out of --features');
  }
  try {
    accessSync(device, constants.R_OK | constants.W_OK);
  } catch {
    const sentence = `${device} is here, and this user may not use it`;
    return promised
      ? broken(sentence, 'add the user, and those who build, to the group kvm')
      : warning(sentence, 'add the users who build to the group kvm, if tests of systems matter');
  }
  return promised ? ok(`${device} works`) : ok(`${device} works; --features kvm would say so`);
}

/** For builds that we close in ourselves. */
export function sandbox(): Finding {
  const kind = detectSandbox();
  if (kind !== 'none') return ok(`builds are closed in by ${kind}`);
  return warning(
    'neither bubblewrap nor user namespaces work here: local builds see the whole machine',
    'install bubblewrap, or allow user namespaces',
  );
}

/** Nix refuses to build without its own. */
export function namespaces(proc = '/proc/sys'): Finding {
  const most = numberIn(`${proc}/user/max_user_namespaces`);
  const allowed = numberIn(`${proc}/kernel/unprivileged_userns_clone`);
  if (most !== 0 && allowed !== 0) return ok('user namespaces are allowed');
  return broken('user namespaces are forbidden here', 'sysctl user.max_user_namespaces=65536');
}

function numberIn(file: string): number | null {
  try {
    return Number(readFileSync(file, 'utf8'));
  } catch {
    // Kernels without that setting allow it.
    return null;
  }
}

function freeBytes(path: string): number {
  let place = path;
  while (!existsSync(place) && dirname(place) !== place) place = dirname(place);
  const { bavail, bsize } = statfsSync(place);
  return bavail * bsize;
}
