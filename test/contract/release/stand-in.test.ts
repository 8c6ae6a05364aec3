import { standIn } from '../rollout/stand-in.ts';
import { renderSuite } from './suite.ts';
import { switchingSuite } from './switching.ts';

renderSuite(standIn);
switchingSuite(standIn);
