import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FairleadError } from '../../../lib/errors.ts';
import { OCI_INDEX, OCI_MANIFEST } from '../../../lib/image/media-types.ts';
import { Registries } from '../../../lib/registry/registries.ts';
import { AMD64, imageOf, layerOf } from './images.ts';

interface Answer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

const RUNS = Number(process.env.FUZZ_RUNS ?? 200);
const patience = { attempts: 2, firstDelay: 1, longestDelay: 5 };

/** What the server answers, one after the other and then again from the first. */
let answers: Answer[] = [];
let asked = 0;
let server: Server;
let host = '';

beforeAll(async () => {
  server = createServer((request, response) => {
    request.resume();
    const { status, headers, body } = answers[asked++ % answers.length] as Answer;
    try {
      response.writeHead(status, headers);
    } catch {
      response.writeHead(500);
    }
    response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  host = `localhost:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const digest = fc.constantFrom(
  `sha256:${'0'.repeat(64)}`,
  'sha256:12',
  'md5:x',
  '',
  `sha512:${'a'.repeat(128)}`,
);
const place = fc.oneof(
  fc.constantFrom(
    '/',
    '..',
    '//',
    '?',
    'http://',
    'http://localhost:1/',
    'file:///etc/passwd',
    'http://[',
    ' ',
    '%',
  ),
  fc.nat(3).map((step) => `/v2/web/blobs/uploads/${step}`),
  fc.string({ maxLength: 20 }),
);
const value: Record<string, fc.Arbitrary<string>> = {
  'content-type': fc.constantFrom(OCI_MANIFEST, OCI_INDEX, 'text/html', 'application/json', ''),
  'docker-content-digest': digest,
  'www-authenticate': fc.oneof(
    place.map((realm) => `Bearer realm="${realm}",service="x",scope="y"`),
    fc.constantFrom('Basic realm="x"', 'Bearer', 'Negotiate', 'Bearer realm=', ','),
  ),
  location: place,
  range: fc.constantFrom('0-0', '0-99999999999999', 'x', '5-1', '-1', ''),
  'retry-after': fc.constantFrom('0', '-1', 'x', '99999999999', 'Fri, 31 Dec 9999 23:59:59 GMT'),
  'content-range': fc.constantFrom('bytes 0-1/2', 'x'),
  link: place.map((to) => `<${to}>; rel="next"`),
};
const headers = fc.record(value, { requiredKeys: [] }).map((all) => all as Record<string, string>);
const descriptor = fc.record(
  {
    mediaType: fc.oneof(fc.constantFrom(OCI_MANIFEST, ''), fc.string()),
    digest,
    size: fc.oneof(fc.integer(), fc.double()),
  },
  { requiredKeys: [] },
);
const document = fc
  .oneof(
    fc.record(
      {
        schemaVersion: fc.constantFrom(2, 1, '2'),
        mediaType: fc.constantFrom(OCI_MANIFEST, OCI_INDEX),
        config: fc.oneof(descriptor, fc.jsonValue()),
        layers: fc.oneof(fc.array(descriptor, { maxLength: 3 }), fc.jsonValue()),
        manifests: fc.oneof(fc.array(descriptor, { maxLength: 3 }), fc.jsonValue()),
        token: fc.jsonValue(),
        errors: fc.jsonValue(),
        tags: fc.jsonValue(),
      },
      { requiredKeys: [] },
    ),
    fc.jsonValue(),
  )
  .map((found) => JSON.stringify(found));
const answer: fc.Arbitrary<Answer> = fc.record({
  status: fc.constantFrom(
    200,
    200,
    201,
    202,
    204,
    206,
    301,
    302,
    307,
    308,
    400,
    401,
    403,
    404,
    405,
    416,
    429,
    500,
    503,
    599,
  ),
  headers,
  body: fc.oneof(document, fc.string(), fc.constant('')),
});

test.each<[string, (registries: Registries) => Promise<unknown>]>([
  [
    'pulling',
    async (registries) => {
      const image = await registries.resolve(`${host}/web:1`, AMD64);
      for (const { open } of image.layers) await buffer(await open());
    },
  ],
  ['publishing', (registries) => registries.publish(imageOf(layerOf(10), layerOf(20)), `${host}/web`, ['1'])],
])('whatever a registry answers, %s ends, and with an error that people can read', async (_what, act) => {
  const property = fc.asyncProperty(fc.array(answer, { minLength: 1, maxLength: 8 }), async (given) => {
    [answers, asked] = [given, 0];
    const error = await act(new Registries({ patience })).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (error !== undefined && !(error instanceof FairleadError)) throw error;
    expect(asked).toBeLessThan(200);
  });
  await fc.assert(property, { numRuns: RUNS, interruptAfterTimeLimit: 25_000 });
});
