/**
 * Credentials of a function as the AWS SDK is given them: Lambda puts them into the environment. Bundles have this in
 * place of the SDK's own chain of sources (lib/stacks/bundle.ts), whose other links, single sign-on, profiles, web
 * identities and metadata of machines, do not lead anywhere in Lambda, and weigh 100 KB in each function.
 */
export { fromEnv as defaultProvider } from '@aws-sdk/credential-provider-env';
