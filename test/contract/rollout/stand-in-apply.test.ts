import { applySuite } from './apply-suite.ts';
import { standIn } from './stand-in.ts';

applySuite(standIn);
