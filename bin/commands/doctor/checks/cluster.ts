import { isDeepStrictEqual } from 'node:util';
import type { EKSClient } from '@aws-sdk/client-eks';
import { messageOf } from '../../../../lib/errors.ts';
import { Kube } from '../../../../lib/kube/client.ts';
import { clusterSetup, lookAtCluster, pathOf } from '../../../../lib/kube/cluster-setup.ts';
import { connectToEks } from '../../../../lib/kube/eks.ts';
import { setupCommand } from '../../../../lib/kube/setup-command.ts';
import type { WrittenObject } from '../../../../lib/kube/wire.ts';
import { ingressOf } from '../../deploy/cluster-setup.ts';
import { absent, type Finding, notOk, ok, unknown } from '../finding.ts';
import type { Check, Patient } from '../patient.ts';

/** Whether the cluster is there, lets people and functions in by access entries, and has the roles of those who roll out. */
export const cluster: Check = {
  about: 'cluster',
  needs: ['eks:DescribeCluster', 'eks:ListAccessEntries'],
  async look(patient) {
    const { clusterName: name } = patient;
    const settings = patient.settings('EKS');
    if (name === undefined || settings === undefined) return [absent('cluster', 'none is known here')];
    const { DescribeClusterCommand, EKSClient } = await import('@aws-sdk/client-eks');
    const client = new EKSClient(settings);
    const { cluster: found } = await client
      .send(new DescribeClusterCommand({ name }))
      .catch((error: Error) => {
        if (error.name === 'ResourceNotFoundException') return { cluster: undefined };
        throw error;
      });
    if (found === undefined)
      return [notOk('cluster', `${name} is not there`, 'docs/disaster-recovery.md, "The cluster is lost"')];
    if (found.status !== 'ACTIVE')
      return [
        notOk(
          'cluster',
          `${name} is ${found.status}`,
          'wait until it is ACTIVE; its events are in the EKS console',
        ),
      ];
    const mode = found.accessConfig?.authenticationMode ?? 'CONFIG_MAP';
    if (mode === 'CONFIG_MAP')
      return [
        notOk(
          'cluster',
          `${name} knows no access entries (${mode})`,
          `aws eks update-cluster-config --name ${name} --access-config authenticationMode=API_AND_CONFIG_MAP`,
        ),
      ];
    const facts = ok('cluster', `${name} is ACTIVE${found.version ? `, Kubernetes ${found.version}` : ''}`);
    return [facts, ...(await entries(patient, name)), await rights(client, patient, name)];
  },
};

/** Of the function that rolls out. */
async function entries(patient: Patient, clusterName: string): Promise<Finding[]> {
  const roles = patient.resources('AWS::EKS::AccessEntry');
  if (roles.length === 0) return [];
  const { EKSClient, paginateListAccessEntries } = await import('@aws-sdk/client-eks');
  const client = new EKSClient(patient.settings('EKS') ?? {});
  const found: string[] = [];
  for await (const page of paginateListAccessEntries({ client }, { clusterName }))
    found.push(...(page.accessEntries ?? []));
  // What CloudFormation calls an entry ends in the principal's ARN.
  const missing = roles.filter(({ id }) => !found.some((arn) => id.includes(arn)));
  return missing.length === 0
    ? [ok('access entries', 'those of this installation are there')]
    : [
        notOk(
          'access entries',
          `${missing.length} of them were taken away`,
          'npx fairlead deploy --revert-drift puts them back',
        ),
      ];
}

type Live = WrittenObject & { rules?: unknown; roleRef?: unknown; subjects?: unknown };

/** What `fairlead cluster-setup` would change, as far as the person may read it. */
async function rights(client: EKSClient, { config }: Patient, name: string): Promise<Finding> {
  try {
    const kube = new Kube(await connectToEks(client, name));
    const is = await lookAtCluster(kube, ingressOf(config.cluster).ingress);
    const wanted = clusterSetup(is) as Live[];
    const differ: string[] = [];
    for (const object of wanted) {
      const live = await kube.find<Live>(pathOf(object));
      if (live === undefined || !isAsWanted(live, object))
        differ.push(`${object.kind} ${object.metadata.name}`);
    }
    if (differ.length === 0) return ok('roles', 'they are what this version needs');
    const says = `missing, or of another version: ${differ.join(', ')}`;
    return notOk('roles', says, setupCommand(is.nodes));
  } catch (error) {
    return unknown(
      'roles',
      `you do not reach them (${messageOf(error)})`,
      'the functions are asked below; to look yourself, an access entry for you is needed',
    );
  }
}

/** What decides about rights; of others their being there is enough. */
function isAsWanted(live: Live, wanted: Live): boolean {
  return (['rules', 'roleRef', 'subjects'] as const).every(
    (field) => wanted[field] === undefined || isDeepStrictEqual(plain(live[field]), plain(wanted[field])),
  );
}

function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value ?? null), (_, inner: unknown) =>
    Array.isArray(inner) && inner.every((one) => typeof one === 'string') ? [...inner].sort() : inner,
  );
}
