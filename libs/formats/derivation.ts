/**
 * Derivation files (`.drv`) of Nix, Guix and the local backend: the ATerm form `Derive([…],…)`.
 *
 * Strings are *byte strings*: one character (U+0000 to U+00FF) for each byte of the file, so that
 * builders, arguments and environments of any encoding survive and printing is byte exact. Paths
 * and names are ASCII anyway; `textOfByteString` shows the rest to people as UTF-8.
 */
import { invariant } from '#std/invariant.js';
import { AtermReader, type DerivationError } from './aterm-reader.js';
import type { Result } from '#std/result.js';

export type { DerivationError } from './aterm-reader.js';

export interface DerivationOutput {
  readonly name: string;
  /** A full store path; empty while unknown, as for content-addressed outputs. */
  readonly path: string;
  /** Empty, or `sha256`, `r:sha256` and the like when the contents are fixed or addressed. */
  readonly hashAlgorithm: string;
  /** Hexadecimal when the contents are fixed, else empty. */
  readonly hash: string;
}

export interface InputDerivation {
  readonly path: string;
  readonly outputs: readonly string[];
}

export interface Derivation {
  readonly outputs: readonly DerivationOutput[];
  readonly inputDerivations: readonly InputDerivation[];
  readonly inputSources: readonly string[];
  readonly system: string;
  readonly builder: string;
  readonly args: readonly string[];
  readonly env: readonly (readonly [name: string, value: string])[];
}

/**
 * Reads a `.drv` file in the very form that the tools print: lists that are sets must ascend
 * without repetition and escapes must be the five known ones, so that what is accepted prints
 * back byte for byte and no attribute can be given twice.
 *
 * The strings are pieces of the file's text, and keep it. `spell` is asked for the copy of an input
 * derivation's path that shall stand in its place.
 */
export function parseDerivation(
  bytes: Uint8Array,
  spell: Spell = (path) => path,
): Result<Derivation, DerivationError> {
  return AtermReader.read(bytes, (reader) => readDerivation(reader, spell));
}

type Spell = (path: string) => string;

function readDerivation(reader: AtermReader, spell: Spell): Derivation {
  reader.literal('Derive(');
  const outputs = reader.ascending(readOutput, (output) => output.name);
  reader.literal(',');
  const inputDerivations = reader.ascending(
    (item) => readInput(item, spell),
    (input) => input.path,
  );
  reader.literal(',');
  const inputSources = reader.ascending(readString, (path) => path);
  reader.literal(',');
  const system = reader.string();
  reader.literal(',');
  const builder = reader.string();
  reader.literal(',');
  const args = reader.list(readString);
  reader.literal(',');
  const env = reader.ascending(readVariable, ([name]) => name);
  reader.literal(')');
  return { outputs, inputDerivations, inputSources, system, builder, args, env };
}

function readString(reader: AtermReader): string {
  return reader.string();
}

function readOutput(reader: AtermReader): DerivationOutput {
  reader.literal('(');
  const name = reader.string();
  reader.literal(',');
  const path = reader.string();
  reader.literal(',');
  const hashAlgorithm = reader.string();
  reader.literal(',');
  const hash = reader.string();
  reader.literal(')');
  return { name, path, hashAlgorithm, hash };
}

/** What most inputs have is one list for all of them: there are millions. */
export const onlyOut: readonly string[] = ['out'];

function readInput(reader: AtermReader, spell: Spell): InputDerivation {
  reader.literal('(');
  const path = spell(reader.string());
  if (reader.skipText(',["out"])')) return { path, outputs: onlyOut };
  reader.literal(',');
  const outputs = reader.ascending(readString, (name) => name);
  reader.literal(')');
  return { path, outputs };
}

function readVariable(reader: AtermReader): readonly [string, string] {
  reader.literal('(');
  const name = reader.string();
  reader.literal(',');
  const value = reader.string();
  reader.literal(')');
  return [name, value];
}

/** The bytes of the `.drv` file, in the order given: keep sets ascending, as the tools do. */
export function printDerivation(derivation: Derivation): Uint8Array {
  const { before, after } = printFrame(derivation);
  const text = `${before}${printInputs(derivation.inputDerivations)}${after}`;
  invariant(!/[^\0-\xff]/.test(text), 'the strings of a derivation are byte strings');
  return Uint8Array.from(Buffer.from(text, 'latin1'));
}

/** The text of a derivation file around its list of input derivations. */
export interface DerivationFrame {
  readonly before: string;
  readonly after: string;
}

export function printFrame(derivation: Derivation): DerivationFrame {
  const { inputSources, system, builder, args, env } = derivation;
  const fields = [
    listOf(inputSources, quoted),
    quoted(system),
    quoted(builder),
    listOf(args, quoted),
    listOf(env, tupleOf),
  ];
  return { before: printHead(derivation), after: `,${fields.join(',')})` };
}

/**
 * The same for `bytes` that parse as `derivation`: cut from them, which costs a tenth of printing
 * it again.
 */
export function cutFrame(derivation: Derivation, bytes: Uint8Array): DerivationFrame {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  const before = printHead(derivation);
  const after = before.length + printInputs(derivation.inputDerivations).length;
  return { before, after: text.slice(after) };
}

/**
 * The frame with all output paths left out, in the outputs list and in the environment. The names
 * of the outputs must be such as need no escape.
 */
export function maskFrame(frame: DerivationFrame, derivation: Derivation): DerivationFrame {
  const outputs = derivation.outputs.map((output) => ({ ...output, path: '' }));
  let { after } = frame;
  for (const [name, value] of derivation.env) {
    if (value === '' || !outputs.some((output) => output.name === name)) continue;
    // Inside a string its quotes would be escaped: this stands for the variable and nothing else.
    const start = after.indexOf(`("${name}","`) + name.length + 4;
    const end = start + quoted(value).length;
    after = `${after.slice(0, start)}""${after.slice(end)}`;
  }
  return { before: printHead({ outputs }), after };
}

function printHead({ outputs }: Pick<Derivation, 'outputs'>): string {
  return `Derive(${listOf(outputs, (o) => tupleOf([o.name, o.path, o.hashAlgorithm, o.hash]))},`;
}

export function printInputs(inputs: readonly InputDerivation[]): string {
  return listOf(inputs, printInput);
}

export function printInput({ path, outputs }: InputDerivation): string {
  return outputs === onlyOut
    ? `(${quoted(path)},["out"])`
    : `(${quoted(path)},${listOf(outputs, quoted)})`;
}

function listOf<T>(items: readonly T[], print: (item: T) => string): string {
  return `[${items.map(print).join(',')}]`;
}

function tupleOf(strings: readonly string[]): string {
  return `(${strings.map(quoted).join(',')})`;
}

const escapes: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

function quoted(text: string): string {
  const escaped = /["\\\n\r\t]/.test(text)
    ? text.replace(/["\\\n\r\t]/g, (character) => escapes[character] ?? character)
    : text;
  return `"${escaped}"`;
}

/** The byte string of a text's UTF-8, to put a text into a derivation. */
export function byteStringOf(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** A byte string read as UTF-8, to show it; bytes that are not UTF-8 become U+FFFD. */
export function textOfByteString(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
