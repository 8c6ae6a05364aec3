import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { missing as missingTools } from '../contract/manifests/tools.ts';
import { kubectl } from '../contract/rollout/implementation.ts';
import { App, get } from './harness/app.ts';

const { git, kubeconfig } = inject('cloud');

/** Why what needs Kustomize and Helm cannot run here. */
const missing = missingTools ?? (existsSync('/usr/bin/kubectl') ? undefined : 'kubectl is not installed');

const compose = (greeting: string, image = 'build: .') => `services:
  hello:
    ${image}
    ports: ["8080:9000"]
    environment: {PORT: 9000, GREETING: "${greeting}"}
    read_only: true
    deploy: {replicas: 2}
    depends_on: [second]
  second:
    build: .
    environment: {PORT: 9001}
    expose: [9001]
`;

const DEPLOYMENT = `apiVersion: apps/v1
kind: Deployment
metadata: {name: page, namespace: somewhere}
spec:
  replicas: 1
  selector: {matchLabels: {app.kubernetes.io/name: page}}
  template:
    metadata: {labels: {app.kubernetes.io/name: page}}
    spec:
      containers:
      - name: main
        image: IMAGE
        env: [{name: PORT, value: "9000"}, {name: GREETING, valueFrom: {configMapKeyRef: {name: words, key: greeting}}}]
        readinessProbe: {tcpSocket: {port: 9000}, periodSeconds: 1}
`;
const WORDS = `apiVersion: v1
kind: ConfigMap
metadata: {name: words}
data: {greeting: from a folder}
`;
const SERVICE = `apiVersion: v1
kind: Service
metadata: {name: own}
spec: {type: NodePort, selector: {app.kubernetes.io/name: page}, ports: [{port: 80, targetPort: 9000}]}
`;
const FOLDER = [DEPLOYMENT, WORDS, SERVICE].join('---\n');

const overlay = (greeting: string) => `resources: [../base]
namespace: somewhere
configMapGenerator: [{name: words, behavior: replace, literals: ["greeting=${greeting}"]}]
`;
const KUSTOMIZE = {
  'deploy/base/app.yaml': [DEPLOYMENT, SERVICE].join('---\n'),
  'deploy/base/kustomization.yaml':
    'resources: [app.yaml]\nconfigMapGenerator: [{name: words, literals: [greeting=base]}]\n',
  'deploy/prod/kustomization.yaml': overlay('from kustomize'),
  'fairlead.yaml': 'manifests: {kustomize: deploy/prod}\n',
};

const CHART = {
  'chart/Chart.yaml': 'apiVersion: v2\nname: page\nversion: 1.0.0\n',
  'chart/values.yaml': 'image: {repository: nginx}\ngreeting: from a chart\nmore: true\n',
  'chart/templates/app.yaml': [
    DEPLOYMENT.replaceAll('page', 'chart-{{ .Release.Name }}')
      .replace('somewhere', '{{ .Release.Namespace }}')
      .replace('image: IMAGE', 'image: {{ .Values.image.repository }}')
      .replace(/valueFrom: \{.*?\}\}/, 'value: "{{ .Values.greeting }}"'),
    WORDS.replace('from a folder', '{{ .Values.greeting }}'),
    SERVICE.replace('app.kubernetes.io/name: page', 'app.kubernetes.io/name: chart-{{ .Release.Name }}'),
    `{{ if .Values.more }}\n${WORDS.replace('words', 'more')}{{ end }}\n`,
  ].join('---\n'),
  'fairlead.yaml': 'manifests: {helm: {chart: ./chart, set: {image.repository: IMAGE}}}\n',
};

const MAIN = `package main

import (
	"fmt"
	"net/http"
	"os"
)

func main() {
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "Hello ", os.Getenv("GREETING"))
	})
	panic(http.ListenAndServe(":"+os.Getenv("PORT"), nil))
}
`;

/** An app that brings its own manifests: each test pushes on top of what the one before has left. */
describe('an app with manifests of its own', { timeout: 120_000 }, () => {
  let app: App;
  let url = '';

  beforeAll(async () => {
    app = await App.create(git, 'own');
  });
  afterAll(() => app.remove());

  it('is live as its compose file says, and hears what that could not say', async () => {
    await app.commit({
      'main.go': MAIN,
      'compose.yaml': compose('from compose'),
      'fairlead.yaml': 'manifests: {compose: compose.yaml}\n',
    });
    const pushed = await app.push();
    expect(pushed.outcome, pushed.text).toBe('live');
    expect(pushed.text).toContain('services.hello.depends_on second: all start together');
    url = pushed.rest;
    expect(await get(url)).toBe('Hello from compose');
  });

  it('fails before anything is built when they are wrong, with the line, and keeps answering', async () => {
    await app.commit({ 'compose.yaml': compose('never', 'buidl: .') });
    const pushed = await app.push();
    expect(pushed.outcome, pushed.text).toBe('failed');
    expect(pushed.text).toContain('compose.yaml:3: unknown key services.hello.buidl; did you mean build?');
    expect(pushed.text).not.toContain('go build');
    expect(await get(url)).toBe('Hello from compose');
  });

  it('fails without touching anything when the cluster does not take them', async () => {
    const same = FOLDER.replaceAll('name: page', 'name: hello');
    await app.commit({ 'k8s/app.yaml': same, 'fairlead.yaml': 'manifests: k8s\n' });
    const pushed = await app.push();
    expect(pushed.outcome, pushed.text).toBe('failed');
    expect(pushed.text).toMatch(/hello.*spec\.selector.*field is immutable/);
    expect(await get(url)).toBe('Hello from compose');
  });

  it('goes over to a folder of YAML, and what that does not say is taken away', async () => {
    await app.commit({ 'k8s/app.yaml': FOLDER });
    const pushed = await app.push();
    expect(pushed.outcome, pushed.text).toBe('live');
    expect(pushed.text).toContain('namespace somewhere is replaced: everything goes into own');
    expect(await get(pushed.rest)).toBe('Hello from a folder');
  });

  describe.skipIf(missing !== undefined)(`rendered by programs${missing ? ` (${missing})` : ''}`, () => {
    /** Pushes `files`; answers what is told, and what `url` says then. */
    const push = async (files: Record<string, string>) => {
      await app.commit(files);
      const pushed = await app.push();
      expect(pushed.outcome, pushed.text).toBe('live');
      return { text: pushed.text, answer: await get(pushed.rest) };
    };
    /** `KIND/NAME` of what is in the app's namespace and Fairlead's. */
    const owned = async () => {
      const kinds = 'deployment,configmap,service';
      const label = 'app.kubernetes.io/managed-by=fairlead';
      const out = await kubectl(kubeconfig, ['-n', 'own', 'get', kinds, '-l', label, '-o', 'name']);
      return out.split('\n').filter((line) => line !== '' && !line.includes('inventory'));
    };
    const imageOf = (deployment: string) =>
      kubectl(kubeconfig, [
        ...['-n', 'own', 'get', 'deployment', deployment],
        ...['-o', 'jsonpath={.spec.template.spec.containers[0].image}'],
      ]);

    it('goes over to Kustomize, with the image by its digest; what it generated before is taken away', async () => {
      expect((await push(KUSTOMIZE)).answer).toBe('Hello from kustomize');
      expect(await imageOf('page')).toMatch(/\/own@sha256:[0-9a-f]{64}$/);
      const before = await owned();
      expect(before).toHaveLength(3);
      const again = await push({ 'deploy/prod/kustomization.yaml': overlay('from kustomize again') });
      expect(again.answer).toBe('Hello from kustomize again');
      const after = await owned();
      expect(after).toHaveLength(3);
      expect(after.filter((name) => !before.includes(name))).toEqual([
        expect.stringMatching(/^configmap\/words-/),
      ]);
    });

    it('goes over to a Helm chart, and what a value leaves out of it is taken away', async () => {
      expect((await push(CHART)).answer).toBe('Hello from a chart');
      expect(await imageOf('chart-own')).toMatch(/\/own@sha256:[0-9a-f]{64}$/);
      const all = ['deployment.apps/chart-own', 'configmap/more', 'configmap/words', 'service/own'];
      expect((await owned()).sort()).toEqual([...all].sort());
      const values = CHART['chart/values.yaml'].replace('true', 'false').replace('a chart', 'its values');
      expect((await push({ 'chart/values.yaml': values })).answer).toBe('Hello from its values');
      expect((await owned()).sort()).toEqual(all.filter((name) => name !== 'configmap/more').sort());
    });
  });
});
