import { type Finding, notOk, ok } from '../finding.ts';
import type { Check, Patient } from '../patient.ts';

/** What the stack made, and somebody took away or changed. */
const DEPLOY = 'npx fairlead deploy --revert-drift';

/** Whether ECR is set up as builds and roll-outs count on it. */
export const registry: Check = {
  about: 'registry',
  needs: [
    'ecr:DescribePullThroughCacheRules',
    'ecr:DescribeRepositoryCreationTemplates',
    'ecr:GetRegistryScanningConfiguration',
    'ecr:GetAccountSetting',
  ],
  async look(patient) {
    const { ECRClient, ...ecr } = await import('@aws-sdk/client-ecr');
    const client = new ECRClient(patient.settings('ECR') ?? {});
    const [rules, templates, scanning, mounting] = await Promise.all([
      client.send(new ecr.DescribePullThroughCacheRulesCommand({})),
      client.send(new ecr.DescribeRepositoryCreationTemplatesCommand({})),
      client.send(new ecr.GetRegistryScanningConfigurationCommand({})),
      client.send(new ecr.GetAccountSettingCommand({ name: 'BLOB_MOUNTING' })),
    ]);
    const cache = rules.pullThroughCacheRules?.some(
      ({ ecrRepositoryPrefix }) => ecrRepositoryPrefix === 'docker.io',
    );
    const template = templates.repositoryCreationTemplates?.find(({ prefix }) => prefix === 'fairlead');
    return [
      cache
        ? ok('pull-through cache', 'docker.io')
        : notOk('pull-through cache', 'there is none for docker.io', DEPLOY),
      ...templateFindings(template),
      ...scanningFindings(patient, scanning.scanningConfiguration),
      mountingFinding(patient, mounting.value),
    ];
  },
};

function templateFindings(
  template: { lifecyclePolicy?: string; imageTagMutability?: string } | undefined,
): Finding[] {
  if (template === undefined)
    return [notOk('repositories', 'no template makes them: a first push of an app fails', DEPLOY)];
  const { lifecyclePolicy, imageTagMutability = '' } = template;
  if (!lifecyclePolicy)
    return [notOk('repositories', 'their template has no lifecycle: images are kept for ever', DEPLOY)];
  if (!imageTagMutability.startsWith('IMMUTABLE'))
    return [notOk('repositories', 'their template lets a tag mean another image later', DEPLOY)];
  return [ok('repositories', 'made at the first push, tags immutable, old images go')];
}

interface Scanning {
  scanType?: string;
  rules?: { scanFrequency?: string; repositoryFilters?: { filter?: string }[] }[];
}

function scanningFindings({ config }: Patient, scanning: Scanning | undefined): Finding[] {
  if (config.registry.scanning === 'as-is') return [];
  const covered = scanning?.rules?.some(
    ({ scanFrequency, repositoryFilters = [] }) =>
      scanFrequency !== 'MANUAL' &&
      repositoryFilters.some(({ filter }) => filter === '*' || filter === 'fairlead/*'),
  );
  return [
    covered
      ? ok('scanning', `${scanning?.scanType ?? 'BASIC'}, on push`)
      : notOk(
          'scanning',
          'images of apps are not looked through for vulnerabilities',
          `${DEPLOY}, or registry.scanning: 'as-is' in fairlead.config.ts`,
        ),
  ];
}

function mountingFinding({ config }: Patient, value: string | undefined): Finding {
  if (value === 'ENABLED' || !config.registry.mounting) return ok('blob mounting', value ?? 'as it is');
  const remedy = 'aws ecr put-account-setting --name BLOB_MOUNTING --value ENABLED';
  return notOk('blob mounting', 'it is off: layers of base images are sent again for every app', remedy);
}
