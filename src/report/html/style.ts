import { constant, type Markup } from './markup.ts';

/**
 * All of the page's style. Nothing is ever put into it: the hash in the page's policy is that of this text.
 * Tones have at least 4.5 to 1 (WCAG 2.2, 1.4.3) on their own ground and on the page's.
 */
export const style: Markup = constant`
:root{color-scheme:light dark;--bg:#f7f8f8;--panel:#fff;--ink:#1c2227;--soft:#56616b;--line:#d8dde2;--code:#f1f3f5;
--good:#0e653a;--good-bg:#e8f5ed;--good-line:#86c09e;--change:#0b569f;--change-bg:#e8f1fb;--change-line:#8ab6e2;
--wait:#774900;--wait-bg:#fbf2e1;--wait-line:#d8b578;--bad:#9f1820;--bad-bg:#fdeceb;--bad-line:#e09a97;
--off:#535e68;--off-bg:#f0f2f4;--off-line:#bfc7ce;--old-bg:#fdeeed;--new-bg:#e9f6ee;--prepare:#7d8c99}
@media (prefers-color-scheme:dark){:root{--bg:#121619;--panel:#1a2024;--ink:#e6eaed;--soft:#a2adb7;--line:#323b42;--code:#232a2f;
--good:#7fd4a1;--good-bg:#15301f;--good-line:#336d4b;--change:#8bc0f4;--change-bg:#142b44;--change-line:#315f90;
--wait:#e9c07a;--wait-bg:#33280f;--wait-line:#755a22;--bad:#ff9f99;--bad-bg:#3a1818;--bad-line:#873b37;
--off:#a9b3bc;--off-bg:#23292e;--off-line:#46515a;--old-bg:#35191a;--new-bg:#14301f;--prepare:#8896a2}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;background:var(--bg);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;overflow-wrap:anywhere}
header,main,footer{max-width:62rem;margin:0 auto;padding:0 1.25rem}
header{padding-top:2rem}
footer{padding-top:1rem;padding-bottom:3rem;color:var(--soft);font-size:.875rem}
h1{font-size:1rem;font-weight:600;color:var(--soft);margin:0 0 .35rem}
h2{font-size:1.2rem;line-height:1.3;margin:2.5rem 0 .75rem}
h3{font-size:1rem;margin:0;display:inline}
h4{font-size:.95rem;margin:1.25rem 0 .25rem}
section>h3,.body>h3{display:block;margin:1.25rem 0 .5rem}
p{margin:.5rem 0}
a{color:var(--change)}
code,pre{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:.875em}
pre{background:var(--code);border-radius:6px;padding:.6rem .8rem;margin:.5rem 0;white-space:pre-wrap}
:focus-visible{outline:3px solid var(--change);outline-offset:2px;border-radius:3px}
.hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.defs{position:absolute}
.skip{position:absolute;left:1rem;top:-4rem;background:var(--panel);padding:.4rem .8rem}
.skip:focus{top:.5rem}
.outcome{display:flex;gap:.75rem;align-items:flex-start;font-size:1.5rem;line-height:1.3;font-weight:600;margin:0 0 1rem}
.outcome span{color:var(--ink)}
.outcome .icon{width:1.75rem;height:1.75rem;margin-top:.15rem}
.facts{display:flex;flex-wrap:wrap;gap:.25rem 1.75rem;margin:0;font-size:.9rem}
.facts div{display:flex;gap:.4rem}
.facts dt{color:var(--soft)}
.facts dd{margin:0}
.icon{flex:none;vertical-align:-.17em}
.t-good{color:var(--good);--tone-bg:var(--good-bg);--tone-line:var(--good-line)}
.t-change{color:var(--change);--tone-bg:var(--change-bg);--tone-line:var(--change-line)}
.t-wait{color:var(--wait);--tone-bg:var(--wait-bg);--tone-line:var(--wait-line)}
.t-bad{color:var(--bad);--tone-bg:var(--bad-bg);--tone-line:var(--bad-line)}
.t-off{color:var(--off);--tone-bg:var(--off-bg);--tone-line:var(--off-line)}
.state{white-space:normal}
.picture{background:var(--panel);border:1px solid var(--line);border-radius:10px;padding:1rem}
.cluster{display:block;width:100%;height:auto}
.cluster.narrow{display:none}
.cluster text{font:12px system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;fill:var(--ink)}
.cluster .name{font-weight:600;font-size:13px}
.cluster .role{font-weight:600;font-size:13px}
.cluster .small{fill:var(--soft)}
.cluster .frame>rect{fill:none;stroke:var(--line);stroke-width:1.5}
.cluster .people>rect{fill:var(--off-bg);stroke:var(--off-line);stroke-width:1.5}
.cluster .box{fill:var(--tone-bg);stroke:var(--tone-line);stroke-width:1.5}
.cluster .tile .words{fill:currentColor}
.cluster .dot{fill:currentColor}
.cluster .ring{fill:none;stroke:currentColor;stroke-width:1.5}
.cluster .line{fill:none;stroke:var(--soft);stroke-width:1.5}
.cluster .dashed{stroke-dasharray:5 4}
.cluster .head{fill:var(--soft)}
.cluster .way text{fill:var(--soft)}
table{border-collapse:collapse;width:100%}
caption{text-align:left;color:var(--soft);font-size:.9rem;padding:.25rem 0}
.list{font-size:.9375rem;margin:.5rem 0;background:var(--panel);border:1px solid var(--line)}
.list th,.list td{text-align:left;vertical-align:top;padding:.45rem .7rem;border-bottom:1px solid var(--line);font-weight:400;overflow-wrap:break-word}
.list code,.list dd{overflow-wrap:anywhere}
.list thead th{color:var(--soft);font-size:.8125rem;font-weight:600}
.list tbody th{font-weight:600}
.list caption{background:var(--bg)}
.list dl{margin:.35rem 0 0;display:grid;grid-template-columns:max-content 1fr;gap:.1rem .75rem;font-size:.875rem}
.list dt{color:var(--soft)}
.list dd{margin:0}
.list tbody th{min-width:7.5rem}
.list td:has(>.state){min-width:9rem}
.port,.took,.timeline td:last-child,.cross caption{white-space:nowrap}
.cross tbody th{min-width:0}
.checks td:first-child{width:8.5rem}
details{margin:.6rem 0}
summary{cursor:pointer;padding:.15rem 0}
details.host{background:var(--panel);border:1px solid var(--line);border-radius:8px}
details.host>summary h2{display:inline;margin:0}
details.host>summary{padding:.65rem .9rem}
details.host>.body{padding:0 .9rem .9rem;scroll-margin-top:1rem}
.about,.why,.quiet,.label,.alike{color:var(--soft)}
.about,.why,.quiet,.alike{font-size:.875rem}
.label{font-size:.8125rem;font-weight:600;margin:1rem 0 .25rem}
.next .label{margin:0 .25rem 0 0}
.kind{display:inline-block;min-width:3.7rem;color:var(--soft);font-size:.875rem}
.path{font-weight:600}
.change{margin:.5rem 0;border-top:1px solid var(--line);padding-top:.4rem}
.notes{margin:.25rem 0;padding-left:1.25rem;font-size:.875rem;color:var(--soft)}
.handlers{border-top:1px solid var(--line);margin-top:.5rem}
.handlers ol,.order{margin:.25rem 0;padding-left:1.5rem}
.ran{color:var(--good);font-size:.875rem}
.problem,.warning,.note{border-left:4px solid var(--tone-line,var(--line));background:var(--tone-bg,var(--panel));color:var(--ink);padding:.5rem .8rem;border-radius:0 6px 6px 0;margin:.6rem 0}
.problem p,.problem pre{margin:.25rem 0}
.problem.t-bad,.problem.t-wait,.warning.t-wait{color:var(--ink)}
.choice{border:0;padding:0;margin:.5rem 0;display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;font-size:.9rem}
.choice legend{float:left;margin-right:1.25rem;color:var(--soft);padding:0}
.diff{font-size:.8125rem;line-height:1.45;margin:.4rem 0;table-layout:fixed;background:var(--panel);border:1px solid var(--line)}
.diff td{padding:0 .5rem;vertical-align:top;font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
.diff th{text-align:left;font-size:.75rem;color:var(--soft);padding:.2rem .5rem;font-weight:600}
.diff col.number{width:3.4rem}
.diff col.sign{width:1.6rem}
.diff .number{text-align:right;color:var(--soft);user-select:none}
.diff .sign{color:var(--ink);font-weight:700}
.diff .text{white-space:pre-wrap;overflow-wrap:anywhere}
.diff .two .sign,.two span.sign{display:inline-block;width:1.1em}
.diff .old,.diff tr.old td{background:var(--old-bg)}
.diff .new,.diff tr.new td{background:var(--new-bg)}
.diff .none{background:var(--off-bg)}
.diff del,.diff ins{text-decoration:none}
.diff .hunk td{color:var(--soft);background:var(--code)}
.diff .note{all:unset;color:var(--soft)}
.diff.two td+td{border-left:1px solid var(--line)}
.beside{display:none}
.report:has([id$=as-beside]:checked) .beside{display:block}
.report:has([id$=as-beside]:checked) .unified{display:none}
.legend{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;list-style:none;padding:0;margin:.25rem 0;font-size:.875rem;color:var(--soft)}
.legend svg{vertical-align:-.3em}
.timeline .bars{width:52%;padding-left:.25rem;padding-right:.25rem}
.timeline td.bars svg{display:block;width:100%;height:1.35rem}
.axis{display:flex;justify-content:space-between}
.idle{stroke:var(--off-line);stroke-width:1.5;stroke-dasharray:2 4;fill:none}
.p-look{fill:var(--off-line)}
.p-wait{fill:var(--wait)}
.p-prepare{fill:var(--prepare)}
.p-change{fill:var(--change)}
.p-check{fill:var(--good)}
.scroll{overflow-x:auto}
.cross{width:auto}
.cross td{text-align:center}
.cross th .when{display:block;white-space:nowrap}
.screenshots{display:grid;grid-template-columns:repeat(auto-fill,minmax(16rem,1fr));gap:1rem}
figure{margin:0}
figure img{width:100%;height:auto;border:1px solid var(--line);border-radius:6px;display:block}
figcaption{font-size:.875rem;color:var(--soft)}
@media (max-width:44rem){
header,main,footer{padding-left:1rem;padding-right:1rem}
header{padding-top:1.25rem}
.outcome{font-size:1.2rem}
.outcome .icon{width:1.4rem;height:1.4rem}
.facts{display:block}
.picture{padding:.75rem}
.cluster.wide{display:none}
.cluster.narrow{display:block}
.choice{display:none}
.report .beside,.report:has([id$=as-beside]:checked) .beside{display:none}
.report .unified,.report:has([id$=as-beside]:checked) .unified{display:block}
.diff .number,.diff thead{display:none}
.list tbody th{min-width:5.5rem}
.list td:has(>.state){min-width:6rem}
.diff{table-layout:auto}
.diff .sign{padding-right:0}
.diff .text{width:100%}
.list th,.list td{padding:.4rem .5rem}
.list .role,.list .people,.list .took,.list .last,.timeline .began{display:none}
.list dl{display:block}
.list dd{margin:0 0 .35rem}
.checks td:first-child{width:6.5rem}
.timeline .bars{width:auto}
.timeline tbody th{max-width:7rem}
}
@media print{
:root{--bg:#fff}
body{font-size:11pt}
header,main,footer{max-width:none;padding:0}
.skip,.choice{display:none}
details::details-content{content-visibility:visible;block-size:auto}
.diff tr,.list tr,.tile{break-inside:avoid}
h2,h3,summary{break-after:avoid}
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}
}
@media (forced-colors:active){.box,.people>rect,.frame>rect{fill:Canvas;stroke:CanvasText}.cluster text{fill:CanvasText}}
`;
