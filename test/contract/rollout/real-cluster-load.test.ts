import { loadSuite } from './load-suite.ts';
import { realCluster } from './real-cluster.ts';

loadSuite(realCluster);
