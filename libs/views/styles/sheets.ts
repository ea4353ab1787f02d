/**
 * The style sheets: one for all pages, and one each for pages that have much of their own. Every
 * family of pages keeps its part in a file of its own.
 */
import { adminStyle } from './admin.js';
import { baseStyle } from './base.js';
import { buildStyle } from './builds.js';
import { evaluationStyle } from './evaluations.js';
import { formStyle } from './forms.js';
import { frameStyle } from './frame.js';
import { homeStyle } from './home.js';
import { logTextStyle } from './log-text.js';
import { logStyle } from './log.js';
import { noticeStyle } from './notices.js';
import { statusStyle } from './status.js';
import { tableStyle } from './tables.js';

export const mainSheet = [
  baseStyle,
  frameStyle,
  statusStyle,
  tableStyle,
  noticeStyle,
  formStyle,
  logTextStyle,
  homeStyle,
  evaluationStyle,
  buildStyle,
].join('');

export const logSheet = logStyle;
export const adminSheet = adminStyle;
