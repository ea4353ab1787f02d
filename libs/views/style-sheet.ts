/** The style of all pages, as text: light and dark by the reader's wish, one column on a phone. */
import { logColours } from './log-colours.js';

export const styleSheet = `
:root {
  color-scheme: light dark;
  --paper: light-dark(#fbfaf7, #16181b);
  --card: light-dark(#ffffff, #1d2024);
  --line: light-dark(#dedad1, #353a41);
  --ink: light-dark(#1d1f23, #e6e4df);
  --quiet: light-dark(#5d6068, #a2a6ae);
  --link: light-dark(#1f5aa8, #8ab8f5);
  --good: light-dark(#1e7a3c, #6cc98a);
  --bad: light-dark(#b3261e, #ff8f86);
  --farm: light-dark(#8a5300, #f0b65c);
  --busy: light-dark(#1f5aa8, #8ab8f5);
  --idle: light-dark(#5d6068, #a2a6ae);
  --off: light-dark(#6a4c93, #c3a6ea);
  --log: light-dark(#f4f2ec, #101214);
}
* { box-sizing: border-box;
}
html { -webkit-text-size-adjust: 100%;
}
body {
  margin: 0;
  background: var(--paper);
  color: var(--ink);
  font:
    16px/1.5 system-ui,
    -apple-system,
    "Segoe UI",
    "Liberation Sans",
    sans-serif;
}
header,
main,
footer {
  max-width: 76rem;
  margin: 0 auto;
  padding: 0 1rem;
}
header {
  display: flex;
  flex-wrap: wrap;
  align-items: baseline;
  gap: 0.25rem 1.5rem;
  padding-top: 0.75rem;
  padding-bottom: 0.75rem;
  border-bottom: 1px solid var(--line);
}
header .name {
  font-weight: 700;
  font-size: 1.15rem;
  color: var(--ink);
  text-decoration: none;
}
header nav { display: flex; gap: 1.1rem;
}
nav a[aria-current] {
  color: var(--ink);
  text-decoration: none;
  border-bottom: 2px solid currentColor;
}
footer {
  display: flex;
  flex-wrap: wrap;
  gap: 0.25rem 1.5rem;
  margin-top: 3rem;
  padding-top: 0.75rem;
  padding-bottom: 2rem;
  border-top: 1px solid var(--line);
  color: var(--quiet);
  font-size: 0.875rem;
}
a { color: var(--link); text-underline-offset: 0.15em;
}
a:hover { text-decoration-thickness: 2px;
}
:focus-visible {
  outline: 2px solid var(--link);
  outline-offset: 2px;
  border-radius: 2px;
}
.skip { position: absolute; left: -100rem;
}
.skip:focus {
  left: 0.5rem;
  top: 0.5rem;
  background: var(--card);
  padding: 0.5rem;
}
h1 {
  font-size: 1.7rem;
  line-height: 1.25;
  margin: 1.25rem 0 0.25rem;
  overflow-wrap: anywhere;
}
h2 { font-size: 1.15rem; margin: 2rem 0 0.5rem;
}
.lead { font-size: 1.1rem; margin: 0.25rem 0 0.75rem;
}
.crumbs {
  margin: 1rem 0 -1rem;
  font-size: 0.9rem;
  color: var(--quiet);
  overflow-wrap: anywhere;
}
.quiet,
.note { color: var(--quiet); font-size: 0.9em;
}
.number { font-variant-numeric: tabular-nums;
}
time,
.number { white-space: nowrap;
}
.break { overflow-wrap: anywhere;
}
.empty { color: var(--quiet); padding: 0.75rem 0;
}
code,
pre {
  font-family: ui-monospace, "DejaVu Sans Mono", "Liberation Mono", Menlo, monospace;
  font-size: 0.875rem;
}
.cards {
  display: grid;
  grid-template-columns: repeat(auto-fill, minmax(min(22rem, 100%), 1fr));
  gap: 1rem;
}
article {
  background: var(--card);
  border: 1px solid var(--line);
  border-radius: 8px;
  padding: 0.9rem 1rem;
}
article h2 { margin: 0 0 0.5rem; overflow-wrap: anywhere;
}
article p { margin: 0.35rem 0;
}
.tag {
  margin-left: 0.5rem;
  padding: 0 0.45rem;
  border: 1px solid var(--line);
  border-radius: 99px;
  font-size: 0.8rem;
  font-weight: 400;
  color: var(--quiet);
}
.shapes { position: absolute;
}
.status {
  display: inline-flex;
  flex-wrap: wrap;
  align-items: baseline;
  gap: 0 0.35rem;
}
.mark { white-space: nowrap; font-weight: 600;
}
.status svg {
  fill: none;
  stroke: currentColor;
  stroke-width: 1.75;
  stroke-linecap: round;
  stroke-linejoin: round;
  margin-right: 0.35rem;
  vertical-align: -0.12em;
}
.good { color: var(--good);
}
.bad { color: var(--bad);
}
.farm { color: var(--farm);
}
.busy { color: var(--busy);
}
.idle { color: var(--idle);
}
.off { color: var(--off);
}
.bar {
  display: block;
  width: 100%;
  min-width: 8rem;
  height: 8px;
  border-radius: 4px;
  margin: 0.25rem 0;
  background: var(--line);
}
.bar rect { fill: currentColor;
}
.scroll { overflow-x: auto;
}
table { border-collapse: collapse; width: 100%;
}
th,
td {
  text-align: left;
  vertical-align: top;
  padding: 0.45rem 0.9rem 0.45rem 0;
  border-bottom: 1px solid var(--line);
}
th {
  font-size: 0.85rem;
  font-weight: 600;
  color: var(--quiet);
  white-space: nowrap;
}
tbody tr:hover { background: var(--card);
}
tr:target { outline: 2px solid var(--link);
}
dl {
  display: grid;
  grid-template-columns: minmax(6rem, max-content) 1fr;
  gap: 0.35rem 1.25rem;
  margin: 0;
}
dt { color: var(--quiet);
}
dd { margin: 0; min-width: 0;
}
.fault,
.warning,
.wait {
  margin: 0.35rem 0;
  padding: 0.4rem 0.7rem;
  border-left: 4px solid var(--bad);
  background: var(--card);
  white-space: pre-wrap;
  overflow-wrap: anywhere;
}
p.fault,
p.warning,
.wait { white-space: normal;
}
.warning { border-color: var(--farm);
}
.wait { border-color: var(--busy);
}
.wait p { margin: 0;
}
.wait ul { margin: 0.35rem 0 0; padding-left: 1.25rem;
}
pre.fault { max-height: 20rem; overflow: auto;
}
.command,
.log {
  margin: 0.5rem 0;
  padding: 0.75rem;
  background: var(--log);
  border: 1px solid var(--line);
  border-radius: 6px;
  overflow: auto;
}
.log {
  max-height: 70vh;
  white-space: pre-wrap;
  overflow-wrap: anywhere;
  line-height: 1.4;
  min-height: 4rem;
}
.filters {
  display: flex;
  flex-wrap: wrap;
  gap: 0.5rem 1.5rem;
  justify-content: space-between;
  align-items: center;
  margin-bottom: 0.5rem;
}
.filters nav {
  display: flex;
  flex-wrap: wrap;
  gap: 0.35rem 1rem;
}
.filters nav a { text-decoration: none; white-space: nowrap;
}
.pages {
  display: flex;
  gap: 1.5rem;
  margin: 0.75rem 0;
}
.filters form {
  display: flex;
  gap: 0.5rem;
  align-items: baseline;
}
input,
button {
  font: inherit;
  color: inherit;
  background: var(--card);
  border: 1px solid var(--line);
  border-radius: 6px;
  padding: 0.25rem 0.6rem;
}
button { cursor: pointer;
}
}
}
}
}
}
}
}
}
}
}
}
}
}
}
}
}
}
}
}
}
@media (max-width: 40rem) {
  body {
    font-size: 15px;
  }
  dl {
    grid-template-columns: 1fr;
    gap: 0 0;
  }
  dd {
    margin-bottom: 0.5rem;
  }
  th,
  td {
    padding-right: 0.6rem;
  }
  .scroll table {
    min-width: 34rem;
  }
}
@media print {
  header nav,
  footer,
  .filters form {
    display: none;
  }
  .log {
    max-height: none;
  }
}
${logColours}
`;
