/**
 * Derivation files as an evaluation backend hands them out, parsed and checked. Modulo hashes stay
 * (about 400 bytes for each derivation); parsed files only until they are checked, and only so
 * many, since a graph may have hundreds of thousands.
 */
import { FarmFault } from '#std/farm-fault.js';
import { err, ok, type Result } from '#std/result.js';
import { packageName, requiredFeatures } from '#domain/evaluation/package-name.js';
import { demandedFeatures } from '#domain/worker/backend-features.js';
import { parseDerivation, textOfByteString, type Derivation } from '#formats/derivation.js';
import {
  checkDerivation,
  derivationName,
  ModuloHashes,
  type DerivationPathError,
} from '#formats/derivation-paths.js';
import { fixedOutputOf } from '#formats/modulo-hashes.js';
import type {
  CheckedDerivation,
  DerivationFiles,
  DerivationOutline,
} from '#application/ports/derivation-files.js';
import type { EvaluationBackend } from '#application/ports/backend.js';

/** The one spelling of a path that all that need it share. */
interface Spelling {
  readonly path: string;
  readonly base: string;
}

interface ParsedFile {
  readonly bytes: Uint8Array;
  readonly derivation: Derivation;
  readonly inputs: readonly Spelling[];
}

const keptAtMost = 8192;
/** Three of the largest evaluations; what is forgotten is spelt once more. */
const speltAtMost = 1_000_000;
const longestSystem = 100;
/** How long files are looked at before others may have the event loop. */
const breathMilliseconds = 3;

export class BackendDerivationFiles implements DerivationFiles {
  private readonly modulo = new ModuloHashes();
  private readonly kept = new Map<string, ParsedFile>();
  private readonly spellings = new Map<string, Spelling>();
  private breathed = performance.now();

  /** `dir` is the store directory, such as `/nix/store`. */
  constructor(
    private readonly backend: Pick<EvaluationBackend, 'derivation'>,
    private readonly dir: string,
  ) {}

  /** How many derivations are known by their modulo hashes. */
  get size(): number {
    return this.modulo.size;
  }

  async inputsOf(path: string): Promise<Result<readonly string[], string>> {
    const file = await this.parse(path);
    if (!file.ok) return file;
    if (this.kept.size < keptAtMost) this.kept.set(path, file.value);
    return ok(file.value.inputs.map((input) => input.path));
  }

  async outlineOf(path: string): Promise<Result<DerivationOutline, string>> {
    const file = await this.parse(path);
    if (!file.ok) return file;
    if (this.kept.size < keptAtMost) this.kept.set(path, file.value);
    const { derivation, inputs } = file.value;
    return ok({
      outputs: derivation.outputs.map((output) => this.outputBase(output.path)),
      inputs: inputs.map((input) => input.path),
    });
  }

  async learn(paths: readonly string[]): Promise<void> {
    const stack = paths.filter((path) => !this.modulo.has(path));
    for (let path = stack.at(-1); path !== undefined; path = stack.at(-1)) {
      if (this.modulo.has(path)) {
        stack.pop();
        continue;
      }
      const inputs = await this.inputsOf(path);
      const unknown = inputs.ok ? inputs.value.filter((input) => !this.modulo.has(input)) : [];
      if (unknown.length > 0) {
        stack.push(...unknown);
        continue;
      }
      const checked = inputs.ok ? await this.check(path) : inputs;
      if (!checked.ok) throw new FarmFault('corrupt-data', checked.error, 'later');
      stack.pop();
    }
  }

  async check(path: string): Promise<Result<CheckedDerivation, string>> {
    const file = await this.parse(path);
    this.kept.delete(path);
    if (!file.ok) return file;
    const { bytes, derivation } = file.value;
    const { dir, modulo } = this;
    const checked = checkDerivation({ dir, path, bytes, derivation, modulo });
    if (!checked.ok) return err(sentenceOf(path, checked.error));
    if (derivation.system.length > longestSystem) return err(`derivation ${path} names no system`);
    return ok({
      path,
      record: this.recordOf(path, file.value),
      sources: derivation.inputSources.map(copyOf),
      file: { name: this.spell(path).base, bytes },
    });
  }

  private async parse(path: string): Promise<Result<ParsedFile, string>> {
    if (performance.now() - this.breathed > breathMilliseconds) await this.breathe();
    const kept = this.kept.get(path);
    if (kept) return ok(kept);
    if (derivationName(this.dir, path) === undefined) {
      return err(`${path} is not the path of a derivation in ${this.dir}`);
    }
    const bytes = await this.backend.derivation(path);
    // A path as it is read is a piece of its file's text and would keep all of it, and millions of
    // edges name the same paths.
    const inputs: Spelling[] = [];
    const parsed = parseDerivation(bytes, (read) => {
      const spelling = this.spell(read);
      inputs.push(spelling);
      return spelling.path;
    });
    if (!parsed.ok) return err(`derivation ${path} cannot be read: ${parsed.error.kind}`);
    return ok({ bytes, derivation: parsed.value, inputs });
  }

  private spell(read: string): Spelling {
    const known = this.spellings.get(read);
    if (known) return known;
    if (this.spellings.size >= speltAtMost) this.spellings.clear();
    const path = copyOf(read);
    const spelling = { path, base: copyOf(this.base(path)) };
    this.spellings.set(path, spelling);
    return spelling;
  }

  private recordOf(
    path: string,
    { derivation, inputs }: Omit<ParsedFile, 'bytes'>,
  ): CheckedDerivation['record'] {
    const name = derivationName(this.dir, path) ?? '';
    const { pname, features } = attributesOf(derivation);
    return {
      path: this.spell(path).base,
      name: copyOf(name),
      packageName: copyOf(packageName(name, pname)),
      system: textOfByteString(derivation.system),
      requiredFeatures: demandedFeatures(features, this.dir),
      fixedOutput: fixedOutputOf(derivation) !== undefined,
      outputs: derivation.outputs.map((output) => ({
        name: output.name,
        path: this.outputBase(output.path),
      })),
      inputs: inputs.map((input) => input.base),
      sources: derivation.inputSources.map((source) => this.spell(source).base),
    };
  }

  /** Batches are written to Postgres meanwhile: they wait for the event loop a dozen times each. */
  private async breathe(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.breathed = performance.now();
  }

  private outputBase(path: string): string | null {
    return path === '' ? null : copyOf(this.base(path));
  }

  private base(path: string): string {
    return path.slice(this.dir.length + 1);
  }
}

/** A text of its own, no piece of another; paths and names are of one byte a character. */
function copyOf(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1');
}

/** Attributes lie in the environment, or as one JSON object in its `__json`. */
function attributesOf(derivation: Derivation): { pname: string | undefined; features: string[] } {
  const valueOf = (name: string): string | undefined =>
    derivation.env.find(([variable]) => variable === name)?.[1];
  const structured = structuredAttributes(valueOf('__json'));
  const textOf = (name: string): string | undefined => {
    const value = valueOf(name);
    return value === undefined ? structured(name) : textOfByteString(value);
  };
  return { pname: textOf('pname'), features: requiredFeatures(textOf('requiredSystemFeatures')) };
}

function structuredAttributes(json: string | undefined): (name: string) => string | undefined {
  if (json === undefined) return () => undefined;
  try {
    const attributes = JSON.parse(textOfByteString(json)) as Record<string, unknown>;
    return (name) => {
      const value = attributes[name];
      if (Array.isArray(value)) return value.map(String).join(' ');
      return typeof value === 'string' ? value : undefined;
    };
  } catch {
    return () => undefined;
  }
}

function sentenceOf(path: string, error: DerivationPathError): string {
  const { kind, expected, output = 'an output' } = error;
  const said = error.actual === '' ? 'nothing' : error.actual;
  switch (kind) {
    case 'wrong-output-path':
    case 'wrong-environment': {
      const right = expected === '' ? 'unknown until built' : expected;
      const why = `${output} is ${said}, and should be ${right}`;
      return `derivation ${path} does not own its output path: ${why}`;
    }
    case 'wrong-drv-path':
      return `derivation ${path} does not own its path: its contents belong to ${expected}`;
    default:
      return `derivation ${path} is refused (${kind}): expected ${expected}, found ${said}`;
  }
}
