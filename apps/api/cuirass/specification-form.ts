/**
 * Cuirass's form for a specification, as ours. Its channels have three fields each: introductions,
 * pinned commits and credentials of channels that stand already are kept, as is all else that the
 * form says nothing of.
 */
import type { ProblemFault } from '#protocol/api/problem.js';
import { faultsOf } from '#protocol/api/problem.js';
import { SpecificationInput } from '#protocol/specification.js';
import { guixSets } from '#domain/specification/selection.js';
import type { Channel, Specification } from '#domain/specification/specification.js';
import { err, ok, type Result } from '#std/result.js';

/** The faults are those of our specification, by JSON pointer. */
export function readSpecificationForm(
  form: URLSearchParams,
  standing: Specification | null,
): Result<SpecificationInput, readonly ProblemFault[]> {
  const read = SpecificationInput.safeParse({
    ...standing,
    name: form.get('name') ?? '',
    backend: 'guix',
    channels: channelsOf(form, standing?.channels ?? []),
    selection: selectionOf(form),
    systems: systemsOf(form),
    priority: numberOf(form, 'priority'),
    period: numberOf(form, 'period'),
  });
  return read.success ? ok(read.data) : err(faultsOf(read.error.issues));
}

function channelsOf(form: URLSearchParams, standing: readonly Channel[]): object[] {
  const [urls, branches] = [form.getAll('channel-url'), form.getAll('channel-branch')];
  return form.getAll('channel-name').map((name, index) => {
    const { introduction, commit, credential } = standing.find((one) => one.name === name) ?? {};
    return {
      ...{ name, url: urls[index], branch: branches[index] },
      ...(introduction && { introduction }),
      ...(commit !== undefined && { commit }),
      ...(credential !== undefined && { credential }),
    };
  });
}

/** Names are chosen (`param-select`, repeated) or written (`param-input`, with commas). */
function selectionOf(form: URLSearchParams): object | undefined {
  const build = form.get('build') ?? '';
  if ((guixSets as readonly string[]).includes(build)) return { set: build };
  const chosen = form.getAll('param-select');
  const written = (form.get('param-input') ?? '').split(',').map((word) => word.trim());
  const words = (chosen.length > 0 ? chosen : written).filter((word) => word !== '');
  if (build === 'custom') return { custom: words.map((word) => word.replace(/^\((.*)\)$/, '$1')) };
  return ['packages', 'channels', 'manifests'].includes(build) ? { [build]: words } : undefined;
}

/** A box of its own for each system. */
function systemsOf(form: URLSearchParams): string[] {
  const boxes = [...form.entries()].filter(([, value]) => value === 'on');
  return boxes.map(([key]) => key).filter((key) => /^[a-z0-9_]+-[a-z0-9_]+$/.test(key));
}

function numberOf(form: URLSearchParams, key: string): number | undefined {
  const text = form.get(key);
  return text === null || text === '' ? undefined : Number(text);
}
