/**
 * Reads what `nix-store --log-format internal-json` says while it realises one derivation: lines
 * `@nix {…}` of activities that start (type 105: a build), tell results (type 101: a line that the
 * builder printed) and stop, and messages. Only lines of the one derivation are its log.
 *
 * A builder can print lines that Nix takes for its own and passes on as messages; so errors count
 * only after the builder has ended.
 */
import { withoutColours } from './nix-words.js';

export type BuildLogEvent =
  { readonly kind: 'started' } | { readonly kind: 'line'; readonly text: string };

const activityBuild = 105;
const resultLogLine = 101;

interface NixLine {
  readonly action?: unknown;
  readonly id?: unknown;
  readonly type?: unknown;
  readonly level?: unknown;
  readonly msg?: unknown;
  readonly fields?: readonly unknown[];
}

export class BuildLog {
  #rest = '';
  readonly #decoder = new TextDecoder();
  /** The activity that is the build. */
  #build: unknown;
  #errors: string[] = [];

  constructor(private readonly derivation: string) {}

  /** Nix' errors since the builder ended, without colours. */
  get errors(): string {
    return this.#errors.join('\n').slice(-64 * 1024);
  }

  take(chunk: Uint8Array): BuildLogEvent[] {
    const lines = (this.#rest + this.#decoder.decode(chunk, { stream: true })).split('\n');
    this.#rest = lines.pop() ?? '';
    return lines.flatMap((line) => this.#line(line) ?? []);
  }

  #line(line: string): BuildLogEvent | null {
    const said = line.startsWith('@nix ') ? parse(line.slice(5)) : null;
    if (said === null) {
      this.#errors.push(withoutColours(line));
      return null;
    }
    const { action, id, type, level, msg, fields = [] } = said;
    if (action === 'start' && type === activityBuild && fields[0] === this.derivation) {
      this.#build = id;
      return { kind: 'started' };
    }
    if (action === 'stop' && id === this.#build) this.#errors = [];
    if (action === 'msg' && level === 0) this.#errors.push(withoutColours(String(msg)));
    const ours = action === 'result' && type === resultLogLine && id === this.#build;
    const text = ours ? plainLine(String(fields[0] ?? '')) : null;
    return text === null ? null : { kind: 'line', text };
  }
}

function parse(json: string): NixLine | null {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null ? value : null;
  } catch {
    return null;
  }
}

/**
 * A builder that cannot be executed sends its error to Nix in a binary form, which Nix prints as
 * two lines of log: the first is nothing, and the second holds the words between zero bytes.
 */
function plainLine(line: string): string | null {
  if (line === '\u0001') return null;
  if (!line.startsWith('\u0005\0\0\0\0\0\0\0Error')) return line;
  const words = line.split('\0').sort((a, b) => b.length - a.length)[0] ?? '';
  return `error: ${words}`;
}
