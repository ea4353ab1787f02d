/**
 * Marks that turn the direction of writing are told by their numbers in the text of pages; in
 * attributes, where forms keep what they send back, they stay.
 */
import { numberOfCharacter, turningMarks } from '#domain/log/drawn-line.js';

const one = `[${turningMarks}]`;
const turning = new RegExp(one);
/** Tags and what is in text areas, as they are; or one such character. */
const pieces = new RegExp(String.raw`<textarea[^]*?</textarea>|<(?:"[^"]*"|[^">])*>|${one}`, 'g');

export function withControlsShown(html: string): string {
  if (!turning.test(html)) return html;
  return html.replaceAll(pieces, (piece) => (piece.length === 1 ? told(piece) : piece));
}

function told(mark: string): string {
  return `&lt;${numberOfCharacter(mark)}>`;
}
