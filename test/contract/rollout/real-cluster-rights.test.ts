import { realCluster } from './real-cluster.ts';
import { rightsSuite } from './rights-suite.ts';

rightsSuite(realCluster);
