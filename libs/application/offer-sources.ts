/**
 * Offers the sources of derivations at the substituter, each after the paths that it refers to, so
 * that no worker asks for an input that is not there.
 */
import type { EvaluationBackend, PathInfo } from './ports/backend.js';
import type { SubstituteUploads } from './ports/substitutes.js';
import { inParallel } from './in-parallel.js';

const uploadsAtOnce = 4;
const questionsAtOnce = 16;

export class SourceOfferer {
  /** Base names that are offered, as far as this process has seen. */
  private readonly offered = new Set<string>();

  constructor(
    private readonly backend: Pick<EvaluationBackend, 'pathInfo' | 'narOf'>,
    private readonly uploads: SubstituteUploads,
    private readonly slug: string,
  ) {}

  /** Full paths, in any order; returns when all of them can be downloaded. */
  async offer(paths: readonly string[]): Promise<void> {
    const wanted = [...new Set(paths)].filter((path) => !this.offered.has(baseOf(path)));
    for (const wave of wavesOf(await this.missing(wanted))) {
      await inParallel(wave, uploadsAtOnce, (info) => this.upload(info));
    }
  }

  /** Those that must be uploaded, with what they refer to. */
  private async missing(paths: readonly string[]): Promise<PathInfo[]> {
    const found = new Map<string, PathInfo>();
    for (let frontier = paths; frontier.length > 0;) {
      const infos = await inParallel(frontier, questionsAtOnce, async (path) => {
        const there = await this.uploads.isOffered(this.slug, baseOf(path));
        if (there) this.offered.add(baseOf(path));
        return there ? null : this.backend.pathInfo(path);
      });
      const unseen = new Set<string>();
      for (const info of infos) {
        if (!info) continue;
        found.set(info.path, info);
        for (const reference of info.references) unseen.add(reference);
      }
      frontier = [...unseen].filter((p) => !found.has(p) && !this.offered.has(baseOf(p)));
    }
    return [...found.values()];
  }

  private async upload(info: PathInfo): Promise<void> {
    const { slug } = this;
    const path = baseOf(info.path);
    const nar = this.backend.narOf(info.path);
    const { narHash, narSize } = await this.uploads.putNar({
      slug,
      path,
      nar,
      narHash: info.narHash,
    });
    const references = info.references.map(baseOf);
    const ca = info.ca === null ? {} : { ca: info.ca };
    await this.uploads.offer(slug, { path, narHash, narSize, references, ...ca });
    this.offered.add(path);
  }
}

/** Cut so that each path comes in a later wave than what it refers to. */
function wavesOf(infos: readonly PathInfo[]): PathInfo[][] {
  const waves: PathInfo[][] = [];
  let left = infos;
  while (left.length > 0) {
    const waiting = new Set(left.map((info) => info.path));
    const needs = (info: PathInfo): boolean =>
      info.references.some((reference) => reference !== info.path && waiting.has(reference));
    const ready = left.filter((info) => !needs(info));
    // Sources cannot refer to each other in a circle; if they say so, the substituter refuses them.
    const wave = ready.length > 0 ? ready : [...left];
    waves.push(wave);
    const taken = new Set(wave);
    left = left.filter((info) => !taken.has(info));
  }
  return waves;
}

function baseOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
