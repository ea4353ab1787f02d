/** Specifications as the text of a file, in one of the formats that are read. */
import { stringify } from 'yaml';
import { printSpecifications } from '#domain/specification/cuirass/print.js';
import type { SpecificationInput } from '#protocol/specification.js';

export const printFormats = ['scm', 'json', 'yaml'] as const;
export type PrintFormat = (typeof printFormats)[number];

export function printSpecificationFile(
  specifications: readonly SpecificationInput[],
  format: PrintFormat,
): string {
  switch (format) {
    case 'scm':
      return printSpecifications(specifications);
    case 'json':
      return `${JSON.stringify(specifications, null, 2)}\n`;
    case 'yaml':
      return stringify(specifications, { lineWidth: 100 });
  }
}
