import type { Value } from '../formats/keyed-format.ts';
import type { FoundHost, FoundProduct } from '../model/begun.ts';
import { mergeReads } from '../model/merge-reads.ts';
import type { Introduction, Playbook } from '../model/playbook.ts';
import { noReads, type Reads } from '../model/reads.ts';
import type { Snapshot } from '../model/snapshot.ts';
import { kindOf } from '../playbook/facts/kinds.ts';
import { caddyCertificates, caddyFile } from './caddy-names.ts';
import {
  answeringOf,
  certbotFiles,
  certificatesOf,
  haproxyFile,
  isPublic,
  nginxFile,
} from './public-names.ts';

const ownNameFile = '/etc/hostname';

type Known = Pick<Playbook, 'name' | 'roles'>;

/** What has to be read of a host to say what it is, whatever its role is going to be. */
export function introductionReads(playbooks: readonly Known[]): Reads {
  const facts = playbooks
    .flatMap(({ roles }) => roles)
    .flatMap(({ introduction }) => (introduction === undefined ? [] : Object.values(introduction)))
    .filter((fact) => fact !== undefined);
  return mergeReads([
    ...facts.map((fact) => ({ ...noReads, ...kindOf(fact).reads(fact) })),
    {
      ...noReads,
      paths: [ownNameFile, haproxyFile, caddyFile, certbotFiles, caddyCertificates],
      includes: [nginxFile],
    },
  ]);
}

/** Files of certificates that a second look has to read. */
export function unreadCertificates(snapshot: Snapshot): readonly string[] {
  return answeringOf(snapshot).files.filter((file) => !snapshot.paths.has(file));
}

export type Introduced = Pick<
  FoundHost,
  'system' | 'ownName' | 'product' | 'programs' | 'publicNames' | 'certificates'
>;

/**
 * What a host is, by what was read of it. `playbooks`: the one that is meant first, since its product counts
 * before that of others.
 */
export function introduce(snapshot: Snapshot, playbooks: readonly Known[]): Introduced {
  const answering = answeringOf(snapshot);
  const certificates = certificatesOf(snapshot, answering.files);
  const state = snapshot.paths.get(ownNameFile);
  const ownName = state?.kind === 'file' ? state.content.toString('utf8').trim() : '';
  const product = productOf(snapshot, playbooks);
  const names = [
    ...(product?.hostname === undefined ? [] : [product.hostname]),
    ...answering.names,
    ...certificates.flatMap((one) => one.names),
    ownName.toLowerCase(),
  ];
  return {
    system: snapshot.os.name || undefined,
    ownName: ownName || undefined,
    product,
    programs: programsOf(snapshot),
    publicNames: [...new Set(names)].filter(isPublic),
    certificates,
  };
}

/** What stands in front of other hosts has no product of its own. */
function programsOf({ paths }: Snapshot): readonly string[] {
  const files = [
    ['nginx', nginxFile],
    ['HAProxy', haproxyFile],
    ['Caddy', caddyFile],
  ] as const;
  return files.flatMap(([name, file]) => {
    const kind = paths.get(file)?.kind;
    return kind === 'file' || kind === 'symlink' ? [name] : [];
  });
}

function productOf(snapshot: Snapshot, playbooks: readonly Known[]): FoundProduct | undefined {
  for (const { name, roles } of playbooks) {
    for (const { introduction, description } of roles) {
      if (introduction === undefined || !isTold(tell(introduction, 'installed', snapshot))) continue;
      const text = (key: keyof Introduction) => {
        const told = tell(introduction, key, snapshot);
        return typeof told === 'string' && told !== '' ? told : undefined;
      };
      const hostname = text('hostname')?.toLowerCase();
      return { playbook: name, title: description, version: text('version'), hostname };
    }
  }
  return undefined;
}

function isTold(value: Value | undefined): boolean {
  return value === true || (typeof value === 'string' && value !== '');
}

/** Undefined also where it can't be told, such as of a file that can't be read. */
function tell(introduction: Introduction, key: keyof Introduction, snapshot: Snapshot): Value | undefined {
  const fact = introduction[key];
  if (fact === undefined) return undefined;
  try {
    return kindOf(fact).answer(fact, { fact: key, snapshot });
  } catch {
    return undefined;
  }
}
