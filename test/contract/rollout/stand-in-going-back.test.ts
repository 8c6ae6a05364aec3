import { goingBackSuite } from './going-back-suite.ts';
import { standIn } from './stand-in.ts';

goingBackSuite(standIn);
