import { describe, expect, it } from '@jest/globals';
import { withControlsShown } from './shown-controls.js';

describe('characters that turn the direction of writing', () => {
  it('are told by their numbers in the text of a page', () => {
    const shown = withControlsShown('<a href="/packages/%E2%80%AE">\u202etxt.exe</a>\u061c\u200f');
    expect(shown).toBe(
      '<a href="/packages/%E2%80%AE">&lt;U+202E>txt.exe</a>&lt;U+061C>&lt;U+200F>',
    );
  });

  it('stay in attributes and text areas, which forms send back', () => {
    const html = '<input value="a > \u202e"/><textarea name="x">\u202e</textarea>';
    expect(withControlsShown(html)).toBe(html);
  });

  it('are none of those that right-to-left scripts are written with', () => {
    expect(withControlsShown('<p>שלום</p>')).toBe('<p>שלום</p>');
  });
});
