import { loadSuite } from './load-suite.ts';
import { standIn } from './stand-in.ts';

loadSuite(standIn);
