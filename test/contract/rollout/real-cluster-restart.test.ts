import { realCluster } from './real-cluster.ts';
import { restartSuite } from './restart-suite.ts';

restartSuite(realCluster);
