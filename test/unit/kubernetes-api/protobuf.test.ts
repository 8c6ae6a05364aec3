import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeProtobuf } from '../../../local/kubernetes/api/http/protobuf.ts';
import { decode } from '../../../local/kubernetes/api/schema/decode.ts';
import { structOf } from '../../../local/kubernetes/api/schema/types.ts';
import { StatusError } from '../../../local/kubernetes/status-error.ts';

/** What kubectl 1.32 sends for `create deployment web --image=demo:v1 --replicas=0 --port=8080`. */
const deployment =
  'azhzAAoVCgdhcHBzL3YxEgpEZXBsb3ltZW50EroBCh8KA3dlYhIAGgAiACoAMgA4AEIAWgoKA2FwcBIDd2ViEogBCAASDAoKCgNhcHASA3dlYhpuChwKABIAGgAiACoAMgA4AEIAWgoKA2FwcBIDd2ViEk4SMAoEZGVtbxIHZGVtbzp2MSoAMgsKABAAGJA/IgAqAEIAagByAIABAIgBAJABAKIBABoAMgBCAEoAUgBYAGAAaACCAQCKAQCaAQDCAQAiAgoAKAA4ABoMCAAQABgAIAAoADgAGgAiAA==';
/** `create ingress x --rule=a/b=c:80`: a union of int and string, and a pointer to a string. */
const ingress =
  'azhzAAofChRuZXR3b3JraW5nLms4cy5pby92MRIHSW5ncmVzcxI8ChEKAXgSABoAIgAqADIAOABCABIjGiEKAWESHAoaChgKAi9iEgsiCQoBYxIECgAQUBoFRXhhY3QaAgoAGgAiAA==';
/** `create secret generic s --from-literal=a=b`: a map of bytes. */
const secret = 'azhzAAoMCgJ2MRIGU2VjcmV0Eh0KEQoBcxIAGgAiACoAMgA4AEIAEgYKAWESAWIaABoAIgA=';
/** `auth can-i get pods` */
const review =
  'azhzAAoyChdhdXRob3JpemF0aW9uLms4cy5pby92MRIXU2VsZlN1YmplY3RBY2Nlc3NSZXZpZXcSPAoQCgASABoAIgAqADIAOABCABIeChwKB2RlZmF1bHQSA2dldBoAIgAqBHBvZHMyADoAGggIABIAGgAgABoAIgA=';

function read(base64: string) {
  const json = decodeProtobuf(Buffer.from(base64, 'base64')) as { apiVersion: string; kind: string };
  return decode(json, structOf(json.apiVersion, json.kind)).value;
}

test('what kubectl sends says the same as its YAML would', () => {
  expect(read(deployment)).toMatchObject({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', labels: { app: 'web' } },
    spec: {
      replicas: 0,
      selector: { matchLabels: { app: 'web' } },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: {
          containers: [{ name: 'demo', image: 'demo:v1', ports: [{ containerPort: 8080 }], resources: {} }],
        },
      },
    },
  });
  expect(read(ingress).spec).toEqual({
    rules: [
      {
        host: 'a',
        http: {
          paths: [
            { path: '/b', pathType: 'Exact', backend: { service: { name: 'c', port: { number: 80 } } } },
          ],
        },
      },
    ],
  });
  expect(read(secret).data).toEqual({ a: Buffer.from('b').toString('base64') });
  expect(read(review).spec).toEqual({
    resourceAttributes: { namespace: 'default', verb: 'get', resource: 'pods' },
  });
});

test('options of a deletion are the same type in every group', () => {
  const field = (number: number, content: Buffer) =>
    Buffer.concat([Buffer.from([(number << 3) | 2, content.length]), content]);
  const type = Buffer.concat([field(1, Buffer.from('apps/v1')), field(2, Buffer.from('DeleteOptions'))]);
  const options = Buffer.concat([Buffer.from([1 << 3, 5]), field(4, Buffer.from('Foreground'))]);
  const body = Buffer.concat([Buffer.from('k8s\0'), field(1, type), field(2, options)]);
  expect(decodeProtobuf(body)).toMatchObject({ gracePeriodSeconds: 5, propagationPolicy: 'Foreground' });
});

test('what is cut off or garbled is refused, and never more than that', () => {
  const whole = Buffer.from(deployment, 'base64');
  fc.assert(
    fc.property(fc.nat(whole.length - 1), fc.nat(255), fc.boolean(), (index, byte, isCut) => {
      const damaged = isCut ? whole.subarray(0, index) : Buffer.from(whole);
      if (!isCut) damaged[index] = byte;
      try {
        decodeProtobuf(damaged);
      } catch (error) {
        expect(error).toBeInstanceOf(StatusError);
      }
    }),
  );
});
