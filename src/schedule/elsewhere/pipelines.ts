import { dirname } from 'node:path';
import { stringify } from 'yaml';
import { offsetMinute } from '../names.ts';
import { cronFields } from '../when.ts';
import { shellWord } from './cron.ts';
import type { Elsewhere } from './kubernetes.ts';

/**
 * A pipeline has a person between what is planned and what is done: the plan is an artifact, somebody
 * approves it, and exactly that plan is applied, or what is left of it. `plan --detailed-exitcode` exits with
 * 2 where a host differs; apply refuses a plan that has become another one (`plan-differs`).
 */
const planned = (inventory: string) =>
  `clusterproxy plan --inventory ${shellWord(inventory)} --out plan.json --detailed-exitcode`;
const applied = (inventory: string) =>
  `clusterproxy apply --inventory ${shellWord(inventory)} --plan plan.json --yes`;

/** How long a plan is good for: by then somebody has approved it, or the next one is there. */
const days = 7;

/** The private key isn't in the repository; ssh takes this one if the inventory names none. */
const key = 'CLUSTERPROXY_SSH_KEY';
const keyFile = '/root/.ssh/id_ed25519';

/** .gitlab-ci.yml. When it runs is said by a pipeline schedule of the project. */
export function gitlabPipeline({ name, when, image, inventory, secrets }: Elsewhere): string {
  const pipeline = {
    stages: ['plan', 'apply'],
    default: {
      image: { name: image, entrypoint: [''] },
      before_script: [`install -D -m 600 "$${key}" ${keyFile}`],
    },
    plan: {
      stage: 'plan',
      rules: [{ if: '$CI_PIPELINE_SOURCE == "schedule" || $CI_PIPELINE_SOURCE == "web"' }],
      script: [planned(inventory)],
      // 2: at least one host differs.
      allow_failure: { exit_codes: [2] },
      artifacts: { when: 'always', paths: ['plan.json'], access: 'developer', expire_in: `${days} days` },
    },
    apply: {
      stage: 'apply',
      rules: [
        {
          if: '$CI_PIPELINE_SOURCE == "schedule" || $CI_PIPELINE_SOURCE == "web"',
          when: 'manual',
          allow_failure: true,
        },
      ],
      needs: [{ job: 'plan', artifacts: true }],
      environment: { name: 'cluster' },
      resource_group: 'cluster',
      interruptible: false,
      script: [applied(inventory)],
    },
  };
  return [
    `# Save it as .gitlab-ci.yml, and add a pipeline schedule: ${cronFields(when, offsetMinute(name))}`,
    `# ${variablesWords(secrets, `protected CI/CD variables; ${key} is one of the type File`)}`,
    '# Who may approve is said by the protected environment "cluster".',
    stringify(pipeline, { lineWidth: 0, aliasDuplicateObjects: false }),
  ].join('\n');
}

/** A workflow of GitHub Actions. GitHub's cron has no time zone but UTC. */
export function githubWorkflow({ name, when, image, inventory, secrets }: Elsewhere): string {
  const env = Object.fromEntries([key, ...secrets].map((secret) => [secret, `\${{ secrets.${secret} }}`]));
  const withKey = {
    shell: 'sh',
    run: `umask 077\nmkdir -p ${dirname(keyFile)}\nprintf '%s\\n' "$${key}" >${keyFile}\n`,
  };
  const job = {
    'runs-on': 'ubuntu-latest',
    container: { image },
    env,
  };
  const workflow = {
    name: 'cluster',
    on: { schedule: [{ cron: cronFields(when, offsetMinute(name)) }], workflow_dispatch: {} },
    permissions: { contents: 'read' },
    concurrency: { group: 'cluster', 'cancel-in-progress': false },
    jobs: {
      plan: {
        ...job,
        outputs: { differs: `\${{ steps.plan.outputs.differs }}` },
        steps: [
          { uses: 'actions/checkout@v4' },
          withKey,
          {
            id: 'plan',
            shell: 'sh',
            run: `status=0
${planned(inventory)} || status=$?
case $status in
  0) echo "differs=false" >>"$GITHUB_OUTPUT" ;;
  2) echo "differs=true" >>"$GITHUB_OUTPUT" ;;
  *) exit "$status" ;;
esac
`,
          },
          {
            uses: 'actions/upload-artifact@v4',
            if: "steps.plan.outputs.differs == 'true'",
            with: { name: 'plan', path: 'plan.json', 'retention-days': days },
          },
        ],
      },
      apply: {
        ...job,
        needs: 'plan',
        if: "needs.plan.outputs.differs == 'true'",
        environment: 'cluster',
        steps: [
          { uses: 'actions/checkout@v4' },
          withKey,
          { uses: 'actions/download-artifact@v4', with: { name: 'plan' } },
          { shell: 'sh', run: `${applied(inventory)}\n` },
        ],
      },
    },
  };
  return [
    '# Save it as .github/workflows/cluster.yml. The times of its cron are in UTC.',
    `# ${variablesWords(secrets, 'secrets of the repository')}`,
    '# Who approves is said by the reviewers that the environment "cluster" requires: add them, or nobody is',
    '# asked.',
    stringify(workflow, { lineWidth: 0, aliasDuplicateObjects: false }),
  ].join('\n');
}

function variablesWords(secrets: readonly string[], where: string): string {
  return `${[...secrets, key].join(', ')} (a private key): ${where}.`;
}
