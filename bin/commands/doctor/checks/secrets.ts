import { absent, type Finding, notOk, ok } from '../finding.ts';
import type { Check, Patient, Resource } from '../patient.ts';

/** ms within which whatever changes a new secret is the installation itself. */
const NEW = 5 * 60_000;

/** Whether what only a person knows was put in. Values are never read: when they changed says enough. */
export const secrets: Check = {
  about: 'secrets',
  needs: ['secretsmanager:DescribeSecret'],
  async look(patient) {
    const all = patient.resources('AWS::SecretsManager::Secret');
    if (all.length === 0) return [absent('secrets', 'none are known here')];
    return await Promise.all(all.map((one) => lookAt(patient, one)));
  },
};

async function lookAt(patient: Patient, { logicalId, id }: Resource): Promise<Finding> {
  const { DescribeSecretCommand, SecretsManagerClient } = await import('@aws-sdk/client-secrets-manager');
  const client = new SecretsManagerClient(patient.settings('SECRETS_MANAGER') ?? { maxAttempts: 2 });
  const name = logicalId.replace(/[0-9A-F]{8}$/, '');
  const described = await client.send(new DescribeSecretCommand({ SecretId: id }));
  const { CreatedDate, DeletedDate, LastChangedDate, VersionIdsToStages = {}, Name = id } = described;
  if (DeletedDate !== undefined)
    return notOk(name, 'it is going to be deleted', `aws secretsmanager restore-secret --secret-id ${Name}`);
  if (!Object.values(VersionIdsToStages).some((stages) => stages.includes('AWSCURRENT')))
    return notOk(
      name,
      'it has no value',
      `aws secretsmanager put-secret-value --secret-id ${Name} --secret-string file://FILE`,
    );
  const changed = (LastChangedDate?.getTime() ?? 0) - (CreatedDate?.getTime() ?? 0) > NEW;
  const untouched = !changed && Object.keys(VersionIdsToStages).length < 2;
  // What the installation made up serves as a webhook's secret; a host's token can come from nobody but the host.
  if (untouched && /token|access/i.test(name))
    return notOk(
      name,
      'it is what it was made with: nobody has put a token in',
      `aws secretsmanager put-secret-value --secret-id ${Name} --secret-string file://FILE`,
    );
  return ok(name, `changed ${LastChangedDate?.toISOString().slice(0, 10) ?? 'never'}`);
}
