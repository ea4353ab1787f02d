/** The style of all pages, as text: light and dark by the reader's wish, one column on a phone. */
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
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", "Liberation Sans", sans-serif;
}
header, main, footer { max-width: 76rem; margin: 0 auto; padding: 0 1rem; }
header { display: flex; flex-wrap: wrap; align-items: baseline; gap: .25rem 1.5rem; padding-top: .75rem;
  padding-bottom: .75rem; border-bottom: 1px solid var(--line); }
header .name { font-weight: 700; font-size: 1.15rem; color: var(--ink); text-decoration: none; }
header nav { display: flex; gap: 1.1rem; }
nav a[aria-current] { color: var(--ink); text-decoration: none; border-bottom: 2px solid currentColor; }
footer { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; margin-top: 3rem; padding-top: .75rem;
  padding-bottom: 2rem; border-top: 1px solid var(--line); color: var(--quiet); font-size: .875rem; }
a { color: var(--link); text-underline-offset: .15em; }
a:hover { text-decoration-thickness: 2px; }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; border-radius: 2px; }
.skip { position: absolute; left: -100rem; }
.skip:focus { left: .5rem; top: .5rem; background: var(--card); padding: .5rem; }
h1 { font-size: 1.7rem; line-height: 1.25; margin: 1.25rem 0 .25rem; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; }
.lead { font-size: 1.1rem; margin: .25rem 0 .75rem; }
.crumbs { margin: 1rem 0 -1rem; font-size: .9rem; color: var(--quiet); overflow-wrap: anywhere; }
.quiet, .note { color: var(--quiet); font-size: .9em; }
.number { font-variant-numeric: tabular-nums; }
time, .number { white-space: nowrap; }
.break { overflow-wrap: anywhere; }
.empty { color: var(--quiet); padding: .75rem 0; }
code, pre { font-family: ui-monospace, "DejaVu Sans Mono", "Liberation Mono", Menlo, monospace; font-size: .875rem; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(22rem, 100%), 1fr)); gap: 1rem; }
article { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: .9rem 1rem; }
article h2 { margin: 0 0 .5rem; overflow-wrap: anywhere; }
article p { margin: .35rem 0; }
.tag { margin-left: .5rem; padding: 0 .45rem; border: 1px solid var(--line); border-radius: 99px;
  font-size: .8rem; font-weight: 400; color: var(--quiet); }
.shapes { position: absolute; }
.status { display: inline-flex; flex-wrap: wrap; align-items: baseline; gap: 0 .35rem; }
.mark { white-space: nowrap; font-weight: 600; }
.status svg { fill: none; stroke: currentColor; stroke-width: 1.75; stroke-linecap: round; stroke-linejoin: round;
  margin-right: .35rem; vertical-align: -.12em; }
.good { color: var(--good); } .bad { color: var(--bad); } .farm { color: var(--farm); }
.busy { color: var(--busy); } .idle { color: var(--idle); } .off { color: var(--off); }
.bar { display: block; width: 100%; min-width: 8rem; height: 8px; border-radius: 4px; margin: .25rem 0; background: var(--line); }
.bar rect { fill: currentColor; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .45rem .9rem .45rem 0; border-bottom: 1px solid var(--line); }
th { font-size: .85rem; font-weight: 600; color: var(--quiet); white-space: nowrap; }
tbody tr:hover { background: var(--card); }
tr:target { outline: 2px solid var(--link); }
dl { display: grid; grid-template-columns: minmax(6rem, max-content) 1fr; gap: .35rem 1.25rem; margin: 0; }
dt { color: var(--quiet); } dd { margin: 0; min-width: 0; }
.fault, .warning, .wait { margin: .35rem 0; padding: .4rem .7rem; border-left: 4px solid var(--bad); background: var(--card);
  white-space: pre-wrap; overflow-wrap: anywhere; }
p.fault, p.warning, .wait { white-space: normal; }
.warning { border-color: var(--farm); }
.wait { border-color: var(--busy); }
.wait p { margin: 0; } .wait ul { margin: .35rem 0 0; padding-left: 1.25rem; }
pre.fault { max-height: 20rem; overflow: auto; }
.command, .log { margin: .5rem 0; padding: .75rem; background: var(--log); border: 1px solid var(--line); border-radius: 6px; overflow: auto; }
.log { max-height: 70vh; white-space: pre-wrap; overflow-wrap: anywhere; line-height: 1.4; min-height: 4rem; }
.filters { display: flex; flex-wrap: wrap; gap: .5rem 1.5rem; justify-content: space-between; align-items: center; margin-bottom: .5rem; }
.filters nav { display: flex; flex-wrap: wrap; gap: .35rem 1rem; }
.filters nav a { text-decoration: none; white-space: nowrap; }
.pages { display: flex; gap: 1.5rem; margin: .75rem 0; }
.filters form { display: flex; gap: .5rem; align-items: baseline; }
input, button { font: inherit; color: inherit; background: var(--card); border: 1px solid var(--line); border-radius: 6px; padding: .25rem .6rem; }
button { cursor: pointer; }
.b { font-weight: 700; } .dim { opacity: .75; } .i { font-style: italic; } .u { text-decoration: underline; }
.f0, .f8 { color: var(--quiet); } .f1, .f9 { color: var(--bad); } .f2, .f10 { color: var(--good); }
.f3, .f11 { color: var(--farm); } .f4, .f12 { color: var(--link); } .f5, .f13 { color: var(--off); }
.f6, .f14 { color: light-dark(#0b6e75, #6fd0d8); } .f7, .f15 { color: inherit; }
.g0, .g8 { background: light-dark(#dddad3, #3a3f46); } .g1, .g9 { background: light-dark(#f6d5d2, #5b1f1b); }
.g2, .g10 { background: light-dark(#d3ecd9, #173f24); } .g3, .g11 { background: light-dark(#f7e5c4, #4c3407); }
.g4, .g12 { background: light-dark(#d5e3f7, #183458); } .g5, .g13 { background: light-dark(#e7dbf4, #38254f); }
.g6, .g14 { background: light-dark(#d0eef0, #0d3c40); } .g7, .g15 { background: light-dark(#e9e6df, #4a4f57); }
@media (max-width: 40rem) {
  body { font-size: 15px; }
  dl { grid-template-columns: 1fr; gap: 0 0; } dd { margin-bottom: .5rem; }
  th, td { padding-right: .6rem; }
  .scroll table { min-width: 34rem; }
}
@media print { header nav, footer, .filters form { display: none; } .log { max-height: none; } }
`;
