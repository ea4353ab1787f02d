/**
 * Presence at an upstream is believed for some hours and then asked anew. What has gone takes the
 * builds with it that had succeeded by it: those that are needed are scheduled before their
 * dependents, with what they need; the others are given up until somebody wishes for them.
 */
import { believedSeconds, judgeUnconfirmed, type Upstream } from '#domain/substitute/upstream.js';
import type { BeliefStore, Stale } from './ports/belief-store.js';
import type { UpstreamAnswer } from './ports/upstream-client.js';
import type { Believed } from './ports/upstream-store.js';
import { fatesOfInputs, type SubstituteParts } from './substitute-builds.js';
import type { UpstreamClient } from './ports/upstream-client.js';
import type { UpstreamStore } from './ports/upstream-store.js';

export interface RenewParts extends Pick<SubstituteParts, 'store' | 'questions' | 'bus' | 'tell'> {
  readonly beliefs: BeliefStore;
  readonly upstreams: Pick<UpstreamStore, 'upstreams' | 'dormant' | 'believe'>;
  readonly client: Pick<UpstreamClient, 'ask' | 'health'>;
}

const askedAtOnce = 2000;
/** A page of a build tells so long where its outputs came from. */
const keptSeconds = 30 * 24 * 3600;

/** One pass; false when nothing was old. */
export async function renewBeliefs(parts: RenewParts): Promise<boolean> {
  await parts.beliefs.forgetOlder(keptSeconds);
  const stale = await parts.beliefs.stale(askedAtOnce, believedSeconds);
  if (stale.length === 0) return false;
  const upstreams = await parts.upstreams.upstreams();
  for (const [slug, some] of Map.groupBy(stale, (one) => one.slug)) {
    const serving = upstreams.filter((upstream) => upstream.slug === slug);
    const gone = await confirm(parts, serving, some);
    if (gone.length > 0) await lose(parts, slug, gone);
  }
  return true;
}

/** Asks those that were believed first, then the others; answers which paths nobody has. */
async function confirm(
  parts: RenewParts,
  upstreams: readonly Upstream[],
  stale: readonly Stale[],
): Promise<string[]> {
  const left = new Map(stale.map(({ believed }) => [believed.offering.path, believed]));
  const silent = new Set<string>();
  const before = Map.groupBy(left.values(), ({ upstream }) => upstream);
  for (const upstream of upstreams) {
    await ask(parts, upstream, { paths: pathsOf(before.get(upstream.id)), left, silent });
  }
  for (const upstream of upstreams) {
    const others = [...left.values()].filter((one) => one.upstream !== upstream.id);
    await ask(parts, upstream, { paths: pathsOf(others), left, silent });
  }
  return [...left.keys()].filter((path) => !silent.has(path));
}

interface Asked {
  readonly paths: readonly string[];
  /** What nobody has confirmed yet. */
  readonly left: Map<string, Believed>;
  /** Of these, what an upstream that has not failed for long may still have. */
  readonly silent: Set<string>;
}

async function ask(
  { client, upstreams }: RenewParts,
  upstream: Upstream,
  { paths, left, silent }: Asked,
): Promise<void> {
  if (paths.length === 0) return;
  const answers = await client.ask(upstream, paths);
  const failing = client.health(upstream).failingSeconds ?? 0;
  const seen: Believed[] = [];
  for (const [at, answer] of answers.entries()) {
    const path = paths[at]!;
    if (answer.kind === 'has') {
      seen.push({ upstream: upstream.id, offering: answer.offering });
      left.delete(path);
      silent.delete(path);
    } else if (judgeUnconfirmed(wordOf(answer), failing) === 'believed') silent.add(path);
  }
  await upstreams.believe(upstream.slug, seen);
}

function wordOf({ kind }: UpstreamAnswer): 'miss' | 'unanswered' {
  return kind === 'unanswered' ? 'unanswered' : 'miss';
}

async function lose(parts: RenewParts, slug: string, gone: readonly string[]): Promise<void> {
  const { beliefs, bus, tell } = parts;
  const builds = await beliefs.builtOn(slug, gone);
  // What is asked for from here on must not be believed any more.
  await beliefs.forget(slug, gone);
  let failed = false;
  for (const { build, isNeeded } of builds) {
    const inputs = isNeeded ? await fatesOfInputs(parts, { build, slug }) : null;
    failed = (await beliefs.lose(build, inputs)) || failed;
    if (isNeeded) tell(`build ${build} is scheduled: what it yields has gone from its upstream`);
  }
  if (failed) await bus.publish('failures', '');
  if (builds.length > 0) await bus.publish('planner', '');
}

function pathsOf(believed: readonly Believed[] = []): string[] {
  return believed.map(({ offering }) => offering.path);
}
