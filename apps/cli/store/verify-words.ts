/** What `gambeson store verify` says. */
import type { FindingAnswer, VerificationAnswer } from '#protocol/api/verification.js';

const done: Readonly<Record<FindingAnswer['done'], string>> = {
  told: '',
  dropped: '; left out, another file holds the path',
  withdrawn: '; withdrawn',
};

export function findingLine(finding: FindingAnswer): string {
  const what = finding.path ?? finding.fileKey ?? '';
  const where = finding.store === null ? '' : `${finding.store}: `;
  const file = finding.path !== null && finding.fileKey !== null ? `${finding.fileKey}: ` : '';
  const again = finding.build === null ? '' : `, build ${finding.build} makes it again`;
  return `${where}${what}: ${finding.kind} (${file}${finding.detail})${done[finding.done]}${again}`;
}

export function progressLine({ paths, expected, bytes }: VerificationAnswer): string {
  return `${paths} of about ${expected} paths, ${megabytes(bytes)}`;
}

export function summaryLines(verification: VerificationAnswer): string[] {
  const { paths, bytes, broken, incomplete, orphans, fault } = verification;
  const part = verification.share < 1 ? ` (a sample of ${round(verification.share * 100)} %)` : '';
  return [
    `${paths} paths, ${megabytes(bytes)} seen${part}`,
    `${broken} broken, ${incomplete} that refer to what is not offered`,
    ...(orphans.files > 0
      ? [`${orphans.files} files (${megabytes(orphans.bytes)}) that nothing names: garbage`]
      : []),
    ...(fault === null ? [] : [`ended early: ${fault}`]),
    ...(broken > 0 && !verification.repair
      ? ['run it with --repair to take back what is broken']
      : []),
  ];
}

function megabytes(bytes: number): string {
  return `${round(bytes / 1_000_000)} MB`;
}

function round(number: number): number {
  return Math.round(number * 10) / 10;
}
