/** The Nix programs of this machine, and the settings under which alone we run them. */
import { never } from '#std/cancellation.js';
import { runBounded } from '../sandbox/bounded-process.js';
import { lookForProgram } from '../sandbox/program.js';

export const nixStoreDir = '/nix/store';

/** The Nix that is installed, or null. */
export async function probeNix(programDir?: string): Promise<{ readonly version: string } | null> {
  const [program = null, ...others] = ['nix', 'nix-store', 'nix-instantiate'].map((name) =>
    lookForProgram(name, programDir),
  );
  if (program === null || others.includes(null)) return null;
  const ending = await runBounded({
    argv: [program, '--version'],
    environment: nixEnvironment({ home: '/homeless-shelter', settings: {} }),
    deadline: performance.now() + 10_000,
    cancellation: never,
  });
  const version = /\(Nix\) (\S+)/.exec(ending.stdout)?.[1];
  return ending.code === 0 && version !== undefined ? { version } : null;
}

/**
 * An environment in which Nix reads no configuration of the machine or of a user, only `settings`.
 * Nothing of our own environment goes on, so that no secret in it does.
 */
export function nixEnvironment(choice: {
  readonly home: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly temporaryDirectory?: string;
}): Record<string, string> {
  const { home, settings, temporaryDirectory } = choice;
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}\n`);
  return {
    HOME: home,
    XDG_CACHE_HOME: `${home}/.cache`,
    // Nix asks for the name of its user, and a sandbox has no list of users.
    USER: 'gambeson',
    LANG: 'C.UTF-8',
    PATH: '/usr/bin:/bin',
    NIX_PATH: '',
    NIX_CONF_DIR: '/var/empty/nix',
    NIX_USER_CONF_FILES: '/dev/null',
    NIX_CONFIG: lines.join(''),
    ...(temporaryDirectory === undefined ? {} : { TMPDIR: temporaryDirectory }),
  };
}
