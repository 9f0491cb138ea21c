// A manual page of what --help says, see groff_man(7): for a build that has made none.
import { execFileSync } from 'node:child_process';

/** `program`: an executable; `date`: seconds since 1970. */
export function manualPage({ program, version, date }) {
  const help = execFileSync(program, ['--help'], { encoding: 'utf8' });
  const day = new Date(date * 1000).toISOString().slice(0, 10);
  return `.TH CLUSTERPROXY 1 "${day}" "clusterproxy ${version}" "User Commands"
.SH NAME
clusterproxy \\- changes clusters of video-conference servers in transactions
.SH DESCRIPTION
.nf
${help.trim().split('\n').map(literal).join('\n')}
.fi
.SH SEE ALSO
.BR ssh_config (5)
`;
}

/** A line as it is: a period or an apostrophe at its beginning would be a request. */
function literal(line) {
  const escaped = line.replaceAll('\\', '\\e').replaceAll('-', '\\-');
  return /^[.']/.test(escaped) ? `\\&${escaped}` : escaped;
}
