import { rightsSuite } from './rights-suite.ts';
import { standIn } from './stand-in.ts';

rightsSuite(standIn);
