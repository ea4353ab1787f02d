/**
 * The dialog of the reader's preferences and the keys; a script opens it
 * (client/preferences-dialog.ts).
 */
import type { KeyHint } from './layout.js';

const choices = [
  {
    name: 'theme',
    word: 'Theme',
    options: [
      ['system', 'As the system'],
      ['light', 'Light'],
      ['dark', 'Dark'],
    ],
  },
  {
    name: 'times',
    word: 'Times',
    options: [
      ['relative', 'From now'],
      ['absolute', 'On the clock'],
    ],
  },
  {
    name: 'zone',
    word: 'Zone',
    options: [
      ['local', 'Mine'],
      ['utc', 'UTC'],
    ],
  },
  {
    name: 'keys',
    word: 'Keys',
    options: [
      ['on', 'On'],
      ['off', 'Off'],
    ],
  },
] as const;

export function Preferences({ keys }: { keys: readonly KeyHint[] }) {
  return (
    <dialog id="preferences" aria-labelledby="preferences-title" data-keep>
      <form method="dialog">
        <h2 id="preferences-title">Preferences</h2>
        {choices.map(({ name, word, options }) => (
          <p>
            <label>
              <span>{word}</span>{' '}
              <select name={name}>
                {options.map(([value, text]) => (
                  <option value={value}>{text}</option>
                ))}
              </select>
            </label>
          </p>
        ))}
        <h3>Keys</h3>
        <dl>
          {keys.map(([key, what]) => (
            <>
              <dt>
                {key.split(' ').map((letter) => (
                  <kbd>{letter}</kbd>
                ))}
              </dt>
              <dd>{what}</dd>
            </>
          ))}
        </dl>
        <p>
          <button>Close</button>
        </p>
      </form>
    </dialog>
  );
}
