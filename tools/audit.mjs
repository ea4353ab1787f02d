/**
 * Looks at what the farm depends on: that the lockfile holds every package to its bytes, that their
 * licences go with ours, that no package but the known ones runs a script when it is installed, and
 * that no advisory is known of any. Advisories are asked of the registry; where it does not answer
 * the rest is still looked at, and it is said loudly that nobody was asked.
 *
 *     node tools/audit.mjs [--offline] [--strict] [directory]
 *
 * Ends with 1 where something is found, and with 2 under `--strict` when nobody could be asked.
 * What is accepted stands in dependencies.json: an advisory with a reason and a day until when.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const words = process.argv.slice(2);
const directory = words.find((word) => !word.startsWith('--')) ?? dirname(here);
const accepted = JSON.parse(readFileSync(join(here, 'dependencies.json'), 'utf8'));

const faults = [...lockFaults(), ...manifestFaults()];
const asked = words.includes('--offline') ? null : askRegistry();
if (asked !== null) faults.push(...advisoryFaults(asked));
for (const fault of faults) process.stdout.write(`${fault}\n`);
if (asked === null) {
  process.stdout.write('*** NOBODY WAS ASKED FOR ADVISORIES: the registry was not reached ***\n');
}
process.stdout.write(`${faults.length} faults of dependencies\n`);
process.exitCode = faults.length > 0 ? 1 : asked === null && words.includes('--strict') ? 2 : 0;

function read(name) {
  return JSON.parse(readFileSync(join(directory, name), 'utf8'));
}

function lockFaults() {
  return Object.entries(read('package-lock.json').packages).flatMap(([path, one]) => {
    if (path === '' || one.link) return [];
    const name = path.replace(/^.*node_modules\//, '');
    return [
      ...(one.integrity?.startsWith('sha512-') ? [] : [`${name} ${one.version} has no integrity`]),
      ...licenceFault(name, one),
      ...(one.hasInstallScript && !accepted.installScripts.includes(name)
        ? [`${name} runs a script when it is installed, and is not known to`]
        : []),
    ];
  });
}

function licenceFault(name, { license, dev, devOptional, optional }) {
  const licence = license ?? accepted.unnamedLicences[name] ?? 'none';
  const development = dev || devOptional || optional ? accepted.developmentLicences : [];
  if ([...accepted.licences, ...development].includes(licence)) return [];
  return [`${name} has the licence ${licence}, which is not known to go with ours`];
}

/** What is installed is what the lockfile says, and nothing comes from elsewhere. */
function manifestFaults() {
  const { dependencies = {}, devDependencies = {} } = read('package.json');
  return Object.entries({ ...dependencies, ...devDependencies })
    .filter(([, range]) => /^(git|https?|file|github|link):|\//.test(range))
    .map(([name, range]) => `${name} comes from ${range}, not from the registry`);
}

/** Null: nobody answered, or not within a minute. */
function askRegistry() {
  const patience = ['--fetch-retries', '0', '--fetch-timeout', '20000'];
  const npm = spawnSync('npm', ['audit', '--json', ...patience], {
    cwd: directory,
    encoding: 'utf8',
    timeout: 60_000,
    maxBuffer: 64 * 1024 * 1024,
  });
  try {
    const told = JSON.parse(npm.stdout);
    return told.vulnerabilities ?? null;
  } catch {
    return null;
  }
}

function advisoryFaults(vulnerabilities) {
  const today = new Date().toISOString().slice(0, 10);
  const found = Object.values(vulnerabilities).flatMap(({ name, severity, via }) =>
    via
      .filter((one) => typeof one === 'object')
      .map(({ url, title }) => ({ name, severity, url, title })),
  );
  const ours = found.filter(
    ({ url }) => !accepted.advisories.some((one) => url.endsWith(one.id) && one.until >= today),
  );
  return ours.map(({ name, severity, url, title }) => `${name}: ${severity}: ${title} (${url})`);
}
