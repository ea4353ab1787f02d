/** What the schema finds wrong with a document, in words that say what to write. */
import type { z } from 'zod';

type Issue = z.core.$ZodIssue;

export interface SchemaIssue {
  /** A JSON pointer; '' is the whole. */
  readonly pointer: string;
  readonly message: string;
  /** Nothing stands there. */
  readonly missing: boolean;
}

export function issuesOf(
  issues: readonly Issue[],
  above: readonly PropertyKey[] = [],
): SchemaIssue[] {
  return issues.flatMap((issue): SchemaIssue[] => {
    const path = [...above, ...issue.path];
    if (issue.code === 'invalid_union' && issue.errors.length > 0) {
      const likely = mostLikely(issue.errors);
      if (likely) return issuesOf(likely, path);
    }
    const pointer = path.map((part) => `/${String(part)}`).join('');
    const isMissing = issue.code === 'too_small' || missing([issue]);
    return [{ pointer, message: sentence(path, issue), missing: isMissing }];
  });
}

/** Of several ways to be written, the one that went wrong deepest; null: none fits at all. */
function mostLikely(errors: readonly (readonly Issue[])[]): readonly Issue[] | null {
  const deep = errors.filter((issues) => issues.every((issue) => issue.path.length > 1));
  const known = errors.filter((issues) =>
    issues.every(
      ({ code, path }) => code !== 'unrecognized_keys' && path.length > 0 && !missing(issues),
    ),
  );
  return deep[0] ?? known[0] ?? null;
}

function missing(issues: readonly Issue[]): boolean {
  return issues.some((issue) => issue.message.includes('received undefined'));
}

function sentence(path: readonly PropertyKey[], issue: Issue): string {
  const name = path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('')
    .replace(/^\./, '');
  const what = name === '' ? 'this' : name;
  if (issue.code === 'unrecognized_keys') {
    const whose = name === '' ? 'a specification' : name;
    return `${issue.keys.join(', ')} is no field of ${whose}: remove it`;
  }
  if (issue.code === 'invalid_union') {
    const kinds = 'file, set, packages, channels, manifests, custom or packs';
    return path.at(-1) === 'selection'
      ? `selection is none that is known: write one of ${kinds}`
      : `${what} is nothing that is known here: see docs/specification-files.md`;
  }
  if (issue.message.endsWith('received undefined')) return `${what} is missing: write it`;
  if (issue.code === 'custom') return `${what}: ${issue.message}`;
  const own = issue.message.startsWith('Invalid') || issue.message.startsWith('Too');
  return own
    ? `${what} is not right: ${issue.message}`
    : `${what} is not right: write ${issue.message}`;
}
