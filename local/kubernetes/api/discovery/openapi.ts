import { createHash } from 'node:crypto';
import { apiVersionOf, type Kind, kinds } from '../kinds.ts';
import { structOf } from '../schema/types.ts';
import { type Dialect, definitionName, definitions, openapi3, swagger } from './schemas.ts';
import { gitVersion } from './version.ts';

const info = { title: 'Kubernetes', version: gitVersion };

/** The whole API in OpenAPI 2.0. */
export function openapiV2() {
  const paths = Object.assign({}, ...kinds.map((kind) => pathsOf(kind, swagger)));
  return { swagger: '2.0', info, paths, definitions: definitions(kinds, swagger) };
}

/** `GET /openapi/v3`: where each API version's document is. */
export function openapiV3Index() {
  const paths = apiPaths().map(([path, apiVersion]) => {
    const hash = createHash('sha256').update(`${gitVersion} ${apiVersion}`).digest('hex').slice(0, 16);
    return [path, { serverRelativeURL: `/openapi/v3/${path}?hash=${hash}` }];
  });
  return { paths: Object.fromEntries(paths) };
}

/** `GET /openapi/v3/apis/apps/v1`; undefined when there is no such version. */
export function openapiV3(path: string) {
  const [, apiVersion] = apiPaths().find(([each]) => each === path) ?? [];
  if (apiVersion === undefined) return undefined;
  const found = kinds.filter((kind) => apiVersionOf(kind) === apiVersion);
  const paths = Object.assign({}, ...found.map((kind) => pathsOf(kind, openapi3)));
  return { openapi: '3.0.0', info, paths, components: { schemas: definitions(found, openapi3) } };
}

function apiPaths(): [path: string, apiVersion: string][] {
  const versions = [...new Set(kinds.map(apiVersionOf))];
  return versions.map((apiVersion) => [
    apiVersion.includes('/') ? `apis/${apiVersion}` : `api/${apiVersion}`,
    apiVersion,
  ]);
}

type Action = 'get' | 'list' | 'post' | 'put' | 'patch' | 'delete' | 'deletecollection';

/** Query parameters that a client may look for before it uses them. */
const parameters: Record<Action, readonly string[]> = {
  get: [],
  list: [
    'labelSelector',
    'fieldSelector',
    'limit',
    'continue',
    'resourceVersion',
    'timeoutSeconds',
    'watch',
    'allowWatchBookmarks',
  ],
  post: ['dryRun', 'fieldManager', 'fieldValidation'],
  put: ['dryRun', 'fieldManager', 'fieldValidation'],
  patch: ['dryRun', 'fieldManager', 'fieldValidation', 'force'],
  delete: ['dryRun', 'gracePeriodSeconds', 'propagationPolicy'],
  deletecollection: ['dryRun', 'labelSelector', 'fieldSelector'],
};

function pathsOf(kind: Kind, dialect: Dialect): Record<string, object> {
  const root = kind.group === '' ? `/api/${kind.version}` : `/apis/${kind.group}/${kind.version}`;
  const collection = kind.namespaced
    ? `${root}/namespaces/{namespace}/${kind.plural}`
    : `${root}/${kind.plural}`;
  const inPath = kind.namespaced ? ['namespace'] : [];
  if (!kind.stored) return { [collection]: { post: operation(kind, 'post', dialect) } };
  return {
    [collection]: {
      parameters: inPath.map((name) => parameter(name, 'path', dialect)),
      get: operation(kind, 'list', dialect),
      post: operation(kind, 'post', dialect),
      delete: operation(kind, 'deletecollection', dialect),
    },
    [`${collection}/{name}`]: {
      parameters: [...inPath, 'name'].map((name) => parameter(name, 'path', dialect)),
      get: operation(kind, 'get', dialect),
      put: operation(kind, 'put', dialect),
      patch: operation(kind, 'patch', dialect),
      delete: operation(kind, 'delete', dialect),
    },
  };
}

function operation(kind: Kind, action: Action, dialect: Dialect): object {
  const { group, version } = kind;
  const ref = { $ref: `${dialect.prefix}${definitionName(structOf(apiVersionOf(kind), kind.kind).name)}` };
  const answer = dialect === swagger ? { schema: ref } : { content: { 'application/json': { schema: ref } } };
  return {
    operationId: `${action}${group.replaceAll('.', '_')}${version}${kind.kind}`,
    parameters: parameters[action].map((name) => parameter(name, 'query', dialect)),
    responses: { 200: { description: 'OK', ...answer } },
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': { group, version, kind: kind.kind },
  };
}

function parameter(name: string, place: 'path' | 'query', dialect: Dialect): object {
  const type = { type: 'string' };
  return {
    name,
    in: place,
    ...(place === 'path' && { required: true }),
    ...(dialect === swagger ? type : { schema: type }),
  };
}
