/**
 * Sets the theme that the reader chose before anything is drawn. A classic script, so that the
 * browser waits for it; it imports nothing.
 */
{
  let chosen: string | null = null;
  try {
    chosen = localStorage.getItem('theme');
  } catch {
    // No storage: the system's theme holds.
  }
  if (chosen === 'light' || chosen === 'dark') document.documentElement.dataset['theme'] = chosen;
}
