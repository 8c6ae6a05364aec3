// The CDK app: `npx cdk synth`, `npx cdk deploy --all`.
import { join } from 'node:path';
import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { loadConfig } from '../lib/config/load.ts';
import { FairleadError } from '../lib/errors.ts';
import { installations } from './installation.ts';

try {
  const { config } = await loadConfig(join(import.meta.dirname, '..'));
  const app = new App();
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  installations(app, config);
} catch (error) {
  if (!(error instanceof FairleadError)) throw error;
  console.error(`fairlead: ${error.message}`);
  process.exitCode = 1;
}
