import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { OperatorError } from '../model/operator-error.ts';
import { exitStatus } from '../model/result.ts';
import { count } from '../report/shared/prose.ts';
import { checksumsOf, differences, sha256sumLines } from './checksums.ts';
import { inventoryName, sampleHosts } from './cluster.ts';
import type { Stage } from './stage.ts';

const inventory = ['--inventory', inventoryName];
const hosts = sampleHosts.map(({ name }) => name);

const properties = 'etc/bigbluebutton/bbb-web.properties';
const clientLocations = 'hosts/bbb-03/etc/bigbluebutton/nginx/aa-clusterproxy.nginx';
const broken = 'hosts/bbb-03/etc/nginx/conf.d/own.conf';

/** The story, from a fresh cluster back to the same cluster; each command has to end as expected. */
export async function tellStory(stage: Stage, folder: string): Promise<void> {
  const original = await checksumsOf(folder, hosts);
  await setUp(stage, folder, original);
  await drift(stage);
  await meeting(stage);
  await failure(stage, folder);
  await undo(stage, folder, original);
}

async function setUp(stage: Stage, folder: string, original: ReadonlyMap<string, string>): Promise<void> {
  stage.heading('1. An inventory says which hosts make up the cluster');
  await stage.shell(`cat ${inventoryName}`);
  await stage.say('Mistakes in it are found before any host is contacted:');
  await stage.clusterproxy(['validate', ...inventory]);

  stage.heading('2. A plan says what would change, and why');
  await stage.say(
    'It contains every change of every file and is therefore long, so here it goes into a file.',
  );
  await stage.clusterproxy(['plan', ...inventory], { exitStatus: exitStatus.done, into: 'plan.txt' });
  await stage.say(
    'Each version of BigBlueButton has its own recipe, which is chosen by what is found on the host:',
  );
  await stage.shell('grep recipe plan.txt');
  await stage.shell('tail -n 2 plan.txt');
  await stage.say(
    'One of the changes on the node with 2.4: existing settings stay as they are, and secrets are hidden.',
  );
  await stage.shell("sed -n '/^bbb-01:/,$p' plan.txt | grep -m 1 -A 12 'modify.*properties'");

  stage.heading('3. apply carries it out');
  await writeFile(join(folder, 'original.sha256'), sha256sumLines(original));
  await stage.say(
    'The checksums of all files are now in original.sha256, for a later comparison. The proxy comes first: a location that nobody uses yet does no harm. Then one node alone, then the others. Services restart only if a change requires it, and are then checked.',
  );
  await stage.clusterproxy(['apply', ...inventory, '--yes'], {
    exitStatus: exitStatus.done,
    into: 'apply.txt',
  });
  await stage.say(
    'apply.txt begins with the plan, which must be confirmed unless --yes is given. It ends with:',
  );
  await stage.shell("sed -n '/^proxy-1  /,$p' apply.txt");

  stage.heading('4. A second run has nothing to do');
  await stage.clusterproxy(['apply', ...inventory, '--yes']);
}

async function drift(stage: Stage): Promise<void> {
  stage.heading('5. Someone edits a file by hand, and check finds it');
  await stage.shell(
    `sed -i 's,^accessControlAllowOrigin=.*,accessControlAllowOrigin=*,' \\
    hosts/bbb-02/${properties}`,
  );
  await stage.clusterproxy(['check', ...inventory], {
    exitStatus: exitStatus.differs,
    meaning: 'a host is not as it should be',
  });

  stage.heading('6. apply repairs it');
  await stage.clusterproxy(['apply', ...inventory, '--yes']);
}

async function meeting(stage: Stage): Promise<void> {
  stage.heading('7. Nobody is thrown out of a meeting');
  await stage.say(
    'Someone has changed bbb-02 again, but now 28 people are in a meeting there, which a restart of the shared notes would interrupt. (The stand-in for BigBlueButton reads its meetings from a file.)',
  );
  await stage.shell('rm hosts/bbb-02/etc/bigbluebutton/etherpad.json');
  await stage.shell("echo '28 Biology 7b' > hosts/bbb-02/run/stand-in/meetings");
  await stage.clusterproxy(['apply', ...inventory, '--yes'], {
    exitStatus: exitStatus.deferred,
    meaning: 'a host was deferred; nothing was changed on it',
  });
  await stage.say(
    'Once the meeting is over, the same command repairs it; that happens below, together with the next fault.',
  );
  await stage.shell('rm hosts/bbb-02/run/stand-in/meetings');
}

async function failure(stage: Stage, folder: string): Promise<void> {
  stage.heading('8. A host rolls back by itself what fails');
  await stage.say(
    'On bbb-03 someone has edited a managed file and left an unfinished file for nginx, with which nginx would refuse to reload or start.',
  );
  await stage.shell(`sed -i 's/autoindex on;/autoindex off;/' \\
    ${clientLocations}`);
  await stage.shell(`echo 'server { listen 8080;' > ${broken}`);
  const before = await checksumsOf(folder, ['bbb-03']);
  await stage.clusterproxy(['apply', ...inventory, '--yes'], {
    exitStatus: exitStatus.failed,
    meaning: 'a host failed or was rolled back',
  });
  expectSame(before, await checksumsOf(folder, ['bbb-03']));
  await stage.say(
    `bbb-02 is repaired. bbb-03 is as it was before, with the edit in its file, and no service was restarted there:`,
  );
  await stage.shell(`grep autoindex ${clientLocations}`);
  await stage.say('Without the unfinished file it works:');
  await stage.shell(`rm ${broken}`);
  await stage.clusterproxy(['apply', ...inventory, '--yes', '--limit', 'bbb-03']);
}

async function undo(stage: Stage, folder: string, original: ReadonlyMap<string, string>): Promise<void> {
  stage.heading('9. rollback restores everything');
  const run = await firstRun(folder);
  await stage.say(`Without --run it undoes the latest run. Here it undoes the first one, from step 3:`);
  await stage.clusterproxy(['rollback', ...inventory, '--run', run, '--yes'], {
    exitStatus: exitStatus.done,
    into: 'rollback.txt',
  });
  await stage.shell("sed -n '/^bbb-03  /,$p' rollback.txt");
  await stage.say('All files have their original contents again:');
  await stage.shell("sha256sum -c original.sha256 | grep -v OK || echo 'no file differs'");
  expectSame(original, await checksumsOf(folder, hosts));
  const files = [...original.values()].filter((sum) => sum.length === 64).length;
  await stage.say(
    `${count(files, 'file')} compared: none of them differs, and no new file or directory was left behind.`,
  );
}

/** The ids of runs begin with their time. */
async function firstRun(folder: string): Promise<string> {
  const runs = await readdir(join(folder, 'hosts/proxy-1/var/lib/clusterproxy/runs'));
  const [first] = runs.filter((name) => !name.startsWith('.')).sort();
  if (first === undefined) throw new Error('the proxy remembers no run');
  return first;
}

function expectSame(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): void {
  const found = differences(before, after);
  if (found.length === 0) return;
  throw new OperatorError({
    code: 'demo-failed',
    message: 'some files are not as they should be',
    detail: found.join('\n'),
    next: 'use --keep to keep the hosts for inspection',
  });
}
