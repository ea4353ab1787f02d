/** Shows the button of every command that copies it, where browsers let pages do that. */
if ('clipboard' in navigator) {
  offer();
  document.querySelector('main')?.addEventListener('renewed', offer);
  document.addEventListener('click', ({ target }) => {
    if (target instanceof HTMLButtonElement && target.matches('.copy')) void copy(target);
  });
}

function offer(): void {
  for (const button of document.querySelectorAll<HTMLButtonElement>('button.copy')) {
    button.hidden = false;
  }
}

async function copy(button: HTMLButtonElement): Promise<void> {
  const text = button.nextElementSibling?.textContent ?? '';
  const copied = await navigator.clipboard.writeText(text).then(
    () => true,
    () => false,
  );
  button.textContent = copied ? 'Copied' : 'Select it and copy by hand';
}
