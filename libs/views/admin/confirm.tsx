/**
 * The page between a wish and a change that is not easily taken back: what will happen, and the
 * button that does it. It works without a script.
 */
import type { ComponentChildren, VNode } from 'preact';
import { deskPage, Post, type AdminPlace, type Visit } from './desk.js';
import { Faults, filled, Text, type Filled } from './fields.js';

export interface ConfirmModel {
  readonly visit: Visit;
  readonly here: AdminPlace;
  /** A question: `Remove the worker one?`. */
  readonly question: string;
  /** One sentence each. */
  readonly consequences: readonly string[];
  readonly to: string;
  readonly word: string;
  readonly back: string;
  readonly fields?: readonly (readonly [string, string])[];
  /** Must be typed to go on. */
  readonly typed?: string;
  readonly form?: Filled;
}

export function confirmPage(model: ConfirmModel, more: VNode | null = null): string {
  const { visit, here, question, consequences } = model;
  return deskPage(
    { title: question, here, visit },
    <>
      <Faults faults={model.form?.faults ?? []} />
      <ul>
        {consequences.map((sentence) => (
          <li>{sentence}</li>
        ))}
      </ul>
      <Sure model={model}>{more}</Sure>
    </>,
  );
}

function Sure({ model, children }: { model: ConfirmModel; children: ComponentChildren }) {
  const { visit, to, word, back, fields = [], typed, form = filled() } = model;
  return (
    <Post visit={visit} to={to} class="form">
      {fields.map(([name, value]) => (
        <input type="hidden" name={name} value={value} />
      ))}
      {children}
      {typed === undefined ? null : (
        <Text
          form={form}
          name="typed"
          label={`Type ${typed} to go on`}
          about="Nothing happens without it."
          required
        />
      )}
      <p class="buttons">
        <button class="danger">{word}</button> <a href={back}>No, go back</a>
      </p>
    </Post>
  );
}
