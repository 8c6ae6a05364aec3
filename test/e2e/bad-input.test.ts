import { createHmac } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { App, get } from './harness/app.ts';

const { git, webhook } = inject('cloud');

const DOCKERFILE = 'FROM scratch\nCOPY file /file\nEXPOSE 8080\nENTRYPOINT ["/file"]\n';

/** First pushes that cannot work: what the last line is to say. */
const REFUSED: { name: string; files: Record<string, string>; says: RegExp }[] = [
  { name: 'empty', files: {}, says: /Dockerfile/ },
  { name: 'no-dockerfile', files: { 'main.go': 'package main' }, says: /no Dockerfile/i },
  {
    name: 'syntax',
    files: { Dockerfile: 'FROM scratch\nCOPPY file /file\n', file: '' },
    says: /Dockerfile:2.*COPPY.*COPY/,
  },
  {
    name: 'no-base',
    files: { Dockerfile: 'FROM localhost:2/nobody/knows:1\nCOPY file /file\nEXPOSE 8080\n', file: '' },
    says: /^Dockerfile:1: the base image localhost:2\/nobody\/knows:1 cannot be had/,
  },
  {
    name: 'no-port',
    files: { Dockerfile: DOCKERFILE.replace('EXPOSE 8080\n', ''), file: '' },
    says: /EXPOSE/,
  },
  {
    name: 'bad-config',
    files: { Dockerfile: DOCKERFILE, file: '', 'fairlead.yaml': 'prot: 80\n' },
    says: /fairlead\.yaml:1.*prot.*port/,
  },
  { name: 'no-program', files: { Dockerfile: DOCKERFILE, file: 'not a program' }, says: /\/file/ },
];

describe('a first push that cannot work', { timeout: 90_000 }, () => {
  it.each(REFUSED)('$name: says why in one line, and leaves nothing', async ({ name, files, says }) => {
    const app = await App.create(git, `bad-${name}`, files);
    try {
      const pushed = await app.push();
      expect(pushed.code).toBe(0);
      expect(pushed.lines.at(-1)).toMatch(/^failed bad-\S+ [0-9a-f]{40} /);
      expect(pushed.rest).toMatch(says);
    } finally {
      await app.remove();
    }
  });
});

describe('with an app that serves', { timeout: 120_000 }, () => {
  let app: App;
  let url = '';

  beforeAll(async () => {
    app = await App.create(git, 'serving');
    url = (await app.push()).rest;
  }, 120_000);
  afterAll(() => app.remove());

  const stillServes = async () => expect(await get(url)).toBe('Hello from Fairlead, version 1');

  it('a tag is ignored by name', async () => {
    await app.git('tag', 'v1');
    const pushed = await app.push('v1');
    expect(pushed.lines).toEqual([expect.stringMatching(/^ignored serving refs\/tags\/v1\b.*/)]);
    await stillServes();
  });

  it('a tag beside main is told first: the push ends with what became of the deployment', async () => {
    await app.commit({ 'NOTES.txt': 'no change of the program' });
    await app.git('tag', 'v2');
    const pushed = await app.push('main', 'v2', '-o', 'an-option');
    expect(pushed.lines[0]).toMatch(/^ignored serving refs\/tags\/v2\b/);
    expect(pushed.outcome, pushed.text).toBe('live');
    await stillServes();
  });

  it('another branch is ignored by name', async () => {
    const pushed = await app.push('main:feature');
    expect(pushed.lines).toEqual([expect.stringMatching(/^ignored serving refs\/heads\/feature\b.*main/)]);
    await stillServes();
  });

  it('the deletion of a branch is ignored', async () => {
    const pushed = await app.push(':feature');
    expect(pushed.lines).toEqual([expect.stringMatching(/^ignored serving refs\/heads\/feature\b/)]);
    await stillServes();
  });

  it('the deletion of main is ignored: what is live stays', async () => {
    const pushed = await app.push(':main');
    expect(pushed.lines).toEqual([expect.stringMatching(/^ignored serving refs\/heads\/main\b/)]);
    expect(pushed.code).toBe(0);
    await stillServes();
    expect((await app.push()).outcome).toBe('unchanged');
  });

  it('a port that nobody listens on fails with the port, and the old version keeps answering', async () => {
    const source = await readFile(join(app.directory, 'main.go'), 'utf8');
    const listens = '":" + port,';
    expect(source).toContain(listens);
    await app.commit({
      'main.go': source.replace(listens, '":8080",'),
      'fairlead.yaml': 'port: 9999\npatience: 5\n',
    });
    const pushed = await app.push();
    expect(pushed.lines.at(-1)).toMatch(/^failed serving [0-9a-f]{40} .*9999/);
    await stillServes();
  });

  it('a webhook with a bad signature is refused and starts nothing', async () => {
    const body = JSON.stringify({ ref: 'refs/heads/main' });
    const response = await fetch(webhook, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-github-event': 'push',
        'x-github-delivery': '00000000-0000-0000-0000-000000000000',
        'x-hub-signature-256': `sha256=${createHmac('sha256', 'guess').update(body).digest('hex')}`,
      },
      body,
    });
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({
      status: 'refused',
      message: expect.stringMatching(/signature/),
    });
    await stillServes();
  });
});
