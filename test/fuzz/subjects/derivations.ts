/** Derivation files: of evaluations of foreign channels, and of packs. */
import { checkDerivation, derivationPath, ModuloHashes } from '#formats/derivation-paths.js';
import { cutFrame, maskFrame, parseDerivation, printDerivation } from '#formats/derivation.js';
import { fixtureFiles } from '../samples.js';
import { demand, wordsOf, type Subject } from '../subject.js';

const dir = '/nix/store';

export const derivations: Subject = {
  name: 'derivation',
  samples: () => [...fixtureFiles('nix/drv', /\.drv$/), ...fixtureFiles('guix/drv', /\.drv$/)],
  words: wordsOf(
    ...['Derive(', '[(', '),(', '")', '","', '],[', '])', '[]', '\\"', '\\\\', '\\n', '\\x', '\\'],
    ...['"out"', '("out","","r:sha256","")', 'r:sha256', 'x86_64-linux', `${dir}/`, '.drv'],
    ...[`("${dir}/${'a'.repeat(32)}-a.drv",["out"])`, '("out","../../etc","","")'],
  ),
  take(bytes) {
    const parsed = parseDerivation(bytes);
    if (!parsed.ok) return 'refused';
    const derivation = parsed.value;
    demand(Buffer.compare(printDerivation(derivation), bytes) === 0, 'it prints back');
    maskFrame(cutFrame(derivation, bytes), derivation);
    const path = derivationPath({ dir, name: 'fuzzed', bytes, derivation });
    checkDerivation({ dir, path, derivation, bytes, modulo: new ModuloHashes() });
    return 'accepted';
  },
};
