/** `gambeson audit`: who changed what on a farm, and whether its log of that is still whole. */
import { Command, InvalidArgumentError } from 'commander';
import { listAuditEntries, type AuditEntryAnswer } from '#client/generated/audit.js';
import { verifyAudit, type AuditVerdict } from '#application/verify-audit.js';
import type { AuditHead } from '#domain/access/audit-chain.js';
import { sha256OfUtf8 } from '#formats/hash.js';
import { limitOf } from '../arguments.js';
import { Refusal } from '../exit-codes.js';
import { ofFarm, openFarmApi, type FarmOptions } from '../farm-options.js';
import { plainTable } from '../tell/columns.js';
import { tell } from '../tell/tell.js';
import { writeOut } from '../tell/write-out.js';
import { exportedEntries, FarmChain } from './chains.js';

const examples = `
Examples:
  gambeson audit list --actor ada --subject worker/
  gambeson audit verify
  gambeson audit verify --known 1204:9f86d0…      the head that an earlier verify told
  gambeson audit export > audit.jsonl
  gambeson audit verify --file audit.jsonl

Each entry's hash covers the one before it: one that was altered, taken out or swapped is found.
Who rewrites all of them is found by --known: keep what verify tells somewhere else.`;

export function auditCommand(): Command {
  return new Command('audit')
    .description('who changed what, and whether the log of it is whole')
    .addHelpText('after', examples)
    .addCommand(listCommand())
    .addCommand(verifyCommand())
    .addCommand(exportCommand());
}

interface ListOptions extends FarmOptions {
  readonly actor?: string;
  readonly action?: string;
  readonly subject?: string;
  readonly limit: number;
}

function listCommand(): Command {
  return ofFarm(new Command('list'))
    .description('changes, newest first')
    .option('--actor <name>', 'of this one alone')
    .option('--action <action>', 'such as specification.edit')
    .option('--subject <subject>', 'such as worker/7, or worker/ for all workers')
    .option('--limit <number>', 'how many, at most 500', limitOf, 20)
    .action(async (options: ListOptions) => {
      const { actor, action, subject, limit } = options;
      const query = {
        ...{ limit, ...(actor && { actor }) },
        ...{ ...(action && { action }), ...(subject && { subject }) },
      };
      const list = await listAuditEntries((await openFarmApi(options)).client, { query });
      const head = ['ID', 'WHEN', 'WHO', 'BY', 'DID', 'TO', 'OUTCOME'];
      tell(options, list, () => plainTable(head, list.items.map(rowOf)));
    });
}

interface VerifyOptions extends FarmOptions {
  readonly known?: AuditHead;
  readonly file?: string;
}

function verifyCommand(): Command {
  return ofFarm(new Command('verify'))
    .description('look whether every entry is there, unaltered and in its place')
    .option('--known <id:hash>', 'a head that was told earlier', knownHead)
    .option('--file <file>', 'verify an export instead of the farm')
    .action(async (options: VerifyOptions) => {
      const { file, known = null } = options;
      const log = file === undefined ? await chainOf(options) : await exportedEntries(file);
      const verdict = await verifyAudit(log, sha256OfUtf8, known);
      tell(options, verdict, () => words(verdict));
      if (verdict.faults.length > 0) {
        throw new Refusal('unwell', 'the audit log is not what was written');
      }
    });
}

function exportCommand(): Command {
  return ofFarm(new Command('export'))
    .description('every entry as a line of JSON, oldest first')
    .action(async (options: FarmOptions) => {
      for await (const answer of (await chainOf(options)).answers()) {
        await writeOut(`${JSON.stringify(answer)}\n`);
      }
    });
}

async function chainOf(options: FarmOptions): Promise<FarmChain> {
  return new FarmChain((await openFarmApi(options)).client);
}

function knownHead(text: string): AuditHead {
  const [, id = '', hash = ''] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (hash === '') throw new InvalidArgumentError('NUMBER:HASH, as verify tells it.');
  return { id: Number(id), hash };
}

function words({ entries, head, faults }: AuditVerdict): string {
  const end = `Its head is ${head.id}:${head.hash}\n`;
  if (faults.length === 0) return `All of the ${entries} entries are as they were written.\n${end}`;
  return faults.map((fault) => `${sentence(fault)}\n`).join('') + end;
}

function sentence(fault: AuditVerdict['faults'][number]): string {
  switch (fault.kind) {
    case 'altered':
      return `Entry ${fault.id} was altered.`;
    case 'swapped':
      return `Entry ${fault.id} does not follow the one before it: one of them was swapped.`;
    case 'missing':
      return fault.from === fault.to
        ? `Entry ${fault.from} is missing.`
        : `Entries ${fault.from} to ${fault.to} are missing.`;
    case 'unlike-known':
      return `Entry ${fault.id} is not the one that is known: the log was written anew.`;
  }
}

function rowOf({ id, at, actor, action, subject, outcome }: AuditEntryAnswer): string[] {
  const { name, role, via } = actor;
  return [id, at.slice(0, 19), `${name} (${role})`, via, action, subject, outcome];
}
