import type { Answer, Call } from '../http/call.ts';
import { aggregated, coreVersions, groupList, oneGroup, resourceList } from './groups.ts';
import { openapiV2, openapiV3, openapiV3Index } from './openapi.ts';
import { encodeOpenapi, openapiProtobufType } from './openapi-protobuf.ts';
import { version } from './version.ts';

/** Paths that tell whether the server is well, for whoever asks. */
export const openPaths = ['/healthz', '/livez', '/readyz', '/version'];

/** Answers what is asked of the API itself rather than of its resources; undefined for an unknown path. */
export function describeApi(call: Call): Answer | undefined {
  if (call.method !== 'GET' && call.method !== 'HEAD') return undefined;
  const path = call.path.replace(/(.)\/$/, '$1');
  if (['/healthz', '/livez', '/readyz'].some((each) => path === each || path.startsWith(`${each}/`)))
    return { status: 200, text: 'ok' };
  if (path === '/api' || path === '/apis') return groups(call, path);
  if (path === '/openapi/v2' && (call.headers.accept ?? '').includes('proto-openapi'))
    return swaggerProtobuf();
  const json = documentAt(path);
  return json === undefined ? undefined : { status: 200, json };
}

function swaggerProtobuf(): Answer {
  return { status: 200, headers: { 'content-type': openapiProtobufType }, bytes: encodeOpenapi(openapiV2()) };
}

function documentAt(path: string): unknown {
  if (path === '/')
    return {
      paths: [
        '/api',
        '/api/v1',
        '/apis',
        '/healthz',
        '/livez',
        '/openapi/v2',
        '/openapi/v3',
        '/readyz',
        '/version',
      ],
    };
  if (path === '/version') return version;
  if (path === '/openapi/v2') return openapiV2();
  if (path === '/openapi/v3') return openapiV3Index();
  if (path.startsWith('/openapi/v3/')) return openapiV3(path.slice('/openapi/v3/'.length));
  const [, root, group = '', apiVersion = '', ...rest] = path.split('/');
  if (rest.length > 0) return undefined;
  if (root === 'api') return apiVersion === '' ? resourceList('', group) : undefined;
  if (root !== 'apis') return undefined;
  return apiVersion === '' ? oneGroup(group) : resourceList(group, apiVersion);
}

/** New clients ask for everything at once, old ones for the list of groups. */
function groups({ headers }: Call, path: '/api' | '/apis'): Answer {
  for (const clause of (headers.accept ?? '').split(',')) {
    const [, discoveryVersion] = /;v=(v2|v2beta1)(?:;|$)/.exec(clause.trim()) ?? [];
    if (discoveryVersion === undefined || !clause.includes('as=APIGroupDiscoveryList')) continue;
    const contentType = `application/json;g=apidiscovery.k8s.io;v=${discoveryVersion};as=APIGroupDiscoveryList`;
    const json = aggregated(path === '/api' ? 'api' : 'apis', discoveryVersion);
    return { status: 200, headers: { 'content-type': contentType, vary: 'Accept' }, json };
  }
  return {
    status: 200,
    headers: { vary: 'Accept' },
    json: path === '/api' ? coreVersions(headers.host ?? '') : groupList(),
  };
}
