import { applySuite } from './apply-suite.ts';
import { realCluster } from './real-cluster.ts';

applySuite(realCluster);
