/**
 * Characters that turn the direction of writing: a name that has them reads as another one
 * (`exe.txt` for U+202E and `txt.exe`). In the text of pages they are told by their numbers; in
 * attributes, where forms keep what they send back, they stay.
 */
const one = String.raw`[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]`;
const turning = new RegExp(one);
/** Tags and what is in text areas, as they are; or one such character. */
const pieces = new RegExp(String.raw`<textarea[^]*?</textarea>|<(?:"[^"]*"|[^">])*>|${one}`, 'g');

export function withControlsShown(html: string): string {
  if (!turning.test(html)) return html;
  return html.replaceAll(pieces, (piece) => (piece.length === 1 ? numberOf(piece) : piece));
}

function numberOf(character: string): string {
  const number = character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
  return `&lt;U+${number}>`;
}
