/** What the log page alone has: the window of lines, its tools, and 256 colours. */
import { logColours } from '../log-colours.js';

export const logStyle = `
main:has(.lines) {
  max-width: none;
}
.log-tools {
  display: flex;
  flex-wrap: wrap;
  align-items: center;
  gap: 0.35rem 0.75rem;
  margin: 0.5rem 0;
}
.log-tools form {
  display: flex;
  flex-wrap: wrap;
  align-items: center;
  gap: 0.35rem;
}
.log-tools input[type="search"] {
  width: 16rem;
  max-width: 70vw;
}
.log-tools label {
  display: inline-flex;
  align-items: center;
  gap: 0.3rem;
  min-height: 24px;
}
.log-tools input[type="number"] {
  width: 8rem;
}
.log-tools a,
.log-phases a {
  display: inline-block;
  min-height: 24px;
}
.log-phases ol {
  columns: 18rem;
  margin: 0.35rem 0;
  padding-left: 1.5rem;
}
.log-phases summary {
  min-height: 24px;
}
.log-where {
  font-variant-numeric: tabular-nums;
  min-width: 6rem;
}
.lines {
  margin: 0.5rem 0;
  background: var(--log);
  border: 1px solid var(--line);
  border-radius: 6px;
  overflow-x: auto;
  font: 13px/20px ui-monospace, "DejaVu Sans Mono", "Liberation Mono", Menlo, monospace;
  tab-size: 8;
}
.lines.windowed {
  position: relative;
  height: calc(100dvh - 7rem);
  min-height: 16rem;
  overflow-y: scroll;
  overflow-anchor: none;
}
.lines.windowed .drawn {
  position: absolute;
  left: 0;
  top: 0;
  min-width: 100%;
}
.lines.windowed.wrapped .drawn {
  width: 100%;
}
.line {
  display: flex;
  min-height: 20px;
}
.line > .no {
  flex: none;
  box-sizing: border-box;
  width: 5.5rem;
  padding-right: 0.75rem;
  text-align: right;
  color: var(--quiet);
  text-decoration: none;
  user-select: none;
  font-variant-numeric: tabular-nums;
}
.line > .no:hover {
  text-decoration: underline;
}
.line > .text {
  flex: 1 0 auto;
  white-space: pre;
  unicode-bidi: isolate;
  padding-right: 0.75rem;
}
.wrapped .line > .text {
  flex: 1 1 0;
  min-width: 0;
  white-space: pre-wrap;
  overflow-wrap: anywhere;
}
.line[data-time]::before {
  content: attr(data-time);
  flex: none;
  width: 7.5rem;
  padding-left: 0.5rem;
  color: var(--quiet);
  white-space: pre;
}
.line.marked,
.line:target {
  background: light-dark(#fff3c4, #3b3410);
}
.line.error {
  box-shadow: inset 4px 0 0 var(--bad);
}
.line.hit {
  outline: 2px solid var(--link);
  outline-offset: -2px;
}
.line .fold {
  flex: none;
  min-width: 24px;
  height: 20px;
  padding: 0;
  border: 0;
  background: none;
  line-height: 20px;
  user-select: none;
}
.line .took {
  color: var(--quiet);
  user-select: none;
  padding: 0 0.75rem;
  white-space: nowrap;
}
.line a[rel] {
  overflow-wrap: anywhere;
}
.line .more {
  color: var(--quiet);
  user-select: none;
}
::highlight(log-hit) {
  background: light-dark(#ffe066, #5c4d00);
  color: light-dark(#000000, #ffffff);
}
.pages[hidden] {
  display: none;
}
.log-new {
  position: sticky;
  bottom: 0.5rem;
  float: right;
}
.s {
  text-decoration: line-through;
}
@media (max-width: 40rem) {
  .line > .no {
    width: 3.75rem;
    padding-right: 0.4rem;
  }
  .line[data-time]::before {
    width: 5rem;
  }
  .lines.windowed {
    height: calc(100dvh - 4rem);
  }
}
@media print {
  .lines.windowed {
    height: auto;
  }
}
${logColours()}
`;
