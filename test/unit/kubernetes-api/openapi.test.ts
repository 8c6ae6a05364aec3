import { describe, expect, test } from 'vitest';
import { openapiV2, openapiV3, openapiV3Index } from '../../../local/kubernetes/api/discovery/openapi.ts';
import { encodeOpenapi } from '../../../local/kubernetes/api/discovery/openapi-protobuf.ts';
import { apiVersionOf, kinds } from '../../../local/kubernetes/api/kinds.ts';

function* refsIn(value: unknown): Generator<string> {
  if (typeof value !== 'object' || value === null) return;
  for (const [name, inner] of Object.entries(value)) {
    if (name === '$ref' && typeof inner === 'string') yield inner;
    else yield* refsIn(inner);
  }
}

describe('OpenAPI', () => {
  test('every reference of version 2 is defined', () => {
    const document = openapiV2();
    const missing = [...refsIn(document)].filter(
      (ref) => !(ref.replace('#/definitions/', '') in document.definitions),
    );
    expect(missing).toEqual([]);
  });

  test('every document of version 3 stands alone', () => {
    for (const path of Object.keys(openapiV3Index().paths)) {
      const document = openapiV3(path);
      const missing = [...refsIn(document)].filter(
        (ref) => !(ref.replace('#/components/schemas/', '') in (document?.components.schemas ?? {})),
      );
      expect(missing, path).toEqual([]);
    }
  });

  test('every stored kind can be patched with fieldValidation, which clients look for', () => {
    for (const kind of kinds.filter(({ stored }) => stored)) {
      const apiVersion = apiVersionOf(kind);
      const document = openapiV3(apiVersion.includes('/') ? `apis/${apiVersion}` : `api/${apiVersion}`);
      const patches = Object.values(document?.paths ?? {}).map(
        (item) => (item as { patch?: Record<string, unknown> }).patch,
      );
      const patch = patches.find(
        (each) =>
          (each?.['x-kubernetes-group-version-kind'] as { kind?: string } | undefined)?.kind === kind.kind,
      );
      const parameters = (patch?.parameters ?? []) as { name: string }[];
      expect(
        parameters.map(({ name }) => name),
        kind.kind,
      ).toContain('fieldValidation');
    }
  });

  test('merge keys are those of Kubernetes', () => {
    const { definitions } = openapiV2();
    const property = (definition: string, name: string) =>
      (definitions[`io.k8s.api.${definition}`] as { properties: Record<string, object> }).properties[name];
    expect(property('core.v1.PodSpec', 'containers')).toMatchObject({
      'x-kubernetes-patch-merge-key': 'name',
      'x-kubernetes-patch-strategy': 'merge',
      'x-kubernetes-list-map-keys': ['name'],
    });
    expect(property('core.v1.Container', 'ports')).toMatchObject({
      'x-kubernetes-patch-merge-key': 'containerPort',
      'x-kubernetes-list-map-keys': ['containerPort', 'protocol'],
    });
    expect(property('core.v1.ServiceSpec', 'ports')).toMatchObject({
      'x-kubernetes-list-map-keys': ['port', 'protocol'],
    });
    expect(property('core.v1.PodSpec', 'tolerations')).not.toHaveProperty('x-kubernetes-list-type');
    expect(property('apps.v1.DeploymentSpec', 'strategy')).toMatchObject({
      'x-kubernetes-patch-strategy': 'retainKeys',
    });
  });

  test('the protobuf form holds the same names', () => {
    const bytes = encodeOpenapi(openapiV2());
    for (const name of Object.keys(openapiV2().definitions)) expect(bytes.includes(name)).toBe(true);
  });
});
