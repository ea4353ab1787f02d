/** A real server that speaks S3, in a process of its own, with one empty bucket. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';

export interface TestS3 {
  readonly port: number;
  readonly endpoint: string;
  readonly bucket: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  stop(): Promise<void>;
}

const bucket = 'nars';
/** The account that the server has of itself. */
const credentials = { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' };

export async function startTestS3(): Promise<TestS3> {
  const directory = await mkdtemp(join(tmpdir(), 'gambeson-s3-'));
  const main = createRequire(import.meta.url).resolve('s3rver/package.json');
  const program = join(dirname(main), 'bin', 's3rver.js');
  const child = spawn(
    'setpriv',
    [
      ...['--pdeathsig', 'KILL', process.execPath, program, '--silent'],
      ...['-d', directory, '-a', '127.0.0.1', '-p', '0', '--configure-bucket', bucket],
    ],
    { stdio: ['ignore', 'pipe', 'inherit'], env: { PATH: process.env['PATH'], TZ: 'UTC' } },
  );
  const port = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the S3 server ended with ${code}`)));
    createInterface({ input: child.stdout }).on('line', (line) => {
      const said = /listening on [^ ]*:(\d+)$/.exec(line)?.[1];
      if (said !== undefined) resolve(Number(said));
    });
  });
  return {
    port,
    endpoint: `http://127.0.0.1:${port}`,
    bucket,
    credentials,
    async stop() {
      const ended = once(child, 'exit');
      if (child.exitCode === null && child.signalCode === null && child.kill('SIGTERM'))
        await ended;
      await rm(directory, { recursive: true, force: true });
    },
  };
}
