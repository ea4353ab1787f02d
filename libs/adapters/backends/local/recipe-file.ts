/**
 * The file of a channel that the local backend reads: recipes as JSON data (docs/local-backend.md).
 * A file that is not what it should be is refused whole, with its line or field; what is wrong
 * between recipes (an unknown input, a cycle) is one job's error and not found here.
 */
import { isHashAlgorithm, parseHash, toHex, type HashAlgorithm } from '#formats/hash.js';
import { isStoreName } from '#formats/store-path.js';
import { err, ok, type Result } from '#std/result.js';
import { sentenceOf } from '#std/farm-fault.js';
import { FieldReader, Malformed } from './field-reader.js';

/** An output of another recipe: `NAME`, or `NAME!OUTPUT`. Null is its first output. */
export interface RecipeInput {
  readonly text: string;
  readonly recipe: string;
  readonly output: string | null;
}

export interface FixedOutput {
  readonly algorithm: HashAlgorithm;
  /** Lower-case hexadecimal. */
  readonly hash: string;
  /** Whether the hash is of the nar rather than of one flat file. */
  readonly recursive: boolean;
}

export interface Recipe {
  readonly name: string;
  /** Null is every system of the specification. */
  readonly system: string | null;
  readonly script: string;
  readonly inputs: readonly RecipeInput[];
  readonly outputs: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly sources: readonly string[];
  readonly timeoutSeconds: number | undefined;
  readonly maxSilentSeconds: number | undefined;
  readonly requiredFeatures: readonly string[];
  readonly meta: Readonly<Record<string, unknown>>;
  readonly fixedOutput: FixedOutput | null;
}

export interface RecipeFile {
  readonly recipes: ReadonlyMap<string, Recipe>;
  /** Names of the recipes that are jobs; the others are only built as inputs. */
  readonly jobs: readonly string[];
}

export interface RecipeFileError {
  /** `line 3` or `recipes[2].script`. */
  readonly at: string;
  readonly message: string;
}

const variable = /^[A-Za-z_][A-Za-z0-9_]*$/;
const outputName = /^[a-z][a-z0-9_]{0,30}$/;
const systemName = /^[a-z0-9_]+-[a-z0-9_]+$/;
const relativePath = /^(?!\.\.?(\/|$))(?!.*\/\.\.?(\/|$))(?!.*\/\/)[^/\0][^\0]*$/;
/** Variables that the backend sets itself. */
const reserved = new Set(['name', 'system', 'builder', 'outputs', 'inputs', 'sources', 'src']);

export function parseRecipeFile(text: string): Result<RecipeFile, RecipeFileError> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (thrown) {
    const message = sentenceOf(thrown).replace(/, (\.\.\.)?".*| (in JSON )?at position .*/s, '');
    return err({ at: `line ${lineOf(text)}`, message });
  }
  try {
    return ok(readFile(new FieldReader(value, 'the file')));
  } catch (thrown) {
    if (!(thrown instanceof Malformed)) throw thrown;
    return err({ at: thrown.field, message: thrown.message });
  }
}

/**
 * The line of a syntax error, which the parser does not always tell: the first one up to which the
 * text is already wrong, not only unfinished.
 */
function lineOf(text: string): number {
  const lines = text.split('\n');
  let [good, bad] = [0, lines.length];
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (isWrong(lines.slice(0, middle).join('\n'))) bad = middle;
    else good = middle;
  }
  return bad;
}

function isWrong(beginning: string): boolean {
  try {
    JSON.parse(beginning);
    return false;
  } catch (thrown) {
    const message = sentenceOf(thrown);
    if (/end of JSON|Unterminated string/.test(message)) return false;
    const position = /position (\d+)/.exec(message)?.[1];
    return position === undefined || Number(position) < beginning.length;
  }
}

function readFile(file: FieldReader): RecipeFile {
  const fields = file.object(['recipes', 'jobs']);
  const recipes = new Map<string, Recipe>();
  for (const item of fields.required('recipes').list()) {
    const recipe = readRecipe(item);
    if (recipes.has(recipe.name)) item.refuse(`another recipe is called ${recipe.name}`);
    recipes.set(recipe.name, recipe);
  }
  const named = fields.optional('jobs')?.list() ?? null;
  const jobs = named?.map((item) => {
    const name = item.text();
    if (!recipes.has(name)) item.refuse(`there is no recipe called ${name}`);
    return name;
  });
  return { recipes, jobs: [...new Set(jobs ?? recipes.keys())] };
}

const recipeFields = [
  'name',
  'system',
  'script',
  'inputs',
  'outputs',
  'env',
  'sources',
  'timeoutSeconds',
  'maxSilentSeconds',
  'requiredFeatures',
  'meta',
  'fixedOutput',
] as const;

function readRecipe(item: FieldReader): Recipe {
  const fields = item.object(recipeFields);
  const texts = (name: string): FieldReader[] => fields.optional(name)?.list() ?? [];
  const outputs = readOutputs(texts('outputs'));
  const fixed = fields.optional('fixedOutput');
  if (fixed && outputs.join() !== 'out') fixed.refuse('a fixed output is the only one, out');
  return {
    name: readName(fields.required('name')),
    system:
      fields.optional('system')?.matching(systemName, 'a system such as x86_64-linux') ?? null,
    script: fields.required('script').text(),
    inputs: texts('inputs').map(readInput),
    outputs,
    env: readEnvironment(fields.optional('env'), outputs),
    sources: texts('sources').map((s) => s.matching(relativePath, 'a relative path without ..')),
    timeoutSeconds: fields.optional('timeoutSeconds')?.seconds(),
    maxSilentSeconds: fields.optional('maxSilentSeconds')?.seconds(),
    requiredFeatures: texts('requiredFeatures').map((f) => f.matching(/^[\w.+-]+$/, 'a feature')),
    meta: fields.optional('meta')?.record() ?? {},
    fixedOutput: fixed ? readFixedOutput(fixed) : null,
  };
}

function readName(field: FieldReader): string {
  const name = field.text();
  if (!isStoreName(name) || name.length > 150 || name.endsWith('.drv')) {
    field.refuse('must be 1 to 150 of the characters 0-9 a-z A-Z + - . _ ? =, not ending in .drv');
  }
  return name;
}

function readOutputs(items: readonly FieldReader[]): readonly string[] {
  if (items.length === 0) return ['out'];
  const names = items.map((item) => item.matching(outputName, 'an output name such as doc'));
  const double = names.findIndex((name, i) => names.indexOf(name) < i || reserved.has(name));
  if (double >= 0) items[double]!.refuse(`${names[double]} is taken`);
  return names;
}

function readInput(item: FieldReader): RecipeInput {
  const text = item.text();
  const [recipe = '', output = null] = text.split('!', 2);
  if (recipe === '') item.refuse('must be the name of a recipe');
  return { text, recipe, output };
}

function readEnvironment(
  field: FieldReader | undefined,
  outputs: readonly string[],
): Readonly<Record<string, string>> {
  const env: Record<string, string> = {};
  for (const [name, value] of field?.entries() ?? []) {
    if (!variable.test(name)) value.refuse('is not the name of a variable');
    if (reserved.has(name) || outputs.includes(name) || name.startsWith('input_')) {
      value.refuse('is set by the backend');
    }
    env[name] = value.text();
    if (env[name].includes('\0')) value.refuse('must not hold a NUL');
  }
  return env;
}

function readFixedOutput(field: FieldReader): FixedOutput {
  const fields = field.object(['algorithm', 'hash']);
  const algorithm = fields.required('algorithm').text();
  const recursive = algorithm.startsWith('r:');
  const plain = recursive ? algorithm.slice(2) : algorithm;
  if (!isHashAlgorithm(plain)) {
    return fields.required('algorithm').refuse('must be sha256, sha512, sha1 or md5, or r:sha256');
  }
  const said = fields.required('hash').text();
  const parsed = parseHash(/[:]|^[a-z0-9]+-/.test(said) ? said : `${plain}:${said}`);
  if (!parsed.ok || parsed.value.algorithm !== plain) {
    return fields.required('hash').refuse(`must be a ${plain} hash`);
  }
  return { algorithm: plain, hash: toHex(parsed.value.digest), recursive };
}
