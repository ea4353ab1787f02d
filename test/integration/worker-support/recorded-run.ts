/**
 * The run that is recorded for each version of the protocol: three recipes, one of which succeeds
 * over a cut connection, one fails, and one is canceled; then the agent drains.
 */
import { killAttempt } from '../../../apps/worker/attempt/processes.js';
import type { Recipe } from '#testkit/scenario-channel.js';
import type { RealFarm } from './real-farm.js';
import { RecordingProxy, type Frame } from './recording-proxy.js';

export const recordedRecipes: readonly Recipe[] = [
  { name: 'works', script: 'echo one; sleep 2; echo two; mkdir $out; echo 42 > $out/answer' },
  { name: 'fails', script: 'echo about to fail; exit 3' },
  { name: 'hangs', script: 'echo begins; sleep 43300' },
];

export const recordedWorker = 'recorded';

/** Runs it with today's agent; answers what was said, stripped of secrets and addresses. */
export async function recordRun(farm: RealFarm): Promise<readonly Frame[]> {
  const proxy = new RecordingProxy(() => farm.apis[0]!.address);
  await proxy.start();
  const worker = await farm.worker(recordedWorker, '--farm', proxy.address, '--max-jobs', '3');
  const builds = await farm.evaluate(recordedRecipes);
  const [works, fails, hangs] = recordedRecipes.map(({ name }) => builds.get(name)!);
  await farm.is(works!, 'started');
  await farm.until('the first line', async () =>
    (await farm.logOf(works!)) === 'one\n' ? true : null,
  );
  proxy.cut();
  await farm.is(works!, 'succeeded');
  await farm.is(fails!, 'failed');
  await farm.is(hangs!, 'started');
  await farm.database.execute(
    `update leases set cancel_reason = 'nobody needs it' where build_id = $1`,
    [hangs],
  );
  await farm.is(hangs!, 'canceled');
  worker.signal('SIGTERM');
  await worker.ended;
  await proxy.stop();
  killAttempt(farm.dataOf(recordedWorker), null);
  return proxy.frames.map(stripped);
}

/** No token, address or path of the machine where it ran goes into a fixture. */
function stripped(frame: Frame): Frame {
  const { message } = frame;
  if (message?.type === 'build') {
    return { ...frame, message: { ...message, uploadToken: 'token-of-the-recording' } };
  }
  if (message?.type === 'welcome') {
    return { ...frame, message: { ...message, substituter: 'http://substituter.example' } };
  }
  return frame;
}
