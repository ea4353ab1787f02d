/** The dialog with the reader's preferences and the keys of the page. */
import { onKey } from './keys.js';
import { isPreference, prefer, preferred } from './preferences.js';
import { dressTimes } from './times.js';

export function offerPreferences(): void {
  const dialog = document.querySelector<HTMLDialogElement>('#preferences');
  const button = document.querySelector<HTMLButtonElement>('#open-preferences');
  if (!dialog || !button) return;
  const open = (): void => {
    for (const select of dialog.querySelectorAll('select')) {
      if (isPreference(select.name)) select.value = preferred(select.name);
    }
    dialog.showModal();
  };
  button.hidden = false;
  button.addEventListener('click', open);
  onKey('?', open);
  dialog.addEventListener('change', ({ target }) => {
    if (!(target instanceof HTMLSelectElement) || !isPreference(target.name)) return;
    prefer(target.name, target.value);
    apply();
  });
  // Another tab may have changed them.
  addEventListener('storage', apply);
}

function apply(): void {
  const theme = preferred('theme');
  if (theme === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme;
  dressTimes(document);
}
