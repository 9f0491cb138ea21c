import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Pair {
  readonly certificate: string;
  readonly key: string;
}

interface Wish {
  readonly days?: number;
  readonly algorithm?: 'rsa' | 'ec';
}

const made = new Map<string, Pair>();

/**
 * A self-signed certificate and its key, PEM: always the same one for the same wish. `days` may be negative:
 * then it has expired. Elliptic curves, unless RSA is the point, as an RSA key takes a while.
 */
export function selfSigned(name: string, wish: Wish = {}): Pair {
  const id = JSON.stringify([name, wish.days, wish.algorithm]);
  const pair = made.get(id) ?? make(name, wish);
  made.set(id, pair);
  return pair;
}

function make(name: string, { days = 30, algorithm = 'ec' }: Wish): Pair {
  const folder = mkdtempSync(join(tmpdir(), 'certificate-'));
  try {
    const kind = algorithm === 'rsa' ? ['rsa:2048'] : ['ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
    const day = (offset: number) =>
      new Date(Date.now() + offset * 86_400_000).toISOString().replace(/[-:T]|\.\d+/g, '');
    const csr = join(folder, 'csr');
    const [key, certificate] = [join(folder, 'key'), join(folder, 'crt')];
    execFileSync(
      'openssl',
      [
        'req',
        '-new',
        '-newkey',
        ...kind,
        '-nodes',
        '-subj',
        `/CN=${name}`,
        '-addext',
        `subjectAltName=DNS:${name}`,
        '-keyout',
        key,
        '-out',
        csr,
      ],
      { stdio: 'ignore' },
    );
    execFileSync('sh', [
      '-c',
      'mkdir "$1/ca" && : > "$1/ca/index" && printf "[ca]\\ndefault_ca=d\\n[d]\\ndatabase=$1/ca/index\\nnew_certs_dir=$1/ca\\nrand_serial=yes\\ndefault_md=sha256\\npolicy=p\\ncopy_extensions=copy\\n[p]\\ncommonName=supplied\\n" > "$1/ca.cnf" && openssl ca -batch -selfsign -config "$1/ca.cnf" -keyfile "$2" -in "$3" -startdate "$4" -enddate "$5" -notext -out "$6" 2> /dev/null',
      'sh',
      folder,
      key,
      csr,
      day(Math.min(days, 0) - 40),
      day(days),
      certificate,
    ]);
    return { certificate: readFileSync(certificate, 'utf8'), key: readFileSync(key, 'utf8') };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A certificate that an authority's authority has signed, PEM; the key is the leaf's. */
export interface Chain extends Pair {
  readonly intermediate: string;
  readonly root: string;
}

/** A root, an intermediate authority that it signed, and a certificate for `name` that this one signed. */
export function chained(name: string): Chain {
  const folder = mkdtempSync(join(tmpdir(), 'chain-'));
  const read = (file: string) => readFileSync(join(folder, file), 'utf8');
  const openssl = (...args: readonly string[]) =>
    execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
  const requested = (file: string, subject: string) =>
    openssl(
      ...['req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
      ...['-subj', `/CN=${subject}`, '-keyout', `${file}.key`, '-out', `${file}.csr`],
    );
  const signed = (file: string, extensions: string, ...by: readonly string[]) => {
    writeFileSync(join(folder, 'extensions'), extensions);
    openssl(
      ...['x509', '-req', '-in', `${file}.csr`, '-days', '30', '-extfile', 'extensions', '-out', file],
      ...by,
    );
  };
  const by = (file: string) => ['-CA', file, '-CAkey', `${file}.key`, '-set_serial', '7'];
  try {
    const authority = 'basicConstraints=critical,CA:TRUE\n';
    requested('root', 'Some Root');
    signed('root', authority, '-signkey', 'root.key');
    requested('between', 'Some Intermediate');
    signed('between', authority, ...by('root'));
    requested('leaf', name);
    signed('leaf', `subjectAltName=DNS:${name}\n`, ...by('between'));
    const [root, intermediate, certificate, key] = ['root', 'between', 'leaf', 'leaf.key'].map(read);
    return { root, intermediate, certificate, key } as Chain;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
