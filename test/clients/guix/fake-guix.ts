/**
 * A place where the evaluator finds a Guix: a store in a temporary directory that holds the fake
 * one, and what Guix itself once wrote.
 */
import { cp, mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { GuixEvaluation } from '#adapters/backends/guix/evaluation/guix-evaluation.js';
import type { EvaluationRequest } from '#application/ports/backend.js';
import type { ChannelIntroduction } from '#domain/specification/specification.js';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const fixtures = here('../../fixtures/guix/evaluation');
const fake = '/gnu/store/ffffffffffffffffffffffffffffffff-fake-guix';
export const profile = '/gnu/store/mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm-profile';
export const demo = {
  app: '/gnu/store/69s18zd520qdxwr5qn0p82qbpp72byxs-demo-app-1.0.drv',
  lib: '/gnu/store/dsqqkz4836jz771h756gm0nhh1da35ym-demo-lib-1.0.drv',
  fail: '/gnu/store/d8vpkkpl085agmiwk2kxgkr14dqinknx-demo-fail-1.0.drv',
};

export interface GuixStory {
  /** What `cuirass-jobs` does: a procedure of the store, the subset, the system, directories. */
  readonly jobs?: string;
  /** `CHANNEL/FILE` → text. */
  readonly files?: Readonly<Record<string, string>>;
  readonly selection?: EvaluationRequest['selection'];
  readonly systems?: readonly string[];
  readonly limits?: EvaluationRequest['limits'];
  readonly introduction?: ChannelIntroduction;
}

export class FakeGuix {
  #stories = 0;

  private constructor(
    readonly directory: string,
    readonly backend: GuixEvaluation,
  ) {}

  static async make(): Promise<FakeGuix> {
    const directory = await mkdtemp(join(tmpdir(), 'guix-evaluation-'));
    const storeRoot = join(directory, 'root');
    await mkdir(join(storeRoot, 'gnu', 'store'), { recursive: true });
    const inStore = (path: string): string => join(storeRoot, path);
    await cp(here('fake'), inStore(fake), { recursive: true });
    await cp(here('fake/bin'), join(inStore(profile), 'bin'), { recursive: true });
    for (const path of Object.values(demo)) {
      await cp(join(fixtures, path.slice('/gnu/store/'.length)), inStore(path));
    }
    await mkdir(join(directory, 'sockets'));
    const backend = new GuixEvaluation({
      directory: join(directory, 'evaluator'),
      program: `${fake}/bin/guix`,
      storeRoot,
      socketDirectory: join(directory, 'sockets'),
      referencesOf: async (path) => (path === profile ? [fake] : []),
    });
    return new FakeGuix(directory, backend);
  }

  async request(story: GuixStory): Promise<EvaluationRequest> {
    const room = join(this.directory, `room-${this.#stories++}`);
    const files = { 'guix/ci.scm': story.jobs ?? jobsOfFixture, 'demo/demo-manifest.scm': '' };
    for (const [path, text] of Object.entries({ ...files, ...story.files })) {
      await mkdir(join(room, 'checkouts', path, '..'), { recursive: true });
      await writeFile(join(room, 'checkouts', path), text);
    }
    await cp(join(fixtures, 'jobs.sexp'), join(room, 'checkouts', 'guix', 'jobs.sexp'));
    const { introduction } = story;
    const names = ['guix', 'demo'];
    await mkdir(join(room, 'git'));
    return {
      workDirectory: join(room, 'work'),
      checkouts: new Map(names.map((name) => [name, join(room, 'checkouts', name)])),
      channels: names.map((channel) => ({
        ...{ channel, url: `https://example.org/${channel}.git`, branch: 'master' },
        ...{ revision: `${this.#stories}`.padStart(40, 'c') },
        ...(channel === 'guix' && introduction ? { introduction } : {}),
      })),
      repositories: new Map(
        names.map((name) => [name, { directory: join(room, 'git'), borrows: [] }]),
      ),
      selection: story.selection ?? { manifests: ['demo-manifest.scm'] },
      systems: story.systems ?? ['x86_64-linux'],
      limits: story.limits ?? { timeoutSeconds: 60, memoryBytes: 2 ** 30 },
    };
  }
}

/** What Guix itself once answered. */
const jobsOfFixture = `(lambda (store subset system directory)
  (call-with-input-file (string-append (directory 'guix) "/jobs.sexp") read))`;
