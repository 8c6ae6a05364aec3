// Loads a function in this process as Lambda's runtime does, which has loaded Node's HTTP for itself before, and tells how
// long that took.
import 'node:http';
import { performance } from 'node:perf_hooks';

const before = process.cpuUsage();
const begun = performance.now();
const { handler } = await import(process.argv[2]);
const ms = performance.now() - begun;
const { user, system } = process.cpuUsage(before);
if (typeof handler !== 'function') throw new Error(`${process.argv[2]} has no handler`);
const mebibytes = process.memoryUsage.rss() / 2 ** 20;
process.stdout.write(JSON.stringify({ ms, processor: (user + system) / 1000, mebibytes }));
