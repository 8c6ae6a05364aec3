import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Tools } from '../../../lib/manifests/types.ts';
import { deployment, type Files, namesOf, read } from '../../unit/manifests/repository.ts';
import { missing, unpackTools } from './tools.ts';

const BASE: Files = {
  'base/kustomization.yaml': 'resources: [web.yaml, service.yaml]\n',
  'base/web.yaml': deployment('web', 'web-image'),
  'base/service.yaml': 'apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {ports: [{port: 80}]}\n',
};

const EXEC = `apiVersion: example.com/v1
kind: Generate
metadata:
  name: g
  annotations: {config.kubernetes.io/function: "exec: {path: ./run.sh}"}
`;

describe.skipIf(missing !== undefined)(`kustomize (skipped where there is none: ${missing ?? ''})`, () => {
  let tools: Tools;
  let close: () => Promise<void>;
  /** Whether anything has asked this machine. */
  let asked = 0;
  const server = createServer((_, response) => {
    asked++;
    response.end(deployment('fetched'));
  });
  let address: string;
  beforeAll(async () => {
    ({ tools, close } = await unpackTools());
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    await close();
    await new Promise((done) => server.close(done));
  });

  const overlay = (text: string, files: Files = {}) =>
    read({ ...BASE, 'over/kustomization.yaml': text, ...files }, { kustomize: 'over' }, tools);

  test('renders bases, patches, images and generated configuration', async () => {
    const own = await overlay(
      `resources: [../base]
namespace: prod
images: [{name: web-image, newName: IMAGE}]
replicas: [{name: web, count: 3}]
configMapGenerator: [{name: settings, files: [app.conf]}]
patches: [{path: patch.yaml}]
`,
      {
        'over/app.conf': 'a=b',
        'over/patch.yaml':
          'apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {type: LoadBalancer}\n',
      },
    );
    expect(namesOf(own.objects)).toEqual([
      expect.stringMatching(/^ConfigMap settings-/),
      'Service web',
      'Deployment web',
    ]);
    expect(own.objects[1]?.spec).toMatchObject({ type: 'LoadBalancer' });
    expect(own.objects[2]?.spec).toMatchObject({ replicas: 3 });
    expect(own.notices).toEqual(['namespace prod is replaced: everything goes into shop']);
  });

  test.each<[string, string, RegExp, Files?]>([
    [
      'a file above the kustomization',
      'resources: [../base]\nconfigMapGenerator: [{name: a, files: [../secret]}]',
      /^over: kustomize: .*not in or below/,
      { secret: 'x' },
    ],
    [
      'a file outside of the repository',
      'resources: [../base]\nconfigMapGenerator: [{name: a, files: [/etc/passwd]}]',
      /^over: kustomize: /,
    ],
    [
      'a link out of the repository',
      'resources: [../base]\nconfigMapGenerator: [{name: a, files: [x]}]',
      /^over: kustomize: /,
      { 'over/x': { link: '/etc/passwd' } },
    ],
    [
      'a patch by a link',
      'resources: [../base]\npatches: [{path: x}]',
      /^over: kustomize: /,
      { 'over/x': { link: '/etc/passwd' } },
    ],
    [
      'an exec generator',
      'resources: [../base]\ngenerators: [g.yaml]',
      /^over: kustomize: /,
      { 'over/g.yaml': EXEC, 'over/run.sh': '#!/bin/sh\ntouch /tmp/fairlead-was-here\n' },
    ],
    [
      'an exec transformer',
      'resources: [../base]\ntransformers: [g.yaml]',
      /^over: kustomize: /,
      { 'over/g.yaml': EXEC },
    ],
    [
      'a plugin of Go',
      'resources: [../base]\ngenerators: [g.yaml]',
      /^over: kustomize: /,
      { 'over/g.yaml': 'apiVersion: x.com/v1\nkind: Plugin\nmetadata: {name: g}\n' },
    ],
    ['itself', 'resources: [../over]', /^over: kustomize: .*cycle|itself/],
    [
      'aliases that multiply',
      'resources: [a.yaml]',
      /alias/i,
      {
        'over/a.yaml': `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\na: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: [*e,*e,*e,*e,*e,*e,*e,*e,*e,*e]\n`,
      },
    ],
    ['a mistake', 'resources: [../base]\npatches: [{patch: "a: [1"}]', /^over: kustomize: [^\n]+$/],
  ])('refuses %s, in the names of the repository', async (_, text, expected, files = {}) => {
    const refused = overlay(text, files);
    await expect(refused).rejects.toThrow(expected);
    await expect(refused).rejects.not.toThrow(/fairlead-test-manifests|root:x/);
  });

  test.each([
    ['a resource', () => `resources: ["${address}/x.yaml"]`],
    ['a patch', () => `resources: [../base]\npatches: [{path: "${address}/x.yaml"}]`],
    [
      'a generated file',
      () => `resources: [../base]\nconfigMapGenerator: [{name: a, files: ["a=${address}/x"]}]`,
    ],
    ['a schema', () => `resources: [../base]\nopenapi: {path: "${address}/x"}`],
    ['a component', () => `resources: [../base]\ncomponents: ["${address}/x"]`],
    ['a definition', () => `resources: [../base]\ncrds: ["${address}/x"]`],
    ['a replacement', () => `resources: [../base]\nreplacements: [{path: "${address}/x"}]`],
    ['a strategic patch', () => `resources: [../base]\npatchesStrategicMerge: ["${address}/x"]`],
    [
      'a JSON patch',
      () =>
        `resources: [../base]\npatchesJson6902: [{path: "${address}/x", target: {kind: Service, name: web, version: v1}}]`,
    ],
    ['what its configuration names', () => `resources: [../base]\nconfigurations: ["${address}/x"]`],
  ])('asks nobody for %s', async (_, text) => {
    await expect(overlay(text())).rejects.toThrow(/nothing is fetched/);
    expect(asked).toBe(0);
  });
});
