import * as z from 'zod/mini';
import { field, needed } from './notes.ts';
import { annotations, byVariable, files, list, none, repositoryPath, text } from './values.ts';

const fromSecretsManager = () =>
  z.strictObject({
    secretsManager: needed(z.string().check(z.minLength(1)), {
      description: 'Name or ARN of a secret of Secrets Manager: fairlead/APP/…, or fairlead/shared/….',
      allowed: 'the name of a secret',
    }),
    key: field(z.string().check(z.minLength(1)), {
      description: 'Key of the JSON object that the secret is. Default: all of its text.',
      allowed: 'text',
    }),
  });

const fromKubernetes = () =>
  z.strictObject({
    kubernetes: needed(text(/^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$/), {
      description: 'Name of a Secret in the namespace of the app.',
      allowed: 'the name of a Secret',
    }),
    key: field(text(/^[-._a-zA-Z0-9]+$/), {
      description: "Key in it. Default: the variable's name.",
      allowed: 'letters, digits, "_", "-" and "."',
    }),
  });

export const secrets = () =>
  field(byVariable(z.union([fromSecretsManager(), fromKubernetes()])), {
    description:
      'Variables whose values are secrets, by reference. A release holds on to the version that is current when it is made.',
    allowed: 'names of variables, each with {secretsManager: NAME, key: KEY} or {kubernetes: NAME, key: KEY}',
    default: {},
    examples: [{ DATABASE_URL: { secretsManager: 'fairlead/shop/database', key: 'url' } }],
  });

export const config = () =>
  field(files(), {
    description: 'Files that every container finds at these paths, read-only (ConfigMap).',
    allowed: 'absolute paths of files, each with its text',
    default: {},
    examples: [{ '/etc/shop/settings.json': '{"currency": "EUR"}' }],
  });

export const ingress = () =>
  field(
    z.union([
      none(),
      z.strictObject({
        host: field(text(/^(\*\.)?[a-z0-9{]([-a-z0-9.{}]*[a-z0-9}])?$/), {
          description: 'DNS name. {app} and {environment} stand for their names. Default: any.',
          allowed: 'a DNS name, in which {app} and {environment} may stand',
          examples: ['shop.example.com', '{environment}.shop.example.com'],
        }),
        path: field(text(/^\/[\x21-\x7e]*$/), {
          description: 'What the paths of its requests begin with.',
          allowed: 'a path that begins with /',
          default: '/',
        }),
        class: field(text(/^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$/), {
          description: "ingressClassName. Default: the cluster's.",
          allowed: 'the name of an ingress class',
          examples: ['alb'],
        }),
        tls: field(z.union([z.boolean(), text(/^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$/)]), {
          description:
            'Name of the Secret that holds the certificate; true is APP-tls, which cert-manager can make.',
          allowed: 'true, false or the name of a Secret',
          default: false,
        }),
        annotations: field(annotations(), {
          description: 'Annotations of the Ingress, which its controller is set up by.',
          allowed: 'names of annotations and texts',
          default: {},
        }),
      }),
    ]),
    {
      description: 'How requests from outside come to the web process by name and path (Ingress).',
      allowed: 'host, path, class, tls and annotations, or none',
      default: 'none',
      examples: [{ host: 'shop.example.com', class: 'alb' }],
    },
  );

export const serviceAccount = () =>
  field(
    z.strictObject({
      annotations: field(annotations(), {
        description: 'Annotations of the ServiceAccount, which give its pods a role of AWS.',
        allowed: 'names of annotations and texts',
        default: {},
        examples: [{ 'eks.amazonaws.com/role-arn': 'arn:aws:iam::111122223333:role/shop' }],
      }),
    }),
    { description: "The identity of the app's pods.", allowed: 'annotations' },
  );

export const manifests = () =>
  field(
    z.union([
      repositoryPath(),
      z.strictObject({
        kustomize: needed(repositoryPath(), {
          description: 'Folder with a kustomization.yaml.',
          allowed: 'a path in the repository',
        }),
      }),
      z.strictObject({
        helm: needed(
          z.strictObject({
            chart: needed(repositoryPath(), {
              description: 'Folder with a Chart.yaml.',
              allowed: 'a path in the repository',
            }),
            values: field(list(repositoryPath()), {
              description: 'Files; the later one wins.',
              allowed: 'a list of paths in the repository',
            }),
            set: field(z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])), {
              description: 'Single values by their path; they win over files.',
              allowed: 'paths like image.tag and values',
            }),
            release: field(text(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/), {
              description: "`.Release.Name`. Default: the app's name.",
              allowed: 'a name',
            }),
          }),
          { description: 'A Helm chart.', allowed: 'chart, values, set and release' },
        ),
      }),
      z.strictObject({
        compose: needed(repositoryPath(), {
          description: 'A compose file.',
          allowed: 'a path in the repository',
        }),
      }),
    ]),
    {
      description: "The app's own Kubernetes resources, instead of those that Fairlead renders.",
      allowed: 'a folder of YAML in the repository, or {kustomize: …}, {helm: {chart: …}}, {compose: …}',
      examples: [
        'deploy',
        { kustomize: 'deploy/production' },
        { helm: { chart: 'chart', values: ['values.yaml'] } },
      ],
    },
  );
