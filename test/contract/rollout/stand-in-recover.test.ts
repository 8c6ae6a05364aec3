import { recoverSuite } from './recover-suite.ts';
import { standIn } from './stand-in.ts';

recoverSuite(standIn);
