import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseLog } from '../../../local/git/history.ts';
import { faultOfAppName } from '../../../local/git/names.ts';
import { terminalLines } from '../../../local/git/terminal.ts';
import { hostForTests } from './host.ts';

describe('what is not git', () => {
  const { url, host } = hostForTests();

  test.each([
    ['GET', '/', 200, /git push http:.*\/<app>\.git/],
    ['GET', '/web.git/info/refs', 403, /dumb HTTP protocol/],
    ['GET', '/web.git/HEAD', 403, /dumb HTTP protocol/],
    ['GET', '/web.git/objects/info/packs', 403, /dumb HTTP protocol/],
    ['GET', '/web.git/info/refs?service=git-upload-archive', 403, /no service "git-upload-archive"/],
    ['POST', '/web.git/git-upload-archive', 404, /no service git-upload-archive/],
    ['GET', '/web.git/git-receive-pack', 405, /called with POST/],
    ['POST', '/web.git/info/refs?service=git-upload-pack', 405, /read with GET/],
    ['POST', '/unknown.git/git-upload-pack', 404, /no repository unknown yet/],
    ['POST', '/Bad.git/git-upload-pack', 404, /cannot be the name of an app/],
    ['POST', '/there.git/git-receive-pack', 415, /application\/x-git-receive-pack-request/],
    ['DELETE', '/web', 405, /DELETE means nothing/],
  ])('%s %s is answered %i, in words', async (method, path, status, words) => {
    await host().repository('there');
    const response = await fetch(url() + path, { method });
    expect(response.status).toBe(status);
    expect(await response.text()).toMatch(words);
  });

  test('a request that breaks off, or is no pack, harms nobody', async () => {
    await host().repository('there');
    const head =
      'POST /there.git/git-receive-pack HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-git-receive-pack-request\r\n';
    const socket = connect(Number(new URL(url()).port), '127.0.0.1');
    socket.write(`${head}Content-Length: 1000\r\n\r\n0000`);
    await new Promise((resolve) => setTimeout(resolve, 50));
    socket.destroy();
    const nonsense = connect(Number(new URL(url()).port), '127.0.0.1');
    nonsense.write(`${head}Content-Encoding: gzip\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello`);
    expect(await text(nonsense)).toMatch(/^HTTP\/1.1 (?:200|500)/);
    expect((await fetch(url())).status).toBe(200);
  });
});

describe('names of apps', () => {
  test('are DNS labels that begin with a letter', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/), (name) => {
        expect(faultOfAppName(name)).toBeUndefined();
      }),
    );
    fc.assert(
      fc.property(fc.string(), (name) => {
        const label =
          name.length <= 63 && /^[a-z]/.test(name) && /^[a-z0-9-]*$/.test(name) && !name.endsWith('-');
        expect(faultOfAppName(name) === undefined).toBe(label);
      }),
    );
  });
});

describe('lines for a terminal', () => {
  test('never hold a control character', () => {
    const unit = fc.oneof(
      fc.constantFrom('\u001b', '[', '31m', '\r', '\n', '\u009b', '\u0007', '\u202e'),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(unit), (parts) => {
        for (const line of terminalLines(parts.join(''))) {
          for (const character of line) {
            const code = character.codePointAt(0) ?? 0;
            expect(code === 9 || (code >= 32 && (code < 127 || code > 159) && code !== 0x202e)).toBe(true);
          }
        }
      }),
    );
  });

  test('keep what people wrote, and the empty lines in between', () => {
    expect(terminalLines('größe: 5\n\n  indented ✓\n')).toEqual(['größe: 5', '', '  indented ✓']);
    expect(terminalLines('x'.repeat(5000))[0]).toHaveLength(2001);
  });
});

describe('the log of git', () => {
  const id = fc.stringMatching(/^[0-9a-f]{40}$/);
  const line = fc.string({ unit: fc.constantFrom('a', ' ', 'M', '\n', 'ü') });
  const path = fc.oneof(id, fc.stringMatching(/^[A-Za-z \n]{1,9}$/), fc.constant('M'));

  test('is read back, whatever files and messages are called', () => {
    const change = fc.record({ status: fc.constantFrom('A', 'M', 'D'), path });
    const entry = fc.record({ id, message: line, changes: fc.array(change, { maxLength: 4 }) });
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 4 }), (entries) => {
        // As git prints it: fields ended by NUL, an empty line and the changes, or a line end and nothing.
        const output = entries.map(({ id: commit, message, changes }) => {
          const fields = [commit, 't', '', 'n', 'e', 'd', 'cn', 'ce', 'cd', `${message}\n`, ''].join('\0');
          const list = changes.map(({ status, path: name }) => `${status}\0${name}\0`).join('');
          return `${fields}${list === '' ? '' : `\n${list}`}`;
        });
        const parsed = parseLog(output.join('\0'));
        expect(parsed.map((commit) => commit.id)).toEqual(entries.map((commit) => commit.id));
        parsed.forEach((commit, index) => {
          const { changes = [], message = '' } = entries[index] ?? {};
          const of = (status: string) => changes.filter((c) => c.status === status).map((c) => c.path);
          expect([commit.added, commit.modified, commit.removed]).toEqual([of('A'), of('M'), of('D')]);
          expect(commit.message).toBe(message.trimEnd());
        });
      }),
    );
  });
});
