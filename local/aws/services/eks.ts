import { AwsError } from '../error.ts';
import { required } from '../input.ts';
import { restJson } from '../protocol.ts';
import type { Place, Service } from '../service.ts';

/** The one cluster there is. */
export interface ClusterAddress {
  name: string;
  /** `https://127.0.0.1:6443` */
  endpoint: string;
  /** PEM. */
  ca: string;
}

/** Amazon EKS: tells where the cluster is. `cluster` is asked on every call, since clusters come up late. */
export function eks({ region, account }: Place, cluster: () => ClusterAddress | undefined): Service {
  const arnOf = (name: string) => `arn:aws:eks:${region}:${account}:cluster/${name}`;
  return {
    iam: 'eks',
    protocol: restJson([{ method: 'GET', path: /^\/clusters\/(?<name>[^/]+)$/, action: 'DescribeCluster' }]),
    operations: {
      DescribeCluster: {
        resource: (input) => arnOf(required(input, 'name')),
        run: (input) => {
          const name = required(input, 'name');
          const known = cluster();
          if (known === undefined || known.name !== name)
            throw new AwsError('ResourceNotFoundException', `No cluster found for name: ${name}.`, 404);
          return {
            cluster: {
              name,
              arn: arnOf(name),
              endpoint: known.endpoint,
              certificateAuthority: { data: Buffer.from(known.ca).toString('base64') },
              status: 'ACTIVE',
              accessConfig: { authenticationMode: 'API' },
            },
          };
        },
      },
    },
  };
}
