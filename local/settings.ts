/** What the functions have to know of this cloud, to be put into their environment by who defines them. */
export interface Settings {
  /** Secrets Manager ids, and base URLs of REST APIs, by the kind of git host. */
  webhookSecretIds: Record<string, string>;
  /** The local git host knows nobody by these: it takes whoever has one for its owner. */
  hostTokenSecretIds: Record<'github', string>;
  hostApiUrls: Record<string, string>;
  ledgerTable: string;
  imageRepositoryPrefix: string;
  registryMirrors: Record<string, string>;
  insecureRegistries: string[];
  localAddresses: 'allowed';
  /** `if-possible` where nobody here may make networks: then a RUN has this machine's. */
  runIsolation: 'required' | 'if-possible';
  clusterName: string;
  serviceType: 'NodePort';
  /** There are none but what a cluster of one's own makes of it. */
  loadBalancers: 'internet-facing';
  cacheDirectory: string;
  microVm: { image: string; version: string; platform: string; secretId: string };
  lentRole: string;
  deadLettersUrl: string;
  /** Where builds can be handed over to CodeBuild. */
  codeBuildProject?: string;
  lentTable?: string;
}
