import { describe, expect, test } from 'vitest';
import { deployment, type Files, read } from './repository.ts';

const WEB = deployment('web');

function kustomize(text: string, files: Files = {}) {
  return read({ 'k/kustomization.yaml': text, 'k/web.yaml': WEB, ...files }, { kustomize: 'k' });
}

describe('a kustomization', () => {
  test('that stands on the repository alone goes on to kustomize, which has to be there', async () => {
    await expect(
      kustomize(
        'resources: [web.yaml, ../base]\npatches: [{path: p.yaml}]\nconfigMapGenerator: [{name: a, literals: ["URL=https://example.com"]}]\nimages: [{name: x, newName: ghcr.io/y}]\n',
        {
          'base/kustomization.yml': 'resources: [svc.yaml]',
          'base/svc.yaml': 'kind: x',
        },
      ),
    ).rejects.toThrow(/the builder has no kustomize.*install kustomize/);
  });

  test.each<[string, string, RegExp, Files?]>([
    [
      'an address as a resource',
      'resources: [web.yaml, "https://example.com/x.yaml"]',
      /^k\/kustomization\.yaml:1: https.*copy it into the repository/,
    ],
    [
      'a repository as a resource',
      'resources: ["github.com/team/base//overlay?ref=v1"]',
      /nothing is fetched/,
    ],
    ['a repository by ssh', 'resources: ["git@github.com:team/base"]', /nothing is fetched/],
    ['a host and a path', 'resources: [github.com/team/base]', /nothing is fetched/],
    [
      'an address on this machine',
      'resources: ["http://127.0.0.1:9001/2018-06-01/runtime/invocation/next"]',
      /nothing is fetched/,
    ],
    ['an address as a base', 'bases: ["https://example.com/x"]', /nothing is fetched/],
    ['an address as a component', 'components: ["ssh://git@example.com/x"]', /nothing is fetched/],
    ['an address in a patch', 'patches: [{path: "http://127.0.0.1/x"}]', /nothing is fetched/],
    [
      'an address in a generated file',
      'configMapGenerator: [{name: a, files: ["x=http://127.0.0.1/x"]}]',
      /nothing is fetched/,
    ],
    [
      'an address in an env file',
      'secretGenerator: [{name: a, envs: ["http://127.0.0.1/x"]}]',
      /nothing is fetched/,
    ],
    ['an address as a schema', 'openapi: {path: "http://127.0.0.1/x"}', /nothing is fetched/],
    [
      'an address in a generator’s file',
      'generators: [gen.yaml]',
      /^k\/gen\.yaml:2: .*nothing is fetched/,
      {
        'k/gen.yaml':
          '#\napiVersion: builtin\nkind: ConfigMapGenerator\nmetadata: {name: a}\nfiles: ["http://127.0.0.1:9001/x"]\n',
      },
    ],
    [
      'an address in a transformer written in place',
      'transformers: ["apiVersion: builtin\\nkind: PatchTransformer\\nmetadata: {name: a}\\npath: http://127.0.0.1/x\\n"]',
      /nothing is fetched/,
    ],
    ['a base outside of the repository', 'resources: [../../../../etc]', /leads out of the repository/],
    [
      'a file outside of the repository',
      'resources: [../../../../../etc/passwd]',
      /leads out of the repository/,
    ],
    ['an absolute path', 'resources: [/etc]', /leads out of the repository/],
    ['a base by a link', 'resources: [away]', /leads out of the repository/, { 'k/away': { link: '/etc' } }],
    [
      'a base of a base outside',
      'resources: [../base]',
      /^base\/kustomization\.yaml.*leads out/,
      { 'base/kustomization.yaml': 'resources: [../../x]' },
    ],
    ['a file that is not there', 'resources: [gone.yaml]', /has no file or folder k\/gone\.yaml/],
    [
      'a Helm chart',
      'helmCharts: [{name: x, repo: "https://example.com"}]',
      /run Helm for helmCharts.*manifests: \{helm/,
    ],
    ['no YAML', 'resources: [', /^k\/kustomization\.yaml:1/],
    ['text for a list', 'resources: web.yaml', /list of text/],
    [
      'two files of its kind',
      'resources: []',
      /it has k\/kustomization\.yaml and k\/Kustomization/,
      { 'k/Kustomization': '' },
    ],
  ])('with %s is refused before kustomize sees it', async (_, text, expected, files = {}) => {
    await expect(kustomize(text, files)).rejects.toThrow(expected);
  });

  test('is found where it says, and nowhere else', async () => {
    await expect(read({ 'k/web.yaml': WEB }, { kustomize: 'k' })).rejects.toThrow(
      /no kustomization\.yaml in it/,
    );
    await expect(read({}, { kustomize: '../k' })).rejects.toThrow(/leads out of the repository/);
  });

  test('may go in a circle as far as this is concerned', async () => {
    const refused = kustomize('resources: [../b]', { 'b/kustomization.yaml': 'resources: [../k]' });
    await expect(refused).rejects.toThrow(/no kustomize/);
  });
});

describe('a chart', () => {
  const CHART: Files = {
    'c/Chart.yaml': 'apiVersion: v2\nname: c\nversion: 1.0.0\n',
    'c/templates/a.yaml': WEB,
  };
  test.each<[string, object, RegExp, Files?]>([
    ['an address', { chart: 'oci://example.com/c' }, /helm pull --untar oci:\/\/example\.com\/c/],
    ['a path outside', { chart: '../c' }, /leads out of the repository/],
    ['no Chart.yaml', { chart: 'd' }, /no Chart\.yaml/, { 'd/x': '' }],
    [
      'a link to a file outside',
      { chart: 'c' },
      /^c\/files\/x: .*leads out/,
      { 'c/files/x': { link: '/proc/self/environ' } },
    ],
    ['a hidden link', { chart: 'c' }, /leads out/, { 'c/.x': { link: '/etc/passwd' } }],
    ['a linked folder', { chart: 'c' }, /leads out/, { 'c/templates/x': { link: '/etc' } }],
    ['values outside', { chart: 'c', values: ['../../etc/passwd'] }, /no helm|leads out/],
    [
      'values by a link',
      { chart: 'c', values: ['v.yaml'] },
      /leads out/,
      { 'v.yaml': { link: '/etc/passwd' } },
    ],
    ['values from elsewhere', { chart: 'c', values: ['https://example.com/v.yaml'] }, /nothing is fetched/],
    ['a setting that is two', { chart: 'c', set: { 'a=1,b': 'x' } }, /write it like image\.tag/],
    ['a flag as a setting', { chart: 'c', set: { '--post-renderer': 'x' } }, /no path of a value|no helm/],
    ['a name that is none', { chart: 'c', release: 'No Name' }, /no name for a Helm release/],
    ['no program', { chart: 'c' }, /the builder has no helm/],
  ])('with %s is refused before Helm sees it', async (what, helm, expected, files = {}) => {
    const tools = what === 'no program' ? {} : { helm: '/nowhere/helm' };
    await expect(read({ ...CHART, ...files }, { helm: helm as never }, tools)).rejects.toThrow(expected);
  });
});
