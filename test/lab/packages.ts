import type { LabHost } from './host.ts';

/** A package that a test builds, under its name in both families. */
export interface TestPackage {
  readonly name: string;
  readonly version?: string;
  readonly depends?: readonly string[];
  /** files and their texts; an operator's own versions of those below /etc are kept (conffiles) */
  readonly files?: Readonly<Record<string, string>>;
  /** Debian only: run before its files are unpacked, and after it was configured */
  readonly preinst?: string;
  readonly postinst?: string;
}

const repository = '/srv/repository';

/** Builds these packages and makes them the only ones that apt-get can install on the host. */
export async function offerDebianPackages(host: LabHost, packages: readonly TestPackage[]): Promise<void> {
  for (const one of packages) await host.mustExec(['sh', '-ceu', buildDebian, 'sh', ...fieldsOf(one)]);
  await host.mustExec(['sh', '-ceu', indexDebian]);
}

/** The fields of a package as arguments of the scripts below; files are pairs of path and text. */
function fieldsOf(one: TestPackage): readonly string[] {
  const { name, version = '1.0', depends = [], preinst = '', postinst = '' } = one;
  return [name, version, depends.join(', '), preinst, postinst, ...Object.entries(one.files ?? {}).flat()];
}

const buildDebian = `
name=$1 version=$2 depends=$3 preinst=$4 postinst=$5
shift 5
build=$(mktemp -d)
chmod 0755 "$build"
mkdir -p "$build/DEBIAN" ${repository}
printf 'Package: %s\\nVersion: %s\\nArchitecture: all\\nMaintainer: lab <lab@example.com>\\nDescription: for tests\\n' \
  "$name" "$version" > "$build/DEBIAN/control"
[ -z "$depends" ] || echo "Depends: $depends" >> "$build/DEBIAN/control"
while [ $# -gt 0 ]; do
  mkdir -p "$build\${1%/*}"
  printf '%s' "$2" > "$build$1"
  case $1 in /etc/*) echo "$1" >> "$build/DEBIAN/conffiles" ;; esac
  shift 2
done
for script in preinst postinst; do
  eval "text=\\$$script"
  [ -n "$text" ] || continue
  printf '#!/bin/sh\\nset -e\\n%s\\n' "$text" > "$build/DEBIAN/$script"
  chmod 0755 "$build/DEBIAN/$script"
done
dpkg-deb --root-owner-group --build "$build" ${repository} > /dev/null
rm -r "$build"
`;

const indexDebian = `
cd ${repository}
for file in *.deb; do
  dpkg-deb --field "$file"
  printf 'Filename: ./%s\\nSize: %s\\nSHA256: %s\\n\\n' "$file" "$(stat -c %s "$file")" "$(sha256sum < "$file" | cut -d ' ' -f 1)"
done > Packages
rm -f /etc/apt/sources.list /etc/apt/sources.list.d/*
echo 'deb [trusted=yes] file:${repository} ./' > /etc/apt/sources.list
`;

/**
 * Makes the host look to clusterproxy like one of the Red Hat family, with a dnf that knows only these
 * packages.
 */
export async function becomeRedHat(host: LabHost, packages: readonly TestPackage[]): Promise<void> {
  for (const one of packages) await host.mustExec(['sh', '-ceu', buildRpm, 'sh', ...fieldsOf(one)]);
  await host.mustExec(['sh', '-ceu', indexRpm]);
}

const buildRpm = `
name=$1 version=$2 depends=$3
shift 5
top=$(mktemp -d)
mkdir -p "$top/SOURCES" ${repository}
{
  printf 'Name: %s\\nVersion: %s\\nRelease: 1\\nSummary: for tests\\nLicense: MIT\\nBuildArch: noarch\\n' "$name" "$version"
  [ -z "$depends" ] || echo "Requires: $depends"
  printf '%%description\\nfor tests\\n%%install\\ncp -r %%{_sourcedir}/. %%{buildroot}/\\n%%files\\n'
  while [ $# -gt 0 ]; do
    mkdir -p "$top/SOURCES\${1%/*}"
    printf '%s' "$2" > "$top/SOURCES$1"
    case $1 in /etc/*) printf '%%config(noreplace) ' ;; esac
    echo "$1"
    shift 2
  done
} > "$top/package.spec"
rpmbuild --quiet -bb --define "_topdir $top" --define '_build_id_links none' --define '__os_install_post %{nil}' "$top/package.spec" >&2
find "$top/RPMS" -name '*.rpm' -exec mv {} ${repository} \\;
rm -r "$top"
`;

const indexRpm = `
createrepo_c --quiet ${repository}
mkdir -p /etc/yum.repos.d
printf '[lab]\\nname=lab\\nbaseurl=file://${repository}\\nenabled=1\\ngpgcheck=0\\n' > /etc/yum.repos.d/lab.repo
echo 9 > /etc/dnf/vars/releasever
printf 'ID="rhel"\\nID_LIKE="fedora"\\nVERSION_ID="9.4"\\nPRETTY_NAME="Red Hat Enterprise Linux 9.4 (for tests)"\\n' > /etc/os-release
rm -f /usr/bin/apt /usr/bin/apt-get /usr/bin/dpkg /usr/bin/dpkg-query
rm -rf /var/lib/dpkg
`;
