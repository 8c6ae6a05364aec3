// The CDK app: `npx cdk synth`, `npx cdk deploy --all`.
import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { installation } from './installation.ts';

const app = new App();
Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
installation(app);
