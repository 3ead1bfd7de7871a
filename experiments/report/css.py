"""The look of the page: one column, tables that scroll, dark where the reader's system is."""

CSS = """
:root { color-scheme: light dark; --text: #1b1b1b; --back: #ffffff; --line: #c9c9c9;
  --quiet: #555555; --band: #f3f5f7; --link: #00558c; }
@media (prefers-color-scheme: dark) {
  :root { --text: #e8e8e8; --back: #16181b; --line: #45494f; --quiet: #b4b8bd;
    --band: #202429; --link: #7cc4f5; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; max-width: 72rem; color: var(--text);
  background: var(--back); font: 1rem/1.55 system-ui, sans-serif; overflow-wrap: break-word; }
h1 { font-size: 1.7rem; line-height: 1.25; margin: .5rem 0; }
h2 { font-size: 1.3rem; margin: 2.2rem 0 .6rem; border-bottom: 1px solid var(--line); }
a { color: var(--link); }
nav ul { padding-left: 1.2rem; columns: 16rem; }
nav li { break-inside: avoid; }
.scroll { overflow-x: auto; margin: 1rem 0 .3rem; }
.scroll:focus-visible { outline: 2px solid var(--link); }
table { min-width: min(100%, 38rem); border-collapse: collapse;
  font-variant-numeric: tabular-nums; font-size: .92rem; }
caption { text-align: left; padding: .2rem 0 .4rem; }
caption span { color: var(--quiet); }
th, td { padding: .3rem .6rem; text-align: left; border-bottom: 1px solid var(--line);
  white-space: nowrap; }
td.long { white-space: normal; min-width: 24rem; }
thead th { white-space: normal; vertical-align: bottom; border-bottom: 2px solid var(--line); }
tbody th { font-weight: 600; }
tbody tr:nth-child(even) { background: var(--band); }
figure { margin: 1.2rem 0; }
figure img { display: block; width: 100%; max-width: 48rem; height: auto; background: #ffffff;
  border-radius: 4px; }
figcaption, .note, footer { color: var(--quiet); font-size: .9rem; max-width: 48rem; }
.note { margin: .3rem 0; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; background: var(--band); padding: .6rem .8rem;
  border-radius: 4px; font-size: .9rem; }
.skip { position: absolute; left: -99rem; }
.skip:focus { left: 1rem; }
@media (max-width: 40rem) { table { min-width: 100%; } td.long { min-width: 14rem; }
  tbody th { white-space: normal; overflow-wrap: anywhere; }
  tbody th:nth-last-child(2) { min-width: 11rem; font-size: .85rem; } }
@media print { nav { display: none; } .scroll { overflow: visible; } }
"""
