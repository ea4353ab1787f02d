/**
 * Examples of the commands whose help has none of its own, by their words. A test sees to it that
 * every command has some.
 */
export const examples: Readonly<Record<string, readonly string[]>> = {
  'eval list': ['gambeson eval list --spec guix-master --limit 5', 'gambeson eval list --json'],
  'eval show': ['gambeson eval show 1204', 'gambeson eval show https://ci.example.org/eval/1204'],
  'eval trigger': ['gambeson eval trigger guix-master'],
  'eval cancel': ['gambeson eval cancel 1204'],
  'eval restart': [
    'gambeson eval restart 1204',
    'gambeson eval restart 1204 --failures infrastructure',
  ],
  'eval retry': ['gambeson eval retry 1204'],
  'build list': [
    'gambeson build list --status failed --system x86_64-linux --limit 50',
    'gambeson build list --query "spec:packages since:2d -name:rust-*"',
  ],
  'build show': ['gambeson build show 7', 'gambeson build show hello --json'],
  'build why': ['gambeson build why 12', 'gambeson build why https://ci.example.org/builds/12'],
  'build restart': ['gambeson build restart 7 8 9', 'gambeson build restart 7 --only'],
  'build bump': ['gambeson build bump 7'],
  'build cancel': ['gambeson build cancel 7 --force'],
  'worker list': ['gambeson worker list', 'gambeson worker list --plain | cut -f 1'],
  'worker show': ['gambeson worker show build-7'],
  'worker pause': ['gambeson worker pause build-7 build-8 --for 2h --note "new disks"'],
  'worker drain': ['gambeson worker drain build-7 --note upgrade'],
  'worker resume': ['gambeson worker resume build-7'],
  'worker remove': ['gambeson worker remove build-7 --yes'],
  up: ['gambeson up', 'gambeson up --no-demo --workers 0 --data /srv/farm'],
  migrate: ['DATABASE_URL=postgresql:///gambeson gambeson migrate'],
  healthy: ['gambeson healthy http://127.0.0.1:8081/readyz'],
  'key generate': ['gambeson key generate --store nix --name ci.example.org-1'],
  'key import': [
    'gambeson key import /etc/nix/secret-key --store nix',
    'gambeson key import /etc/guix/signing-key.sec --store guix --name ci-1',
  ],
  'key list': ['gambeson key list', 'gambeson key list --store nix --json'],
  'key public': ['gambeson key public --store nix > ci.example.org.pub'],
  'key use': ['gambeson key use ci.example.org-2 --store nix'],
  'notification list': [
    'gambeson notification list --specification guix-master --state given-up',
    'gambeson notification list --limit 200 --json',
  ],
  'notification show': ['gambeson notification show 12'],
  'notification test': ['gambeson notification test guix-master --wait 10'],
  'notification resend': ['gambeson notification resend 12'],
  'forge add': [
    'gambeson forge add github --kind github --secret github-hook --status github-token',
    'gambeson forge add code --kind forgejo --address https://code.example.org --secret hook',
  ],
  'forge list': ['gambeson forge list'],
  'forge remove': ['gambeson forge remove code'],
  'forge test': ['gambeson forge test github'],
  'forge deliveries': ['gambeson forge deliveries github --limit 5'],
  'forge requests add': [
    'gambeson forge requests add github guix/guix --specification guix-master',
    'gambeson forge requests add github me/p --specification p --admit label --label build-me',
  ],
  'forge requests list': ['gambeson forge requests list github'],
  'forge requests remove': ['gambeson forge requests remove github 3'],
  'pin add': ['gambeson pin add /gnu/store/HASH-hello-2.12 --note "for the course" --expires 90d'],
  'pin list': ['gambeson pin list'],
  'pin remove': ['gambeson pin remove 4'],
  'release create': ['gambeson release create 1.5.0 1204 --note "as announced"'],
  'release list': ['gambeson release list', 'gambeson release list 1.5.0 --json'],
  'release remove': ['gambeson release remove 2'],
  'spec apply': [
    'gambeson spec apply farm.scm --dry-run',
    'gambeson spec apply specifications/ --prune',
  ],
  'spec export': ['gambeson spec export --format scm > farm.scm', 'gambeson spec export a b'],
  'spec list': ['gambeson spec list', 'gambeson spec list --json'],
  'spec show': ['gambeson spec show guix-master'],
  'spec pause': ['gambeson spec pause guix-master'],
  'spec resume': ['gambeson spec resume guix-master'],
  'spec release': ['gambeson spec release guix-master'],
  'spec remove': ['gambeson spec remove old --force'],
  'spec follow': ['gambeson spec follow https://git.example.org/farm.git --file farm.scm'],
  'spec followed': ['gambeson spec followed'],
  'spec look': ['gambeson spec look farm'],
  'spec unfollow': ['gambeson spec unfollow farm'],
  'store add': ['gambeson store add team --kind pushed --dir /nix/store --private'],
  'store list': ['gambeson store list'],
  'token create': [
    'gambeson token create --name "CI of the tools team" --store team --access write --expires 90d',
    'gambeson token create --name forge --specification packages --access write --output ./token',
  ],
  'token list': ['gambeson token list'],
  'cert ca': ["gambeson cert ca --name 'Farm administrators'"],
  'cert issue': [
    'gambeson cert issue ada --p12-password-file ada.password',
    'gambeson cert issue bob --csr bob.csr --days 90',
  ],
  'cert revoke': ['gambeson cert revoke ada --reason keyCompromise'],
  'cert list': ['gambeson cert list', 'gambeson cert list --json'],
  'cert crl': ['gambeson cert crl --crl-days 60'],
  'audit list': ['gambeson audit list --actor ada --subject worker/ --limit 50'],
  'audit verify': ['gambeson audit verify', 'gambeson audit verify --file audit.jsonl'],
  'audit export': ['gambeson audit export > audit.jsonl'],
  'token revoke': ['gambeson token revoke 7'],
  'upstream add': [
    'gambeson upstream add https://ci.guix.gnu.org --store guix --key-file ci.guix.gnu.org.pub',
  ],
  'upstream list': ['gambeson upstream list'],
  'upstream remove': ['gambeson upstream remove 1'],
  'upstream test': ['gambeson upstream test 1 --path /nix/store/HASH-hello-2.12'],
  doctor: [
    'gambeson doctor substitute /nix/store/HASH-hello-2.12',
    'gambeson doctor worker --data /var/lib/gambeson-worker',
  ],
  store: ['gambeson store verify --sample 5%', 'gambeson store gc --dry-run'],
};

export function examplesText(words: string): string | null {
  const lines = examples[words];
  if (lines === undefined) return null;
  return `\nExamples:\n${lines.map((line) => `  ${line}\n`).join('')}`;
}
