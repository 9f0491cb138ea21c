import { type Kept, type RenewalsFound, titleOf } from './renewals-found.ts';

/**
 * Whose the folder is that a file lies in, of those that users can write to. Undefined elsewhere: those are
 * root's.
 */
export function ownerOf(file: string, { owners }: Pick<RenewalsFound, 'owners'>): string | undefined {
  return [...owners].find(([folder]) => file.startsWith(`${folder}/`))?.[1];
}

/**
 * What an operator runs to have a certificate renewed at once, or where it stands. Nothing that a user can
 * write to is run as root, and no name from a host that would be more than one word in a shell.
 */
export function renewalCommand({ client, file }: Kept, found: RenewalsFound): string {
  const folder = file.split('/').slice(0, -1);
  const [name = '', home] = [folder.at(-1), folder.slice(0, -1).join('/')];
  const isPlain = (text: string) => /^[\w./@:+-]+$/.test(text) && !text.startsWith('-');
  const otherwise = `run ${titleOf(client)} by hand for ${file}`;
  const owner = ownerOf(file, found) ?? (file.startsWith('/home/') ? undefined : 'root');
  if (owner === undefined || !isPlain(owner) || !isPlain(file)) return otherwise;
  const as = owner === 'root' ? '' : `sudo -u ${owner} `;
  if (client === 'certbot') return `certbot renew --cert-name ${name}`;
  if (client === 'acme.sh') {
    // That is where it installs itself.
    const program = home.endsWith('/.acme.sh') ? `${home}/acme.sh` : 'acme.sh';
    return `${as}${program} --home ${home} --cron`;
  }
  const line = found.runs.find((one) => one.client === client && (one.user === owner || owner === 'root'));
  if (line === undefined) return otherwise;
  return `run what starts ${titleOf(client)} in ${line.name}${owner === 'root' ? '' : `, as ${owner}`}`;
}
