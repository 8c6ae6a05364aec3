import { loadSuite } from './load-suite.ts';
import { lateStandIn } from './stand-in.ts';

loadSuite(lateStandIn);
