/**
 * Runs the tests in groups: what needs nothing, then what starts real servers, two at a time since
 * they wait most of it. The last line is `N passed, N failed, N skipped`, read from jest's own
 * report.
 *
 *     node tools/test.mjs [--full] [path…]
 *
 * `--full` sets GAMBESON_TEST_FULL=1, at which some specs take their large sizes. With paths (words
 * that stand in them), each test has a line of its own.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const checkout = dirname(dirname(fileURLToPath(import.meta.url)));
process.chdir(checkout);
const full = process.argv.includes('--full');
const paths = process.argv.slice(2).filter((word) => !word.startsWith('--'));

/** What belongs to each group, and how many of its specs run at once. */
const needsRealParts = /^test\/(integration|clients|scenarios|browser|fuzz\/http)/;
const specs = findSpecs();
const groups = [
  { name: 'units', specs: specs.filter((path) => !needsRealParts.test(path)), workers: '50%' },
  { name: 'real parts', specs: specs.filter((path) => needsRealParts.test(path)), workers: '2' },
];
/** Jest waits for open handles for ever; a spec that leaves some open is a failure of its own. */
const exitPatienceMillis = 20_000;
/** The full sizes alone may take an hour. */
const groupPatienceMillis = (full ? 150 : 40) * 60_000;

const reports = mkdtempSync(join(tmpdir(), 'gambeson-test-'));
const total = { passed: 0, failed: 0, skipped: [] };
for (const [index, group] of groups.entries()) {
  if (group.specs.length === 0) continue;
  const report = join(reports, `${index}.json`);
  const ending = await runJest(group, report);
  count(group, report, ending);
}
rmSync(reports, { recursive: true, force: true });
tell();

/** Every spec, or those whose path holds one of the words given. */
function findSpecs() {
  return ['libs', 'apps', 'test']
    .filter((room) => existsSync(room))
    .flatMap((room) => readdirSync(room, { recursive: true }).map((path) => join(room, path)))
    .filter((path) => /\.spec\.tsx?$/.test(path))
    .filter((path) => paths.length === 0 || paths.some((word) => path.includes(word)))
    .sort();
}

/** Resolves with how jest ended: its exit status, or a sentence when it had to be killed. */
function runJest(group, report) {
  const jest = join(checkout, 'node_modules', 'jest', 'bin', 'jest.js');
  const flags = ['--json', '--outputFile', report, '--runTestsByPath'];
  if (paths.length > 0) flags.push('--verbose');
  const settings = ['--experimental-vm-modules', '--no-warnings=ExperimentalWarning'];
  const child = spawn(
    process.execPath,
    [...settings, jest, ...flags, '--maxWorkers', group.workers, ...group.specs],
    { stdio: ['ignore', 'ignore', 'inherit'], env: environment() },
  );
  return new Promise((resolve) => {
    let reason = null;
    const end = (words) => {
      reason = words;
      child.kill('SIGKILL');
    };
    const whole = setTimeout(() => end('took too long and was ended'), groupPatienceMillis);
    const look = setInterval(() => {
      if (!existsSync(report)) return;
      clearInterval(look);
      setTimeout(() => end('did not exit: a spec left something open'), exitPatienceMillis).unref();
    }, 1000);
    child.once('exit', (status) => {
      clearTimeout(whole);
      clearInterval(look);
      resolve(reason ?? status);
    });
  });
}

function environment() {
  const bin = join(checkout, 'node_modules', '.bin');
  const path = `${bin}${delimiter}${process.env.PATH ?? ''}`;
  const options = '--experimental-vm-modules --no-warnings=ExperimentalWarning';
  const extra = full ? { GAMBESON_TEST_FULL: '1' } : {};
  return { ...process.env, ...extra, PATH: path, NODE_OPTIONS: options };
}

/** Jest's report into the total; a group that broke without one is a failure. */
function count(group, report, ending) {
  if (!existsSync(report)) {
    process.stderr.write(`${group.name}: jest made no report (${ending})\n`);
    total.failed += 1;
    return;
  }
  const told = JSON.parse(readFileSync(report, 'utf8'));
  total.passed += told.numPassedTests;
  total.failed += told.numFailedTests + told.numRuntimeErrorTestSuites;
  for (const suite of told.testResults) {
    for (const test of suite.assertionResults) {
      if (['pending', 'todo', 'skipped', 'disabled'].includes(test.status)) {
        total.skipped.push(`${suite.name.slice(checkout.length + 1)}: ${test.fullName}`);
      }
    }
  }
  const broken = typeof ending === 'string' || (ending !== 0 && told.success);
  if (!broken) return;
  process.stderr.write(`${group.name}: jest ${ending}\n`);
  total.failed += 1;
}

function tell() {
  const { passed, failed, skipped } = total;
  if (skipped.length > 0) {
    process.stdout.write(`\n*** ${skipped.length} SKIPPED ***\n  ${skipped.join('\n  ')}\n`);
  }
  if (passed + failed === 0) process.stdout.write('no test ran, which is a failure\n');
  process.stdout.write(`${passed} passed, ${failed} failed, ${skipped.length} skipped\n`);
  process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
}
