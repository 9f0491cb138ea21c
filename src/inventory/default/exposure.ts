/** What is passed from / to a file: folders that hold a name, links that are followed, and the file. */
export interface OnTheWay {
  readonly path: string;
  readonly kind: 'folder' | 'link' | 'file' | 'other';
  /** permission bits, those of a link mean nothing */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** Who asks. */
export interface Asker {
  readonly uid: number;
  /** groups in which nobody else is: what they may write, nobody else may */
  readonly ownGroups: ReadonlySet<number>;
}

/** Why others could decide what a file says, and what would end that. */
export interface Exposure {
  readonly path: string;
  readonly why: string;
  /** a command for a shell; undefined: there is none that would be right for sure */
  readonly remedy: string | undefined;
}

const sticky = 0o1000;

/**
 * The first thing on the way to a file by which somebody who is neither root nor who asks could write the
 * file, exchange it, or have put it there; undefined where there is none. In a sticky folder such as /tmp a
 * name belongs to whoever made it, which only holds for folders: a file or a link may be a hard link there,
 * to something else of its owner's (link(2)), and what an inventory has beside it could be anybody's.
 */
export function exposureOf(way: readonly OnTheWay[], asker: Asker): Exposure | undefined {
  for (const [index, thing] of way.entries()) {
    const { path, kind, mode, uid, gid } = thing;
    if (uid !== 0 && uid !== asker.uid)
      return {
        path,
        why: `${path} belongs to another user (uid ${uid})`,
        remedy: kind === 'file' ? `chown ${asker.uid} ${quoted(path)}` : undefined,
      };
    if (kind === 'link') continue;
    const byOthers = (mode & 0o002) !== 0;
    const byGroup = (mode & 0o020) !== 0 && gid !== 0 && !asker.ownGroups.has(gid);
    if (!byOthers && !byGroup) continue;
    if (kind === 'folder' && (mode & sticky) !== 0 && way[index + 1]?.kind === 'folder') continue;
    const who = byOthers ? 'anybody' : `its group (gid ${gid})`;
    const may = kind === 'folder' ? `${who} can create files in ${path}` : `${path} can be written by ${who}`;
    return {
      path,
      why: `${may} (mode ${mode.toString(8).padStart(4, '0')})`,
      remedy: (mode & sticky) !== 0 ? undefined : `chmod go-w ${quoted(path)}`,
    };
  }
  return undefined;
}

/** As a word of a shell's. */
export function quoted(path: string): string {
  return /^[\w@%+=:,./~-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
