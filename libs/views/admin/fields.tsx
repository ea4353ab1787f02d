/** Fields of forms: each has a label, what it means, and what is wrong with it beside it. */
import type { ComponentChildren } from 'preact';
import { seenField } from './seen.js';

export interface FieldFault {
  readonly field: string;
  readonly detail: string;
}

/** What a form shows: what was typed, or what stands. */
export interface Filled {
  readonly values: URLSearchParams;
  readonly faults: readonly FieldFault[];
}

const noFaults: readonly FieldFault[] = [];

interface FieldProps {
  readonly form: Filled;
  readonly name: string;
  readonly label: string;
  /** What it means, and its unit. */
  readonly about?: string;
}

function fieldId(name: string): string {
  return `f-${name.replaceAll(/[^A-Za-z0-9]/g, '-')}`;
}

/** What every field has around it. */
function Around({
  form,
  name,
  label,
  about,
  children,
}: FieldProps & { children: ComponentChildren }) {
  const id = fieldId(name);
  const faults = form.faults.filter(({ field }) => field === name);
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children}
      {about ? (
        <span class="quiet" id={`${id}-about`}>
          {about}
        </span>
      ) : null}
      {faults.map(({ detail }) => (
        <span class="bad" id={`${id}-fault`}>
          {detail}
        </span>
      ))}
    </div>
  );
}

function described({ form, name, about }: FieldProps): Record<string, string | undefined> {
  const id = fieldId(name);
  const wrong = form.faults.some(({ field }) => field === name);
  const by = [about ? `${id}-about` : '', wrong ? `${id}-fault` : ''].filter(Boolean).join(' ');
  return {
    id,
    name,
    'aria-describedby': by === '' ? undefined : by,
    'aria-invalid': wrong ? 'true' : undefined,
  };
}

export function Text(props: FieldProps & { kind?: 'datetime-local'; required?: boolean }) {
  const { form, name, kind, required } = props;
  const filledIn = { value: form.values.get(name) ?? '', required, autocomplete: 'off' };
  return (
    <Around {...props}>
      {kind ? (
        <input {...described(props)} type={kind} {...filledIn} />
      ) : (
        <input {...described(props)} type="text" {...filledIn} />
      )}
    </Around>
  );
}

/** One entry a line. */
export function Lines(props: FieldProps & { rows?: number }) {
  const { form, name, rows = 3 } = props;
  return (
    <Around {...props}>
      <textarea {...described(props)} rows={rows} spellcheck={false}>
        {/* The first line break of a textarea is not part of it. */}
        {`\n${form.values.get(name) ?? ''}`}
      </textarea>
    </Around>
  );
}

export type Option = readonly [value: string, word: string];

/** Each word for itself. */
export function optionsOf(words: readonly string[]): Option[] {
  return words.map((word) => [word, word]);
}

/** One of them, or nothing, which `none` says. */
export function optionsOrNone(none: string, words: readonly string[]): Option[] {
  return [['', none], ...optionsOf(words)];
}

export function Choice(props: FieldProps & { options: readonly Option[] }) {
  const { form, name, options } = props;
  const chosen = form.values.get(name) ?? options[0]?.[0];
  return (
    <Around {...props}>
      <select {...described(props)}>
        {options.map(([value, word]) => (
          <option value={value} selected={value === chosen}>
            {word}
          </option>
        ))}
      </select>
    </Around>
  );
}

export function Box(props: Omit<FieldProps, 'about'> & { value?: string }) {
  const { form, name, label, value = 'on' } = props;
  const id = fieldId(`${name}-${value}`);
  return (
    <div class="box">
      <input
        type="checkbox"
        {...{ id, name, value }}
        checked={form.values.getAll(name).includes(value)}
      />
      <label for={id}>{label}</label>
    </div>
  );
}

/** What the form was made of goes back with it. */
export function Seen({ form }: { form: Filled }) {
  return <input type="hidden" name={seenField} value={form.values.get(seenField) ?? ''} />;
}

/** All that is wrong, first on the page, each with the way to its field. */
export function Faults({ faults }: { faults: readonly FieldFault[] }) {
  if (faults.length === 0) return null;
  return (
    <div class="fault" role="alert">
      <p>Nothing is changed yet:</p>
      <ul>
        {faults.map(({ field, detail }) => (
          <li>
            {field === '' ? detail : <a href={`#${fieldId(field)}`}>{`${field}: ${detail}`}</a>}
          </li>
        ))}
      </ul>
    </div>
  );
}

export function Group({ legend, children }: { legend: string; children: ComponentChildren }) {
  return (
    <fieldset>
      <legend>{legend}</legend>
      {children}
    </fieldset>
  );
}

export function filled(
  entries: readonly (readonly [string, string])[] = [],
  faults: readonly FieldFault[] = noFaults,
): Filled {
  return { values: new URLSearchParams(entries.map(([key, value]) => [key, value])), faults };
}
