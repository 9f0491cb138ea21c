import type { Query } from '../../model/reads.ts';
import type { StepHost } from '../../virtual/step-host.ts';

/**
 * Prints the files and folders that HAProxy reads, one a line, as haproxy.service starts it: those of the
 * process that runs, with which it reads them again at a reload, or else those that systemd would give it.
 * A unit may have several `-f`, drop-ins change them, and files such as /etc/default/haproxy fill variables
 * in. A file wins over `Environment=`; `$A` as a word of its own becomes several words, `${A}` never does:
 * systemd.exec(5), systemd.service(5). The playbook has the same text, for what it runs on the host.
 */
export const filesOfUnit = String.raw`
pid=$(systemctl show --property=MainPID --value haproxy.service);
if [ "$pid" -gt 0 ] 2> /dev/null; then tr '\0' '\n' < "/proc/$pid/cmdline"; else {
systemctl show --property=Environment --value haproxy.service | xargs -r -n 1;
systemctl show --property=EnvironmentFiles --value haproxy.service | sed 's/ (ignore_errors=.*//' |
while read -r file; do [ ! -r "$file" ] || sed -n 's/^[[:space:]]*\([A-Za-z_][A-Za-z0-9_]*=\)/\1/p' "$file" |
sed "s/=[\"']\(.*\)[\"'][[:space:]]*\$/=\1/"; done; echo;
systemctl show --property=ExecStart --value haproxy.service |
sed -n 's/.*argv\[\]=\(.*\) ; ignore_errors=.*/\1/p' | tr ' ' '\n'; } |
awk '!words && $0 == "" { words = 1; next }
!words { at = index($0, "="); value[substr($0, 1, at - 1)] = substr($0, at + 1); next }
/^\$[A-Za-z_][A-Za-z0-9_]*$/ { n = split(value[substr($0, 2)], part, " "); for (i = 1; i <= n; i++) print part[i]; next }
{ while (match($0, /\$[{][A-Za-z_][A-Za-z0-9_]*}/)) $0 = substr($0, 1, RSTART - 1) value[substr($0, RSTART + 2, RLENGTH - 3)] substr($0, RSTART + RLENGTH);
print }'; fi |
awk 'taken { print; taken = 0; next } rest { print; next } $0 == "--" { rest = 1 } $0 == "-f" { taken = 1 }'
`
  .trim()
  .replaceAll('\n', ' ');

/** What a step has to ask for `unitFiles`. */
export const askUnitFiles: Query = { kind: 'command', args: ['sh', '-c', filesOfUnit] };

/** The files and folders that HAProxy reads; empty where the host doesn't say it. */
export function unitFiles(host: StepHost): readonly string[] {
  const { status, output = '' } = host.answer(askUnitFiles) ?? {};
  if (status !== 0) return [];
  return output.split('\n').filter((path) => path.startsWith('/'));
}
