import { describe, expect, test } from 'vitest';
import { deployment, type Files, namesOf, read } from './repository.ts';

const WEB = deployment('web');
const SERVICE = 'apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {ports: [{port: 80}]}\n';
const BOMB = `a: &a [x,x,x,x,x,x,x,x,x,x]
b: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]
c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]
d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]
e: [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]
apiVersion: v1
kind: ConfigMap
metadata: {name: a}
`;

describe('a folder of YAML', () => {
  test('is read file by file and document by document, lists flattened, other files left alone', async () => {
    const own = await read(
      {
        'k8s/b/web.yaml': WEB,
        'k8s/a.yml': `---\n# nothing\n---\n${SERVICE}---\napiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: one}}\n- {apiVersion: v1, kind: ConfigMapList, items: [{apiVersion: v1, kind: ConfigMap, metadata: {name: two}}]}\n`,
        'k8s/README.md': '# not YAML: {',
        'k8s/.hidden/x.yaml': 'not: an object',
      },
      'k8s/',
    );
    expect(namesOf(own.objects)).toEqual(['Service web', 'ConfigMap one', 'ConfigMap two', 'Deployment web']);
    expect(own.notices).toEqual([]);
  });

  test('may be one file', async () => {
    expect(namesOf((await read({ 'app.yaml': WEB }, 'app.yaml')).objects)).toEqual(['Deployment web']);
  });

  test('is read as kubectl reads it: octal modes, yes and on, colons and dates as text', async () => {
    const data = 'mode: 0644\nyes: on\ntime: 22:22\nday: 2026-01-01\nbig: 0x10\nmerged: {<<: {a: 1}, b: 2}\n';
    const own = await read({ 'k8s/a.yaml': `${WEB}x:\n  ${data.trim().replaceAll('\n', '\n  ')}\n` }, 'k8s');
    expect(own.objects[0]?.x).toEqual({
      mode: 0o644,
      true: true,
      time: '22:22',
      day: '2026-01-01',
      big: 16,
      merged: { a: 1, b: 2 },
    });
  });

  test('takes what only a server writes out of its objects', async () => {
    const got = deployment('web', 'IMAGE', '  uid: x\n  resourceVersion: "7"\n  creationTimestamp: null\n');
    const own = await read({ 'k8s/a.yaml': `${got}status: {replicas: 1}\n` }, 'k8s');
    expect(own.objects[0]).not.toHaveProperty('status');
    expect(own.objects[0]?.metadata).toEqual({ name: 'web', namespace: 'shop' });
  });

  test.each<[string, Files, RegExp]>([
    ['nothing', {}, /has no file or folder|has no folder k8s/],
    ['a file in its place', { k8s: 'x' }, /k8s is no folder/],
    ['no YAML', { 'k8s/x.txt': '' }, /no Kubernetes object/],
    ['a syntax error', { 'k8s/web.yaml': 'kind: a\nb: [1\n' }, /^k8s\/web\.yaml:\d+:\d+: /],
    ['a key that is there twice', { 'k8s/web.yaml': 'kind: a\nkind: b\n' }, /^k8s\/web\.yaml:2:1: .*unique/],
    ['a tag that nobody knows', { 'k8s/web.yaml': 'kind: !!js/function "x"\n' }, /^k8s\/web\.yaml:1/],
    ['text', { 'k8s/web.yaml': 'hello\n' }, /^k8s\/web\.yaml:1: .*keys and values/],
    ['no apiVersion', { 'k8s/web.yaml': 'kind: Service\n' }, /^k8s\/web\.yaml:1: .*no apiVersion/],
    ['no kind', { 'k8s/web.yaml': '---\n---\n\napiVersion: v1\n' }, /^k8s\/web\.yaml:4: .*no kind/],
    ['no name', { 'k8s/web.yaml': 'apiVersion: v1\nkind: Service\nmetadata: {}\n' }, /no metadata\.name/],
    [
      'a generated name',
      { 'k8s/web.yaml': 'apiVersion: batch/v1\nkind: Job\nmetadata: {generateName: x-}\n' },
      /generateName.*give it a name/,
    ],
    [
      'a label that is a number',
      { 'k8s/web.yaml': 'apiVersion: v1\nkind: Service\nmetadata: {name: a, labels: {v: 1}}\n' },
      /labels.*put quotes around it/,
    ],
    [
      'the same object twice',
      { 'k8s/a.yaml': WEB, 'k8s/b.yaml': `---\n${WEB}` },
      /^k8s\/b\.yaml:2: Deployment web is there twice, first at k8s\/a\.yaml:1/,
    ],
    ['a kustomization', { 'k8s/kustomization.yaml': 'resources: []' }, /write `kustomize: k8s`/],
    ['a chart in it', { 'k8s/shop/Chart.yaml': 'name: shop' }, /write `helm: \{chart: k8s\/shop\}`/],
    [
      'no container of the app',
      { 'k8s/a.yaml': deployment('web', 'nginx:1') },
      /images are nginx:1.*`image: IMAGE`/,
    ],
    ['nothing that runs', { 'k8s/a.yaml': SERVICE }, /nothing in them has a container/],
  ])('is refused for %s', async (_, files, expected) => {
    await expect(read(files, 'k8s')).rejects.toThrow(expected);
  });
});

describe('a hostile folder', () => {
  test.each<[string, Files, string, RegExp]>([
    ['a path above the repository', {}, '../../etc', /leads out of the repository/],
    ['a path above the repository, in the middle', {}, 'k8s/../../x', /leads out of the repository/],
    ['an absolute path', {}, '/etc', /leads out of the repository/],
    ['a link as the folder', { k8s: { link: '/etc' } }, 'k8s', /leads out of the repository/],
    ['a link to a folder', { 'k8s/x': { link: '../../../../../../../etc' } }, 'k8s', /^k8s\/x: .*leads out/],
    ['a link to a file', { 'k8s/a.yaml': { link: '/etc/passwd' } }, 'k8s', /^k8s\/a\.yaml: .*leads out/],
    ['a link to a file, said itself', { 'a.yaml': { link: '/etc/passwd' } }, 'a.yaml', /leads out/],
    ['a link to nothing', { 'k8s/a.yaml': { link: 'b.yaml' } }, 'k8s', /leads to nothing/],
    ['aliases that multiply', { 'k8s/a.yaml': BOMB }, 'k8s', /^k8s\/a\.yaml.*alias/i],
    ['ten thousand brackets', { 'k8s/a.yaml': `a: ${'['.repeat(10_000)}` }, 'k8s', /^k8s\/a\.yaml/],
    ['a very large file', { 'k8s/a.yaml': `# ${'x'.repeat(1024 * 1024)}` }, 'k8s', /1048576 are possible/],
    [
      'very many objects',
      {
        'k8s/a.yaml': Array.from(
          { length: 201 },
          (_, n) => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a${n}}\n`,
        ).join('---\n'),
      },
      'k8s',
      /201 objects, 200 are possible/,
    ],
  ])('with %s is refused', async (_, files, path, expected) => {
    await expect(read(files, path)).rejects.toThrow(expected);
  });

  test('with links in a circle is read once', async () => {
    const own = await read({ 'k8s/a.yaml': WEB, 'k8s/again': { link: '.' } }, 'k8s');
    expect(namesOf(own.objects)).toEqual(['Deployment web']);
  });
});
