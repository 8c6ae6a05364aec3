import { realCluster } from '../rollout/real-cluster.ts';
import { renderSuite } from './suite.ts';

renderSuite(realCluster);
