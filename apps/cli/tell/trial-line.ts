/** How the steps of a trial are told: of an upstream, of a forge. */

interface Step {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

export function trialLine({ name, ok, detail }: Step): string {
  return `${ok ? 'ok    ' : 'broken'}  ${name}: ${detail}\n`;
}
