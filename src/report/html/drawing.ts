import type { ReportPicture } from '../document/schema.ts';
import { list } from '../shared/prose.ts';
import type { Tone } from '../shared/tones.ts';
import { type Group, groupsOf } from './groups.ts';
import type { RoleShown } from './hosts.ts';
import { html, type Markup } from './markup.ts';
import { fitting } from './text-width.ts';

/** What the cluster looks like: who is in it, in which state, and who talks to whom. */
export interface Drawing {
  readonly roles: readonly RoleShown[];
  readonly ways: ReportPicture['ways'];
  /** the address that browsers know */
  readonly hostname: string | undefined;
}

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

interface Frame extends Box {
  readonly role: RoleShown;
  readonly groups: readonly (Box & { readonly group: Group })[];
}

const edge = 2;
const gap = 10;
const inner = 14;
const titleHeight = 34;
const pillHeight = 40;
const tile = { width: 148, height: 48 };
/** one of many hosts that are alike */
const dot = { size: 9, step: 13 };
/** between rows of frames, where arrows and what they are for have their place */
const aisle = 58;

/**
 * The cluster as a picture, so wide as is said, in pixels: browsers above, then the roles to which they come
 * first, then those behind. Equal hosts of a large role are one box with a dot for each.
 */
export function drawCluster(
  drawing: Drawing,
  { width, id }: { readonly width: number; readonly id: string },
): Markup {
  const { roles, ways, hostname } = drawing;
  const isNarrow = width < 600;
  const within = ways.filter((way) => way.from !== 'operators' && roles.some(({ role }) => role === way.to));
  const [first, behind] = ranksOf(roles, within);
  const direct = within.filter(
    (way) => way.from === 'everyone' && behind.some(({ role }) => role === way.to),
  );
  const gutter = direct.length === 0 ? 0 : 28;
  const usable = width - 2 * edge - gutter;
  const pillWidth = isNarrow ? 128 : 280;
  const pill: Box = {
    x: isNarrow ? edge : edge + (usable - pillWidth) / 2,
    y: edge,
    width: pillWidth,
    height: pillHeight,
  };
  const top = placed(first, { x: edge, y: edge + pillHeight + aisle, width: usable });
  const topEnd = Math.max(0, ...top.map((frame) => frame.y + frame.height));
  const below = placed(behind, {
    x: edge,
    y: first.length === 0 ? edge + pillHeight + aisle : topEnd + aisle,
    width: usable,
  });
  const frames = [...top, ...below];
  const height = Math.max(pill.y + pill.height, ...frames.map((frame) => frame.y + frame.height)) + edge;
  const isKnown = within.length > 0;
  return html`<svg class="cluster ${isNarrow ? 'narrow' : 'wide'}" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="${id}-title ${id}-desc">
<title id="${id}-title">The cluster</title>
<desc id="${id}-desc">${description(drawing)}</desc>
${isKnown && drawPill(pill, hostname)}
${top.map((frame) => drawWay(ways, { from: 'everyone', start: pill, end: frame, width }))}
${below.flatMap((end) => top.map((start) => drawWay(ways, { from: start.role.role, start, end, width })))}
${first.length === 0 && below.map((frame) => drawWay(ways, { from: 'everyone', start: pill, end: frame, width }))}
${first.length > 0 && drawDirect(direct, { pill, frames: below, x: width - edge - 8 })}
${frames.map(drawFrame)}
</svg>`;
}

/** Those to which people come first, and those behind them. */
function ranksOf(
  roles: readonly RoleShown[],
  ways: ReportPicture['ways'],
): readonly [readonly RoleShown[], readonly RoleShown[]] {
  const isFirst = ({ role }: RoleShown) => ways.some(({ from, to }) => from === role && to !== role);
  return [roles.filter(isFirst), roles.filter((role) => !isFirst(role))];
}

/** Frames side by side. */
function placed(roles: readonly RoleShown[], { x, y, width }: Omit<Box, 'height'>): readonly Frame[] {
  const each = (width - gap * (roles.length - 1)) / Math.max(1, roles.length);
  return roles.map((role, index) => frameOf(role, { x: x + index * (each + gap), y, width: each }));
}

function frameOf(role: RoleShown, { x, y, width }: Omit<Box, 'height'>): Frame {
  const usable = width - 2 * inner;
  const columns = Math.max(1, Math.floor((usable + gap) / (tile.width + gap)));
  const groups: (Box & { group: Group })[] = [];
  const across = Math.min(260, (usable - gap * (columns - 1)) / columns);
  let line = y + titleHeight;
  for (const row of rowsOf(groupsOf(role.hosts), columns)) {
    const [first] = row;
    const dots =
      first === undefined || first.hosts.length === 1
        ? 0
        : Math.ceil(first.hosts.length / dotsAcross(usable));
    const each = dots === 0 ? across : usable;
    const height = tile.height + (dots === 0 ? 0 : dots * dot.step + 6);
    const left = x + inner + (usable - row.length * each - (row.length - 1) * gap) / 2;
    groups.push(
      ...row.map((group, index) => ({ group, x: left + index * (each + gap), y: line, width: each, height })),
    );
    line += height + gap;
  }
  const end = Math.max(y + titleHeight, ...groups.map((box) => box.y + box.height));
  return { role, groups, x, y, width, height: end - y + inner };
}

/** Single hosts side by side, as many as there is room for; hosts that are put together have a row. */
function rowsOf(groups: readonly Group[], columns: number): readonly (readonly Group[])[] {
  const rows: Group[][] = [];
  for (const group of groups) {
    const last = rows.at(-1);
    const fits = group.hosts.length === 1 && last?.[0]?.hosts.length === 1 && last.length < columns;
    if (fits) last?.push(group);
    else rows.push([group]);
  }
  return rows;
}

function dotsAcross(width: number): number {
  return Math.max(1, Math.floor((width - 24) / dot.step));
}

function drawPill({ x, y, width, height }: Box, hostname: string | undefined): Markup {
  const middle = x + width / 2;
  const isNarrow = width < 200;
  return html`<g class="people"><rect x="${x}" y="${y}" width="${width}" height="${height}" rx="20"/><text class="name" x="${middle}" y="${y + (isNarrow || hostname === undefined ? 25 : 17)}" text-anchor="middle">browsers</text>${
    !isNarrow &&
    hostname !== undefined &&
    html`<text class="small" x="${middle}" y="${y + 32}" text-anchor="middle">${fitting(hostname, width - 24, 12)}</text>`
  }</g>`;
}

function drawFrame({ role, groups, x, y, width, height }: Frame): Markup {
  const number = role.hosts.length;
  const words = role.external ? 'run by others' : number === 1 ? '' : `${number} hosts`;
  return html`<g class="frame"><rect x="${x}" y="${y}" width="${width}" height="${height}" rx="10"/><text x="${x + inner}" y="${y + 22}"><tspan class="role">${fitting(role.role, width - 2 * inner, 13)}</tspan>${words !== '' && html`<tspan class="small" dx="8">${words}</tspan>`}</text>${groups.map(drawGroup)}</g>`;
}

function drawGroup({ group, x, y, width, height }: Box & { readonly group: Group }): Markup {
  const { hosts, tone, words, leaves } = group;
  const [only] = hosts;
  const room = width - 44;
  const isOne = hosts.length === 1;
  const [name, state] = isOne ? [only?.name ?? '', words] : [`${hosts.length} ${words}`, namesOf(group)];
  return html`<g class="tile t-${tone}"><rect class="box" x="${x}" y="${y}" width="${width}" height="${height}" rx="7"${leaves && html` stroke-dasharray="5 4"`}/><use href="#i-${tone}" x="${x + 11}" y="${y + 11}" width="16" height="16"/><text class="name" x="${x + 35}" y="${y + 20}">${fitting(name, room, 13, true)}</text><text class="words" x="${x + 35}" y="${y + 37}">${fitting(state, room, 12)}</text>${!isOne && drawDots(group, { x: x + 13, y: y + tile.height, width })}</g>`;
}

function drawDots({ hosts, tone }: Group, { x, y, width }: Omit<Box, 'height'>): readonly Markup[] {
  const across = dotsAcross(width);
  return hosts.map((_, index) =>
    drawDot(tone, x + (index % across) * dot.step, y + Math.floor(index / across) * dot.step),
  );
}

function drawDot(tone: Tone, x: number, y: number): Markup {
  const { size } = dot;
  switch (tone) {
    case 'good':
      return html`<rect class="dot" x="${x}" y="${y}" width="${size}" height="${size}" rx="2"/>`;
    case 'change':
      return html`<path class="dot" d="M${x} ${y}h${size / 2}l${size / 2} ${size / 2}l-${size / 2} ${size / 2}h-${size / 2}z"/>`;
    case 'bad':
      return html`<path class="dot" d="M${x + size / 2} ${y - 0.5}l${size / 2 + 0.5} ${size / 2 + 0.5}l-${size / 2 + 0.5} ${size / 2 + 0.5}l-${size / 2 + 0.5} -${size / 2 + 0.5}z"/>`;
    case 'wait':
    case 'off':
      return html`<circle class="ring" cx="${x + size / 2}" cy="${y + size / 2}" r="${size / 2 - 1}"/>`;
  }
}

/** `bbb-001, bbb-002 … bbb-488` */
function namesOf({ hosts }: Group): string {
  const names = hosts.map(({ name }) => name);
  return names.length <= 3 ? list(names) : `${names[0]}, ${names[1]} … ${names.at(-1)}`;
}

interface Way {
  readonly from: string;
  readonly start: Box;
  readonly end: Frame;
  readonly width: number;
}

/** An arrow downwards from one box to another, with what it is for beside it. */
function drawWay(ways: ReportPicture['ways'], { from, start, end, width }: Way): Markup | undefined {
  const way = ways.find((one) => one.from === from && one.to === end.role.role);
  if (way === undefined) return undefined;
  const [left, right] = [
    Math.max(start.x, end.x) + 24,
    Math.min(start.x + start.width, end.x + end.width) - 24,
  ];
  const x = left <= right ? (left + right) / 2 : end.x + end.width / 2;
  const [y1, y2] = [start.y + start.height, end.y];
  const isStraight = left <= right;
  const middle = (y1 + y2) / 2;
  const line = isStraight
    ? `M${x} ${y1}V${y2 - 7}`
    : `M${start.x + start.width / 2} ${y1}V${middle}H${x}V${y2 - 7}`;
  const words = wayWords(way.ports);
  return html`<g class="way"><path class="line" d="${line}"/><path class="head" d="M${x} ${y2 - 1}l-5 -9h10z"/><text x="${x + 12}" y="${isStraight ? middle + 4 : middle + 16}">${fitting(words, width - x - 44, 12)}</text></g>`;
}

/** What goes straight from browsers to hosts behind the first ones: around them, on the right. */
function drawDirect(
  ways: ReportPicture['ways'],
  { pill, frames, x }: { readonly pill: Box; readonly frames: readonly Frame[]; readonly x: number },
): Markup | undefined {
  const [way] = ways;
  const end = frames.find(({ role }) => role.role === way?.to);
  if (way === undefined || end === undefined) return undefined;
  const [from, y] = [pill.x + pill.width, pill.y + pill.height / 2];
  const to = end.x + end.width;
  const at = end.y + 18;
  const room = x - from - 20;
  const words = fitting(`straight: ${portWords(way.ports)}`, room, 12);
  return html`<g class="way"><path class="line dashed" d="M${from} ${y}H${x - 8}q8 0 8 8V${at - 8}q0 8 -8 8H${to + 9}"/><path class="head" d="M${to + 1} ${at}l9 -5v10z"/><text x="${from + 12}" y="${y - 7}">${words}</text></g>`;
}

/** `443: the client's pages and WebSockets`, or only ports where there are many */
function wayWords(ports: ReportPicture['ways'][number]['ports']): string {
  const [only, ...more] = ports;
  if (only === undefined) return 'sends people there';
  return more.length === 0 ? `${portWords(ports)}: ${only.purpose}` : portWords(ports);
}

/** `443, 80, 16384-32768/udp` */
export function portWords(ports: ReportPicture['ways'][number]['ports']): string {
  return ports.map(({ port, protocol }) => (protocol === 'udp' ? `${port}/udp` : port)).join(', ');
}

/** All of the picture in a sentence, for who doesn't see it. */
function description({ roles, ways }: Drawing): string {
  const states = roles.map((role) => {
    if (role.external) return `${role.role}: run by others.`;
    const groups = groupsOf(role.hosts).map(({ hosts, words }) =>
      hosts.length === 1 ? `${hosts[0]?.name ?? ''} ${words}` : `${hosts.length} hosts ${words}`,
    );
    return `${role.role}: ${list(groups)}.`;
  });
  const talks = ways
    .filter(({ from }) => from !== 'operators')
    .map(
      ({ from, to, ports }) =>
        `${from === 'everyone' ? 'Browsers' : from} to ${to}${ports.length === 0 ? '' : `, ${portWords(ports)}`}.`,
    );
  return [...states, ...talks].join(' ');
}
