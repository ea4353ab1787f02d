/** What builds with Nix need. */
import { probeNix } from '#adapters/backends/nix/nix-program.js';
import { broken, ok, type Examination } from './check.js';
import { namespaces } from './machine.js';

export async function examineNix(exam: Examination): Promise<void> {
  await exam.look('nix', async () => {
    const nix = await probeNix();
    if (nix) return ok(`Nix ${nix.version}, run with settings of our own and without a daemon`);
    return broken('nix, nix-store and nix-instantiate are not in PATH', 'install nix-bin');
  });
  await exam.look('nix-sandbox', () => namespaces());
}
