import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

/** The load generator of Debian's package `wrk`. */
export const WRK = '/usr/bin/wrk';
export const missingWrk = existsSync(WRK) ? undefined : 'wrk is not installed (Debian package wrk)';

/** What came of all requests. `failed` adds up what went wrong in any way. */
export interface Tally {
  requests: number;
  failed: number;
  /** By kind: connections that were not made, were cut, or had no answer in time or at all; answers that are not 200. */
  errors: Record<'connect' | 'read' | 'write' | 'timeout' | 'status' | 'stalled', number>;
}

/** Seconds without an answer from which on a connection counts as stalled. */
const PATIENCE = 5;

// wrk tells of failures only in words and only where there are any, so it is made to write them as JSON. Its own
// `status` counts from 400 on: here anything but 200 is an error. And a request that is never answered it does not count
// at all: so each connection has a thread, which keeps the time of its last answer.
const SCRIPT = `
local threads = {}
function setup(thread) table.insert(threads, thread) end
function init(args)
  odd, stalled, last = 0, 0, os.time()
  if os.getenv("WRK_CLOSE") then wrk.headers["Connection"] = "close" end
end
function response(status, headers, body)
  if status ~= 200 then odd = odd + 1 end
  local now = os.time()
  if now - last > ${PATIENCE} then stalled = stalled + 1 end
  last = now
end
function done(summary, latency, requests)
  local odd, stalled = 0, 0
  for _, thread in ipairs(threads) do
    odd = odd + thread:get("odd")
    stalled = stalled + thread:get("stalled")
    if os.time() - thread:get("last") > ${PATIENCE} then stalled = stalled + 1 end
  end
  local e = summary.errors
  io.stderr:write(string.format(
    '{"requests":%d,"errors":{"connect":%d,"read":%d,"write":%d,"timeout":%d,"status":%d,"stalled":%d}}',
    summary.requests, e.connect, e.read, e.write, e.timeout, odd, stalled))
end
`;

/** Asks without a pause over some connections, kept from request to request or a new one for each. */
export class Load {
  readonly #directory = mkdtempSync(join(tmpdir(), 'fairlead-wrk-'));
  readonly #child: ChildProcess;
  readonly #told: Promise<string>;

  constructor(url: string, connections: 'kept' | 'new', count = 8) {
    const script = join(this.#directory, 'load.lua');
    writeFileSync(script, SCRIPT);
    const args = [`-t${count}`, `-c${count}`, '-d3600s', '--timeout', `${PATIENCE}s`, '-s', script, url];
    // Below what it loads: one that takes the processor from the probes measures itself.
    this.#child = spawn('nice', ['-n', '10', WRK, ...args], {
      env: { ...process.env, ...(connections === 'new' && { WRK_CLOSE: '1' }) },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#told = text(this.#child.stderr as NodeJS.ReadableStream);
  }

  async stop(): Promise<Tally> {
    this.#child.kill('SIGINT');
    if (this.#child.exitCode === null) await once(this.#child, 'exit');
    rmSync(this.#directory, { recursive: true });
    const said = await this.#told;
    const tally = JSON.parse(said.slice(said.indexOf('{'))) as Omit<Tally, 'failed'>;
    const failed = Object.values(tally.errors).reduce((sum, count) => sum + count, 0);
    return { ...tally, failed };
  }
}
