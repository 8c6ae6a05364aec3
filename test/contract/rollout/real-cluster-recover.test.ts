import { realCluster } from './real-cluster.ts';
import { recoverSuite } from './recover-suite.ts';

recoverSuite(realCluster);
