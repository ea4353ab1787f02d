/**
 * Reads a JSON value field by field; the first that is not what it should be is named and
 * refused.
 */
export class Malformed extends Error {
  constructor(
    readonly field: string,
    message: string,
  ) {
    super(message);
  }
}

const longestText = 1024 * 1024;

export class FieldReader {
  constructor(
    private readonly value: unknown,
    private readonly field: string,
  ) {}

  refuse(message: string): never {
    throw new Malformed(this.field, message);
  }

  text(): string {
    if (typeof this.value !== 'string') return this.refuse('must be a text');
    if (this.value.length > longestText) return this.refuse('is longer than 1 MiB');
    return this.value;
  }

  matching(pattern: RegExp, wish: string): string {
    const text = this.text();
    return pattern.test(text) ? text : this.refuse(`must be ${wish}`);
  }

  /** A whole number of seconds, at most thirty days. */
  seconds(): number {
    const { value } = this;
    if (!Number.isSafeInteger(value) || (value as number) < 1 || (value as number) > 2_592_000) {
      return this.refuse('must be a whole number of seconds, 1 to 2592000');
    }
    return value as number;
  }

  list(): FieldReader[] {
    if (!Array.isArray(this.value)) return this.refuse('must be a list');
    return this.value.map((item, i) => new FieldReader(item, `${this.#prefix()}[${i}]`));
  }

  record(): Readonly<Record<string, unknown>> {
    if (typeof this.value !== 'object' || this.value === null || Array.isArray(this.value)) {
      return this.refuse('must be an object');
    }
    return this.value as Record<string, unknown>;
  }

  entries(): [string, FieldReader][] {
    return Object.entries(this.record()).map(([name, value]) => [name, this.#below(name, value)]);
  }

  /** An object with no other fields than these; a field that is null counts as absent. */
  object(names: readonly string[]): {
    required(name: string): FieldReader;
    optional(name: string): FieldReader | undefined;
  } {
    const record = this.record();
    const stray = Object.keys(record).find((name) => !names.includes(name));
    if (stray !== undefined) this.#below(stray, null).refuse('is not a field that is known here');
    const optional = (name: string): FieldReader | undefined =>
      record[name] === undefined || record[name] === null
        ? undefined
        : this.#below(name, record[name]);
    const required = (name: string): FieldReader =>
      optional(name) ?? this.#below(name, null).refuse('is missing');
    return { required, optional };
  }

  #below(name: string, value: unknown): FieldReader {
    const prefix = this.#prefix();
    return new FieldReader(value, prefix === '' ? name : `${prefix}.${name}`);
  }

  #prefix(): string {
    return this.field === 'the file' ? '' : this.field;
  }
}
