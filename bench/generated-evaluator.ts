/**
 * The evaluator's process, with a backend that reads a generated channel in place of a package
 * manager: it tells the jobs at once, in no order, and hands out the `.drv` files. All the rest is
 * the evaluator's own.
 */
import { nobodyToAsk } from '#application/evaluation-fates.js';
import type { EvaluationBackend, EvaluationEvent, PathInfo } from '#application/ports/backend.js';
import { BackendDerivationFiles } from '#adapters/system/derivation-files.js';
import { formatHash, sha256 } from '#formats/hash.js';
import { encodeNar } from '#formats/nar.js';
import { readSettings } from '#nest/settings.js';
import { startApp } from '#nest/start-app.js';
import { openEvaluator } from '../apps/evaluator/evaluator-parts.js';
import { EvaluatorModule } from '../apps/evaluator/evaluator.module.js';
import {
  builderPath,
  builderScript,
  ChannelFile,
  numberIn,
  storeDirectory,
  system,
} from './generated-channel.js';
import { SeededChance } from './seeded-chance.js';

class GeneratedBackend implements EvaluationBackend {
  constructor(private readonly channel: ChannelFile) {}

  async *evaluate(): AsyncGenerator<EvaluationEvent> {
    for (const i of this.shuffledPackages()) {
      yield {
        kind: 'job',
        name: `package-${i}.${system}`,
        system,
        derivation: this.channel.pathOf(i),
        outputs: new Map([['out', null]]),
        meta: { description: `The package ${i}`, homepage: `https://example.org/${i}` },
        limits: {},
      };
    }
  }

  async derivation(path: string): Promise<Uint8Array> {
    return this.channel.textOf(numberIn(path));
  }

  async pathInfo(): Promise<PathInfo> {
    const nar = builderNar();
    const narHash = formatHash({ algorithm: 'sha256', digest: sha256(nar) });
    const ca = `fixed:r:${narHash}`;
    return { path: builderPath, narHash, narSize: nar.length, references: [], ca };
  }

  async *narOf(): AsyncGenerator<Uint8Array> {
    yield builderNar();
  }

  /** Attributes are told by name, which says nothing of what needs what. */
  private shuffledPackages(): Uint32Array {
    const chance = new SeededChance(4);
    const packages = Uint32Array.from(
      { length: this.channel.derivations >> 1 },
      (_, at) => 2 * at + 1,
    );
    for (let left = packages.length - 1; left > 0; left -= 1) {
      const other = chance.below(left + 1);
      [packages[left], packages[other]] = [packages[other]!, packages[left]!];
    }
    return packages;
  }
}

function builderNar(): Uint8Array {
  return encodeNar({ type: 'regular', executable: false, contents: builderScript });
}

const settings = readSettings(process.env, 8083);
const parts = await openEvaluator(settings);
const backend = new GeneratedBackend(await ChannelFile.open(process.env['BENCH_CHANNEL'] ?? ''));
const files = new BackendDerivationFiles(backend, storeDirectory);
const evaluations = {
  ...parts.evaluations,
  source: { ...parts.evaluations.source, checkout: async () => undefined },
  backends: new Map([['nix' as const, { backend, openFiles: () => files }]]),
  upstreams: nobodyToAsk,
};
await startApp({
  name: 'evaluator',
  module: EvaluatorModule.of({ ...parts, evaluations }),
  settings,
});
