import { appSuite } from './app-suite.ts';
import { describeOn } from './describe-on.ts';
import { realCluster } from './real-cluster.ts';
import { strategySuite } from './strategy-suite.ts';

describeOn(realCluster, 'rolling out apps', (scene) => {
  appSuite(scene);
  strategySuite(scene);
});
