/** Colours of both themes, letters, links and headings. */
export const baseStyle = `
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
[data-theme="light"] {
  color-scheme: light;
}
[data-theme="dark"] {
  color-scheme: dark;
}
* {
  box-sizing: border-box;
}
html {
  -webkit-text-size-adjust: 100%;
}
body {
  margin: 0;
  background: var(--paper);
  color: var(--ink);
  overflow-wrap: break-word;
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", "Liberation Sans", sans-serif;
}
a {
  color: var(--link);
  text-underline-offset: 0.15em;
}
a:hover {
  text-decoration-thickness: 2px;
}
:focus-visible {
  outline: 2px solid var(--link);
  outline-offset: 2px;
  border-radius: 2px;
}
h1 {
  font-size: 1.7rem;
  line-height: 1.25;
  margin: 1.25rem 0 0.25rem;
  overflow-wrap: anywhere;
}
h2 {
  font-size: 1.15rem;
  margin: 2rem 0 0.5rem;
}
.lead {
  font-size: 1.1rem;
  margin: 0.25rem 0 0.75rem;
}
.crumbs {
  margin: 1rem 0 -1rem;
  font-size: 0.9rem;
  color: var(--quiet);
  overflow-wrap: anywhere;
}
.quiet,
.note {
  color: var(--quiet);
  font-size: 0.9em;
}
.number {
  font-variant-numeric: tabular-nums;
}
time,
.number {
  white-space: nowrap;
}
.break {
  overflow-wrap: anywhere;
}
.unseen {
  position: absolute;
  width: 1px;
  height: 1px;
  overflow: hidden;
  clip-path: inset(50%);
  white-space: nowrap;
}
.empty {
  color: var(--quiet);
  padding: 0.75rem 0;
}
code,
pre {
  font-family: ui-monospace, "DejaVu Sans Mono", "Liberation Mono", Menlo, monospace;
  font-size: 0.875rem;
}
`;
