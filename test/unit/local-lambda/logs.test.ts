import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { finished } from 'node:stream/promises';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { eachLine, parseObject } from '../../../local/lambda/lines.ts';
import { LogFile } from '../../../local/lambda/log-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'local-lambda-logs-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function linesOf(chunks: Uint8Array[]): Promise<string[]> {
  const lines: string[] = [];
  const stream = new PassThrough();
  eachLine(stream, (line) => lines.push(line));
  for (const chunk of chunks) stream.write(chunk);
  stream.end();
  await finished(stream);
  return lines;
}

test('lines are the same however the stream is cut', async () => {
  const text = fc.array(fc.string({ unit: 'grapheme' }).map((line) => line.replace(/[\r\n]/g, '')));
  await fc.assert(
    fc.asyncProperty(text, fc.array(fc.nat({ max: 50 })), async (lines, cuts) => {
      const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
      const at = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
      const chunks = at.slice(1).map((end, index) => bytes.subarray(at[index], end));
      expect(await linesOf(chunks)).toEqual(lines);
    }),
  );
});

test('the last line needs no end; a line longer than CloudWatch takes is cut', async () => {
  expect(await linesOf([Buffer.from('a\r\nb')])).toEqual(['a', 'b']);
  const [first, second] = await linesOf([Buffer.from('x'.repeat(300_000))]);
  expect([first?.length, second?.length]).toEqual([262_144, 37_856]);
});

test('only a JSON object is a record', () => {
  expect(parseObject('{"a":1}')).toEqual({ a: 1 });
  for (const line of ['[1]', '"a"', '{', '{} x', '']) expect(parseObject(line)).toBeUndefined();
});

test('a log file keeps the newest lines, and never more than twice its limit', () => {
  const path = join(folder, 'deep', 'f.log');
  const file = new LogFile(path, 100);
  for (let n = 0; n < 100; n += 1) file.append(`line ${n}`);
  const [now, before] = [readFileSync(path, 'utf8'), readFileSync(`${path}.1`, 'utf8')];
  expect(Math.max(now.length, before.length)).toBeLessThanOrEqual(100);
  expect((before + now).endsWith('line 98\nline 99\n')).toBe(true);
  new LogFile(path, 100).append('again');
  expect(readFileSync(path, 'utf8')).toBe(`${now}again\n`);
});
