import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { enterSecret } from '../../../bin/commands/webhook-secret/github-hooks.ts';
import { json, serve } from '../source/server.ts';

const WEB = { owner: 'acme', name: 'web' };
const OURS = 'https://hook.example/';

async function startGitHub(hooks: { id: number; url: string }[], mayWrite = true) {
  const changed: Record<string, unknown> = {};
  const server = await serve(async (request, response) => {
    const { url = '', method } = request;
    if (url.startsWith('/repos/acme/hidden/')) return json(response, 404, { message: 'Not Found' });
    if (method === 'GET')
      return json(
        response,
        200,
        hooks.map(({ id, url: to }) => ({ id, config: { url: to } })),
      );
    const body = await text(request);
    const [, id = ''] = /\/hooks\/(\d+)\/config$/.exec(url) ?? [];
    if (id === '') return void response.writeHead(204).end();
    if (!mayWrite)
      return json(response, 403, { message: 'Resource not accessible by personal access token' });
    changed[id] = JSON.parse(body);
    json(response, 200, {});
  });
  return Object.assign(server, { changed });
}

const enter = (apiUrl: string, repository = WEB) =>
  enterSecret({ apiUrl, token: 't' }, repository, { url: OURS, secret: 'new' });

test('changes the secret of the webhooks that send here, and of no others', async () => {
  await using host = await startGitHub([
    { id: 1, url: 'https://ci.example/' },
    { id: 2, url: 'https://hook.example' },
  ]);
  expect(await enter(host.url)).toEqual({ is: 'entered', hooks: 1 });
  // Nothing but the secret: the rest of a webhook stays as it was.
  expect(host.changed).toEqual({ 2: { secret: 'new' } });
});

test.each([
  [
    'no webhook sends here',
    [{ id: 1, url: 'https://ci.example/' }],
    true,
    WEB,
    /no webhook of the repository/,
  ],
  ['the token may not', [{ id: 2, url: OURS }], false, WEB, /answered 403: Resource not accessible/],
  ['the token does not see it', [], true, { owner: 'acme', name: 'hidden' }, /does not see/],
])('leaves it to a person where %s', async (_, hooks, mayWrite, repository, why) => {
  await using host = await startGitHub(hooks, mayWrite);
  const entered = await enter(host.url, repository);
  expect(entered).toMatchObject({ is: 'by-hand', why: expect.stringMatching(why) });
  expect(JSON.stringify(entered)).not.toContain('new');
  expect(host.changed).toEqual({});
});
