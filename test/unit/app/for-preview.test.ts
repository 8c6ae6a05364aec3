import { describe, expect, test } from 'vitest';
import { decideApp } from '../../../lib/app/decide.ts';
import { forPreview } from '../../../lib/app/for-preview.ts';

const decided = (file: string, environment: string) =>
  decideApp({
    name: 'web',
    file,
    environment,
    image: { exposedPorts: [8080] },
    defaults: { service: 'LoadBalancer' },
  });
const preview = (file: string) =>
  forPreview(decided(file, 'preview-blue'), decided(file, 'production'), 'preview-blue');

describe('the host name of a preview', () => {
  test('is below production’s, which it never takes', () => {
    expect(preview('ingress: { host: shop.example.com }\n').ingress?.host).toBe('blue.shop.example.com');
  });

  test('is what the file says for previews', () => {
    const file = `
ingress: { host: shop.example.com }
environments: { preview: { ingress: { host: "{environment}.example.net" } } }
`;
    expect(preview(file).ingress?.host).toBe('preview-blue.example.net');
    expect(preview('ingress: { host: "{environment}.example.com" }\n').ingress?.host).toBe(
      'preview-blue.example.com',
    );
  });

  test('is below production’s for an environment that has a name, too', () => {
    const of = (file: string) =>
      forPreview(decided(file, 'staging'), decided(file, 'production'), 'staging').ingress?.host;
    expect(of('ingress: { host: shop.example.com }\n')).toBe('staging.shop.example.com');
    const own = 'environments: { staging: { ingress: { host: try.example.com } } }\n';
    expect(of(`ingress: { host: shop.example.com }\n${own}`)).toBe('try.example.com');
  });

  test('is not every host', () => {
    expect(preview('ingress: { path: / }\n')).not.toHaveProperty('ingress');
    expect(preview('ingress: { host: "*.example.com" }\n')).not.toHaveProperty('ingress');
  });

  test('is not taken by an annotation either; other annotations stay', () => {
    const annotations =
      '{ external-dns.alpha.kubernetes.io/hostname: shop.example.com, example.com/team: blue }';
    const app = preview(`service: { type: LoadBalancer, annotations: ${annotations} }\n`);
    expect(app.processes[0]?.service.annotations).toEqual({ 'example.com/team': 'blue' });
  });

  test('changes nothing else', () => {
    const app = decided('env: { A: b }\nreplicas: 3\n', 'preview-blue');
    expect(forPreview(app, app, 'preview-blue')).toEqual(app);
  });
});
