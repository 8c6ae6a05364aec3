import { appSuite } from './app-suite.ts';
import { describeOn } from './describe-on.ts';
import { standIn } from './stand-in.ts';
import { strategySuite } from './strategy-suite.ts';

describeOn(standIn, 'rolling out apps', (scene) => {
  appSuite(scene);
  strategySuite(scene);
});
