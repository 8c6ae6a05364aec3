import { standIn } from './stand-in.ts';
import { rolloutSuite } from './suite.ts';

rolloutSuite(standIn);
