import { standIn } from '../rollout/stand-in.ts';
import { renderSuite } from './suite.ts';

renderSuite(standIn);
