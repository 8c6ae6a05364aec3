// Carries one order out in a process of its own, and writes how it ended.
import { carryOut } from '../../../lib/engine/microvm/server/carry.ts';
import { faultOf } from '../../../lib/engine/microvm/server/faults.ts';

const { CACHE: cacheDir = '', ORDER = '' } = process.env;
const carried = carryOut({ cacheDir })(JSON.parse(ORDER), () => {}, AbortSignal.timeout(60_000));
const ending = await carried.then((answer) => ({ answer }), faultOf);
console.log(JSON.stringify(ending));
