/**
 * What went wrong with a request, as a FarmFault: 4xx means that the same bytes or credential will
 * be refused again; anything else may pass. The cause of a refusal is the problem that was
 * answered.
 */
import { FarmFault } from '#std/farm-fault.js';

/** The problem (RFC 9457) that a substituter answered with its status. */
export interface AnsweredProblem {
  readonly status: number;
  readonly type?: string;
  readonly title?: string;
  readonly detail?: string;
  /** Of an offer: the base names of references that are not offered. */
  readonly missing?: readonly string[];
}

export function unavailable(url: string, cause: unknown): FarmFault {
  const place = new URL(url).host;
  const message = `the substituter at ${place} does not answer: ${reasonOf(cause)}`;
  return new FarmFault('substituter-unavailable', message, 'later', { cause });
}

export async function refusalOf(answer: Response): Promise<FarmFault> {
  const cause = await problemOf(answer);
  const said = cause.detail ?? cause.title ?? answer.statusText;
  const sentence = `the substituter answered ${answer.status}: ${said}`;
  return answer.status >= 400 && answer.status < 500
    ? new FarmFault('upload-refused', sentence, 'never', { cause })
    : new FarmFault('substituter-unavailable', sentence, 'later', { cause });
}

async function problemOf(answer: Response): Promise<AnsweredProblem> {
  const text = await answer.text().catch(() => '');
  try {
    const json: unknown = JSON.parse(text);
    if (typeof json === 'object' && json !== null) return { ...json, status: answer.status };
  } catch {
    // A proxy may answer HTML; the status alone must do.
  }
  return { status: answer.status };
}

function reasonOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  const inner = thrown.cause instanceof Error ? thrown.cause.message : '';
  return inner || thrown.message;
}
