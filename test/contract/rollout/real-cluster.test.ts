import { realCluster } from './real-cluster.ts';
import { rolloutSuite } from './suite.ts';

rolloutSuite(realCluster);
