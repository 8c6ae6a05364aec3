import { restartSuite } from './restart-suite.ts';
import { standIn } from './stand-in.ts';

restartSuite(standIn);
