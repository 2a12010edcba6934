/** The page's style sheet: system fonts, light and dark by the reader's setting, print in light. */
export const PAGE_STYLE = `
:root {
  color-scheme: light dark;
  --paper: light-dark(#fcfcfb, #14161a);
  --card: light-dark(#ffffff, #1b1e24);
  --ink: light-dark(#1c2127, #e6e8eb);
  --soft: light-dark(#5c6570, #9aa4b0);
  --rule: light-dark(#e3e5e8, #2c313a);
  --grid: light-dark(#ecedf0, #272c34);
  --good: light-dark(#1a7f4b, #4cc38a);
  --warn: light-dark(#9a5b00, #e5a33d);
  --bad: light-dark(#b42318, #ff7a6b);
  --main: light-dark(#1f5fbf, #6ea8ff);
  --plan: light-dark(#8a929d, #8a94a3);
  --a: light-dark(#1f5fbf, #6ea8ff);
  --b: light-dark(#c4610a, #f0a05a);
  --c: light-dark(#17806a, #4fc9ae);
  --d: light-dark(#7a4cb0, #b794f0);
  --e: light-dark(#b0306a, #f284b4);
  --f: light-dark(#6b6a14, #cfcb58);
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "DejaVu Sans", sans-serif;
  font-variant-numeric: tabular-nums;
}
main { max-width: 1080px; margin: 0 auto; padding: 40px 24px 64px; }
h1 { font-size: 28px; line-height: 1.2; margin: 4px 0 6px; letter-spacing: -0.01em; overflow-wrap: anywhere; }
h2 { font-size: 19px; margin: 48px 0 4px; letter-spacing: -0.005em; overflow-wrap: anywhere; }
h3 { font-size: 15px; margin: 0; font-weight: 600; }
p { margin: 0; }
.eyebrow { font-size: 12px; letter-spacing: 0.08em; text-transform: uppercase; color: var(--soft); }
.facts, .lead, figcaption p, .x-title { color: var(--soft); overflow-wrap: anywhere; }
.lead { margin-bottom: 8px; }
.verdicts { list-style: none; margin: 24px 0 0; padding: 0; display: grid; gap: 6px; }
.verdicts li { padding: 10px 14px; border-left: 4px solid var(--tone); background: var(--card); border-radius: 0 6px 6px 0; overflow-wrap: anywhere; }
.verdicts b { color: var(--tone); font-weight: 600; }
.is-good { --tone: var(--good); }
.is-warn { --tone: var(--warn); }
.is-bad { --tone: var(--bad); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(132px, 1fr)); gap: 20px 24px; margin: 28px 0 8px; }
.tiles dt { font-size: 13px; color: var(--soft); }
.tiles dd { margin: 0; font-size: 24px; line-height: 1.25; font-weight: 600; letter-spacing: -0.01em; }
.tiles dd small { font-size: 13px; font-weight: 400; color: var(--soft); letter-spacing: 0; display: block; }
.two-up { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 460px), 1fr)); gap: 0 40px; }
.scroll { overflow-x: auto; max-width: 100%; }
table { border-collapse: collapse; width: 100%; font-size: 14px; margin: 10px 0; }
caption { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
th, td { text-align: right; padding: 6px 0 6px 18px; border-bottom: 1px solid var(--rule); white-space: nowrap; font-weight: 400; }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
thead th { color: var(--soft); font-size: 13px; vertical-align: bottom; }
tbody th[scope=row] { max-width: 300px; overflow: hidden; text-overflow: ellipsis; }
.text-column { text-align: left; }
.wrap { white-space: normal; overflow-wrap: anywhere; text-align: left; }
tr.sum th, tr.sum td { font-weight: 600; }
.uncorrected th, .uncorrected td { color: var(--soft); }
.alarm { color: var(--bad); font-weight: 600; }
.caution { color: var(--warn); font-weight: 600; }
.chart { container-type: inline-size; margin: 28px 0 0; min-width: 0; break-inside: avoid; }
figcaption { margin-bottom: 10px; }
figcaption p { font-size: 13px; }
.plot { position: relative; display: grid; grid-template: 220px 22px / 52px 1fr 76px; cursor: crosshair; touch-action: pan-y; }
.ys, .ends, .canvas { position: relative; }
.xs { grid-column: 2; position: relative; }
.canvas svg { display: block; width: 100%; height: 100%; overflow: visible; }
.ys span, .xs span, .ends span, .moment { position: absolute; font-size: 12px; line-height: 16px; white-space: nowrap; color: var(--soft); }
.ys span { right: 8px; transform: translateY(50%); }
.xs span { transform: translateX(-50%); top: 5px; }
.ends span { left: 8px; transform: translateY(50%); max-width: 68px; overflow: hidden; text-overflow: ellipsis; color: var(--tone); font-weight: 500; }
.moment { top: 1px; padding: 0 4px; font-size: 11px; }
.moment.before { transform: translateX(-100%); }
.x-title { font-size: 12px; text-align: center; padding: 2px 76px 0 52px; }
path { fill: none; vector-effect: non-scaling-stroke; stroke-linejoin: round; }
path.rule { stroke: var(--grid); stroke-width: 1; }
path.mark { stroke: var(--soft); stroke-width: 1; stroke-dasharray: 3 3; }
path.line, path.area { stroke: var(--tone); stroke-width: 1.5; }
path.area { stroke-opacity: 0.7; }
path.dashed { stroke: var(--tone); stroke-width: 1.25; stroke-dasharray: 4 3; }
path.fill { fill: var(--tone); fill-opacity: 0.13; }
rect.disturbed { fill: var(--warn); fill-opacity: 0.16; }
rect.paused { fill: var(--soft); fill-opacity: 0.22; }
.t-main { --tone: var(--main); } .t-plan { --tone: var(--plan); } .t-bad { --tone: var(--bad); }
.t-a { --tone: var(--a); } .t-b { --tone: var(--b); } .t-c { --tone: var(--c); }
.t-d { --tone: var(--d); } .t-e { --tone: var(--e); } .t-f { --tone: var(--f); }
.key { font-size: 13px; color: var(--soft); margin-top: 6px; }
.key i { display: inline-block; width: 22px; height: 12px; margin: 0 6px 0 0; vertical-align: -1px; border-radius: 2px; }
.key span { margin-right: 18px; white-space: nowrap; }
.key .disturbed { background: var(--warn); opacity: 0.3; }
.key .paused { background: var(--soft); opacity: 0.35; }
.hair { position: absolute; top: 0; bottom: 0; width: 1px; background: var(--soft); pointer-events: none; }
.tip { position: absolute; top: 6px; z-index: 2; padding: 6px 10px; background: var(--card); border: 1px solid var(--rule); border-radius: 6px; box-shadow: 0 2px 10px rgb(0 0 0 / 0.12); font-size: 12px; line-height: 18px; pointer-events: none; }
.tip p { display: flex; justify-content: space-between; gap: 14px; white-space: nowrap; }
.tip p:first-child b { font-weight: 400; }
.tip span { color: var(--soft); max-width: 160px; overflow: hidden; text-overflow: ellipsis; }
details { font-size: 13px; margin-top: 4px; }
summary { color: var(--soft); cursor: pointer; width: fit-content; }
summary:hover { color: var(--ink); }
details .scroll { max-height: 320px; overflow-y: auto; }
details table { font-size: 13px; }
details thead th { position: sticky; top: 0; background: var(--paper); }
pre { overflow-x: auto; background: var(--card); border: 1px solid var(--rule); border-radius: 6px; padding: 14px 16px; font: 13px/1.5 ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
.plan summary { font-size: 15px; }
.notes { padding-left: 20px; margin: 8px 0; }
.notes li { margin: 4px 0; overflow-wrap: anywhere; }
footer { margin-top: 56px; padding-top: 14px; border-top: 1px solid var(--rule); font-size: 13px; color: var(--soft); }
@media (max-width: 640px) {
  main { padding: 24px 16px 48px; }
  h1 { font-size: 23px; }
  .tiles { grid-template-columns: repeat(2, 1fr); gap: 14px 18px; }
  .tiles dd { font-size: 20px; }
  .plot { grid-template: 190px 22px / 46px 1fr 58px; }
  .ends span { left: 6px; max-width: 52px; font-size: 11px; }
  .ys span { font-size: 11px; right: 6px; }
  .xs span { font-size: 11px; }
  .x-title { padding: 2px 58px 0 46px; }
  th, td { padding-left: 14px; }
  tbody th[scope=row] { max-width: none; min-width: 96px; white-space: normal; overflow-wrap: break-word; }
}
@container (max-width: 520px) { .xs .minor { display: none; } }
@media print {
  :root { color-scheme: light; }
  body { background: none; font-size: 10pt; }
  main { max-width: none; padding: 0; }
  .chart details, .tip, .hair { display: none; }
  h2 { break-after: avoid; }
  .two-up { display: block; }
  .scroll { overflow: visible; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
@media (prefers-reduced-motion: no-preference) { summary { transition: color 0.15s; } }
`;
