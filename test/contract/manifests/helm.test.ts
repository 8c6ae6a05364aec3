import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { HelmChart } from '../../../lib/app/types.ts';
import { adopt } from '../../../lib/manifests/adopt.ts';
import type { Tools } from '../../../lib/manifests/types.ts';
import { type Files, namesOf, read } from '../../unit/manifests/repository.ts';
import { missing, unpackTools } from './tools.ts';

const DEPLOYMENT = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}-web
  namespace: {{ .Release.Namespace }}
spec:
  replicas: {{ .Values.replicas }}
  selector: &selector
    matchLabels: {app.kubernetes.io/name: {{ .Chart.Name }}, app.kubernetes.io/instance: {{ .Release.Name }}}
  template:
    metadata: {labels: {app.kubernetes.io/name: {{ .Chart.Name }}, app.kubernetes.io/instance: {{ .Release.Name }}}}
    spec:
      containers:
        - name: main
          image: "{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}"
          args: {{ .Values.args | toJson }}
`;

const hook = (kind: string, name: string, hooks: string) => `apiVersion: ${kind === 'Job' ? 'batch/v1' : 'v1'}
kind: ${kind}
metadata: {name: ${name}, annotations: {"helm.sh/hook": "${hooks}", "helm.sh/hook-weight": "1"}}
spec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: "{{ .Values.image.repository }}"}]}}}
`;

const CHART: Files = {
  'chart/Chart.yaml': 'apiVersion: v2\nname: web\nversion: 1.0.0\nappVersion: "1.16"\n',
  'chart/values.yaml': 'replicas: 1\nimage: {repository: nginx}\nargs: []\n',
  'chart/templates/web.yaml': DEPLOYMENT,
  'chart/templates/NOTES.txt': 'Thank you',
};

describe.skipIf(missing !== undefined)(`Helm (skipped where there is none: ${missing ?? ''})`, () => {
  let tools: Tools;
  let close: () => Promise<void>;
  beforeAll(async () => {
    ({ tools, close } = await unpackTools());
  });
  afterAll(() => close());

  const chart = (more: Partial<HelmChart> = {}, files: Files = {}) =>
    read({ ...CHART, ...files }, { helm: { chart: 'chart', ...more } }, tools);

  test('renders a chart with values of files and single ones, for the app and its namespace', async () => {
    const own = await chart(
      { values: ['prod.yaml'], set: { 'image.repository': 'IMAGE', 'args[0]': 'a, b=c "d"', replicas: 4 } },
      { 'prod.yaml': 'replicas: 3\nimage: {tag: "2"}\n' },
    );
    expect(own.objects[0]).toMatchObject({
      metadata: { name: 'shop-web', namespace: 'shop' },
      spec: { replicas: 4, template: { spec: { containers: [{ image: 'IMAGE:2', args: ['a, b=c "d"'] }] } } },
    });
    expect(own.notices).toEqual([]);
    const named = await chart({ release: 'rel', set: { 'image.repository': 'app' } });
    expect(namesOf(named.objects)).toEqual(['Deployment rel-web']);
  });

  test('runs its migrations before the release, and says what else it leaves out', async () => {
    const own = await chart(
      { set: { 'image.repository': 'IMAGE' } },
      {
        'chart/templates/migrate.yaml': hook('Job', 'migrate', 'pre-install,pre-upgrade'),
        'chart/templates/test.yaml': hook('Pod', 'smoke', 'test'),
        'chart/templates/after.yaml': hook('Job', 'after', 'post-upgrade'),
        'chart/crds/w.yaml':
          'apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: ws.example.com}\n',
      },
    );
    expect(own.notices.map((notice) => notice.split(' is left out')[0]).sort()).toEqual([
      'CustomResourceDefinition ws.example.com',
      'Job after',
      'Pod smoke',
    ]);
    const { ownJobs } = adopt(own.objects, {
      app: 'shop',
      environment: { name: 'production', namespace: 'shop' },
      image: 'x@sha256:1',
      service: 'ClusterIP',
      loadBalancers: 'internal',
      patience: 60,
      commit: 'c',
      number: 2,
    });
    expect(namesOf(ownJobs)).toEqual(['Job migrate-2']);
  });

  test('names the template of what is refused', async () => {
    const role = 'apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: r}\n';
    await expect(
      chart({ set: { 'image.repository': 'IMAGE' } }, { 'chart/templates/role.yaml': role }),
    ).rejects.toThrow(/^web\/templates\/role\.yaml: ClusterRole r is of the whole cluster/);
  });

  const shows = (expression: string): Files => ({
    'chart/templates/show.yaml': `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: show}\ndata: {it: ${expression}}\n`,
  });

  test.each([
    ['the environment', '{{ env "HOME" | quote }}', /function "env" not defined/],
    ['the environment, in a text', '{{ expandenv "$HOME" | quote }}', /function "expandenv" not defined/],
  ])('does not show %s', async (_, expression, expected) => {
    await expect(chart({ set: { 'image.repository': 'IMAGE' } }, shows(expression))).rejects.toThrow(
      expected,
    );
  });

  test.each([
    ['files outside of the chart', '{{ .Files.Get "../prod.yaml" | quote }}'],
    ['files of the machine', '{{ .Files.Get "/etc/passwd" | quote }}'],
    ['the addresses of hosts', '{{ getHostByName "localhost" | quote }}'],
    [
      'what is in a cluster',
      '{{ lookup "v1" "Secret" "kube-system" "" | toJson | replace "{}" "" | quote }}',
    ],
  ])('finds nothing where %s are asked for', async (_, expression) => {
    const own = await chart(
      { set: { 'image.repository': 'IMAGE' } },
      { ...shows(expression), 'prod.yaml': 'secret' },
    );
    expect(own.objects.find(({ kind }) => kind === 'ConfigMap')?.data).toEqual({ it: '' });
  });

  test.each<[string, Files, RegExp]>([
    [
      'a dependency that is not vendored',
      {
        'chart/Chart.yaml':
          'apiVersion: v2\nname: web\nversion: 1.0.0\ndependencies: [{name: redis, version: 1.x, repository: "https://example.com/charts"}]\n',
      },
      /redis.*helm dependency build/,
    ],
    ['a template that is none', { 'chart/templates/bad.yaml': '{{ .Values.' }, /^chart: helm: .*bad\.yaml/],
    [
      'values that its schema does not allow',
      { 'chart/values.schema.json': '{"required": ["owner"]}' },
      /owner/,
    ],
    ['YAML that is none', { 'chart/templates/bad.yaml': 'a: [1' }, /bad\.yaml/],
    [
      'a template that never ends',
      { 'chart/templates/loop.yaml': '{{- define "a" }}{{ include "a" . }}{{ end }}{{ include "a" . }}' },
      /^chart: helm/,
    ],
    [
      'a template that writes without end',
      { 'chart/templates/big.yaml': '{{ range $i := until 100000 }}# {{ repeat 100 "x" }}\n{{ end }}a: b' },
      /4 MiB/,
    ],
    ['no object', { 'chart/templates/web.yaml': '' }, /renders no Kubernetes object/],
  ])('refuses %s', async (_, files, expected) => {
    await expect(chart({ set: { 'image.repository': 'IMAGE' } }, files)).rejects.toThrow(expected);
  });

  test('asks for the image where the chart’s is somebody else’s', async () => {
    await expect(chart()).rejects.toThrow(
      /^chart: no container runs the app's image: their images are nginx:1\.16/,
    );
  });
});
