/**
 * Scheme as data, for files that people write and other programs read: the datum, its reader and
 * its printer. What a reader of Guile's would make of text, never evaluated.
 */
export * from './scheme-datum.js';
export { readScheme, type SchemeFault, type SchemeText } from './scheme-reader.js';
export { printScheme } from './scheme-printer.js';
