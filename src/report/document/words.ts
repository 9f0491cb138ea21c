import { cleanLine } from '../../document/clean-text.ts';
import type { HostAction, Unpacking } from '../../model/action.ts';
import type { Action, Check } from '../../model/handler.ts';
import type { Query } from '../../model/reads.ts';
import { showableLine } from '../../secrets/showable.ts';

/** What a handler does: `restart web.service` */
export function actionWords(action: Action): string {
  switch (action.kind) {
    case 'daemon-reload':
      return 'systemctl daemon-reload';
    case 'reload':
    case 'restart':
      return `${action.kind} ${cleanLine(action.unit)}`;
    case 'command':
      return `run ${commandLine(action.argv)}`;
  }
}

/** What must hold after a handler. */
export function checkWords(check: Check): string {
  switch (check.kind) {
    case 'active':
      return `${cleanLine(check.unit)} is active`;
    case 'port':
      return `something listens on port ${check.port}`;
    case 'nginx-workers':
      return 'new nginx workers are running';
    case 'haproxy-workers':
      return 'a new process of HAProxy listens, and no other in its place';
    case 'http':
      return `${showableLine(check.url)} answers`;
    case 'browse':
      return `${showableLine(check.url)} still answers, if it does now`;
  }
}

/** Arguments as they would be typed. */
export function commandLine(argv: readonly string[]): string {
  const typed = argv.map((word) =>
    /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`,
  );
  return showableLine(typed.join(' '));
}

/** What an action does, and what is to be known of it before saying yes. */
export function actionNotes({ run, notes, unless }: HostAction): readonly string[] {
  return [
    programWords(run),
    ...(unless === undefined ? [] : [`skipped if ${queryWords(unless)}`]),
    ...notes.map(showableLine),
    ...undoingWords(run.kind),
  ];
}

function undoingWords(kind: HostAction['run']['kind']): readonly string[] {
  switch (kind) {
    case 'install-packages':
      return ['a rollback leaves it in place, unless you give --remove-packages'];
    // Their own notes say it.
    case 'script':
    case 'upgrade-packages':
    case 'reboot':
      return [];
    default:
      return ['a rollback does not undo it'];
  }
}

function programWords(run: HostAction['run']): string {
  switch (run.kind) {
    case 'install-packages':
      return `${run.manager} install ${commandLine(run.names)}`;
    case 'remove-packages':
      return `removes ${commandLine(run.names)}, unless something else needs them`;
    case 'unpack':
      return `unpacks ${showableLine(sourceWords(run.source))} into ${cleanLine(run.directory)}`;
    case 'command':
      return `runs ${commandLine(run.argv)}`;
    case 'script':
      return `runs ${commandLine([run.file, ...run.args])} from this machine as root, with nobody to ask`;
    case 'upgrade-packages':
      return `${run.manager} install --only-upgrade ${commandLine(run.names)}, after ${run.manager} update`;
    case 'reboot':
      return 'restarts the whole host';
    case 'certbot':
      return `runs ${commandLine(['certbot', ...run.argv])}${run.port === undefined ? '' : `, on port 80, or ${run.port} if something else uses that`}`;
  }
}

function sourceWords(source: Unpacking['source']): string {
  switch (source.kind) {
    case 'url':
      return source.url;
    case 'upload':
      return `${source.file} from this machine`;
    case 'host':
      return `${source.path} from the host`;
  }
}

function queryWords({ kind, args }: Query): string {
  const [subject = '', days = '', ...names] = args;
  if (kind === 'certificate') {
    return `${cleanLine(subject)} is a certificate for ${commandLine(names)} that is valid for ${cleanLine(days)} more days`;
  }
  return kind === 'command' ? `${commandLine(args)} succeeds` : `${kind} says so`;
}
