/** A button at every command that copies it, where browsers let pages do that. */
if ('clipboard' in navigator) {
  for (const command of document.querySelectorAll<HTMLElement>('pre.command')) {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'copy';
    button.textContent = 'Copy';
    button.addEventListener('click', () => void copy(command, button));
    command.before(button);
  }
}

async function copy(command: HTMLElement, button: HTMLButtonElement): Promise<void> {
  const text = command.textContent ?? '';
  const copied = await navigator.clipboard.writeText(text).then(
    () => true,
    () => false,
  );
  button.textContent = copied ? 'Copied' : 'Select it and copy by hand';
}
