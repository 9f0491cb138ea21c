import { createHash } from 'node:crypto';
import { setSectionsBlock } from '../../formats/haproxy.ts';
import type { StepHost } from '../../virtual/step-host.ts';
import { understand } from '../shared/understand.ts';
import { cacheBlock, haproxyCacheBlock } from './block-formats.ts';
import { installedVersion, isSince } from './version.ts';

/** How long a name of a section `cache` may be. Source: src/cache.c of HAProxy. */
const longestName = 32;

/** The name of a cluster's cache, by which its backends find it. */
export function cacheName(cluster: string): string {
  const name = `clusterproxy:${cluster}`;
  if (name.length <= longestName) return name;
  return `clusterproxy:${createHash('sha256').update(cluster).digest('hex').slice(0, 16)}`;
}

/**
 * The cluster's cache in HAProxy's own memory: megabytes in all, bytes for one file, and seconds. From 2.4 on
 * it keeps what varies by `Accept-Encoding`, each way by itself; before, it doesn't keep that at all.
 */
export function writeCache(host: StepHost, path: string, cluster: string): void {
  const lines = [
    'total-max-size 64',
    'max-object-size 16777216',
    'max-age 604800',
    ...(isSince(installedVersion(host), [2, 4]) ? ['process-vary on'] : []),
  ];
  const body = `cache ${cacheName(cluster)}\n${lines.map((line) => `    ${line}\n`).join('')}`;
  const text = host.text(path) ?? '';
  const after = understand(host, path, text, () => setSectionsBlock(text, cacheBlock(cluster), body));
  host.manage({ path, format: haproxyCacheBlock.name, key: [cluster] });
  if (after !== text) host.write(path, after);
}

/** Whether a request is for a file whose name has a hash, as a variable that answers can be judged by. */
const hashed = 'txn.clusterproxy_hashed';

/**
 * Lines of a backend, behind those that make the request one for the node, since HAProxy goes by Host and
 * path. `relays`: conditions of which one has to hold for the request.
 *
 * Kept are answers to GET for the files whose names have a hash, such as `bundle.0123456789abcdef0123.js`: no
 * other file, since one that keeps its name would stay as it was after an upgrade of the node. A compressed
 * one is kept only if the node says that it varies: HAProxy would give it to those who can't read it.
 */
export function cacheLines(cache: string, relays: readonly string[]): readonly string[] {
  if (relays.length === 0) return [];
  return [
    `acl is_hashed path -m reg '/([^/]*[._-])?[0-9a-f]{16,64}[.][a-z0-9]+$'`,
    ...relays.map((relay) => `http-request set-var(${hashed}) bool(true) ${relay} is_hashed METH_GET`),
    `http-request cache-use ${cache} if { var(${hashed}) -m bool }`,
    'acl is_encoded res.hdr(content-encoding) -m found',
    'acl is_varied res.hdr(vary) -m found',
    'acl is_personal res.hdr(set-cookie) -m found',
    `http-response cache-store ${cache} if { var(${hashed}) -m bool } !is_personal !is_encoded`,
    `http-response cache-store ${cache} if { var(${hashed}) -m bool } !is_personal is_varied`,
  ];
}
