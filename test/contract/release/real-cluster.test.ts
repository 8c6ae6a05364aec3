import { realCluster } from '../rollout/real-cluster.ts';
import { renderSuite } from './suite.ts';
import { switchingSuite } from './switching.ts';

renderSuite(realCluster);
switchingSuite(realCluster);
