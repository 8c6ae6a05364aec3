import { goingBackSuite } from './going-back-suite.ts';
import { realCluster } from './real-cluster.ts';

goingBackSuite(realCluster);
