/** From where the cluster's API is reached: `private` takes the function that rolls out into the VPC. */
export type Endpoint = 'public' | 'public-and-private' | 'private';

/** A cluster in Auto Mode, made by the cluster stack with a VPC of its own. */
export interface NewCluster {
  kind: 'new';
  /** Kubernetes' minor version: `1.35`. */
  version: string;
  endpoint: Endpoint;
  /** ARNs of the roles and users that administer it. */
  admins: readonly string[];
  /** What the nodes reach the world by; one in each zone bears the loss of a zone. */
  natGateways: 1 | 2;
  /** Two of its region; those that CloudFormation names first where it is empty. */
  zones: readonly string[];
}

/** A cluster that is there, of which the stacks change nothing but who may roll out. */
export interface ExistingCluster {
  kind: 'existing';
  name: string;
  endpoint: Endpoint;
  /** Of a private endpoint: where the function that rolls out gets its network interfaces. */
  network?: { vpc: string; subnets: readonly string[]; securityGroups: readonly string[] };
}

export type ClusterSettings = NewCluster | ExistingCluster;

export const NEW_CLUSTER: NewCluster = {
  kind: 'new',
  version: '1.35',
  // Public for the functions, which so stay out of the VPC; every call is authenticated by IAM all the same.
  endpoint: 'public-and-private',
  admins: [],
  natGateways: 2,
  zones: [],
};

/** Throws where the settings cannot be carried out. Of what a person wrote, the check of the configuration says it better. */
export function checkClusterSettings(settings: ClusterSettings): void {
  if (settings.kind === 'existing' && settings.endpoint === 'private' && settings.network === undefined)
    throw new Error(
      `the endpoint of the cluster ${settings.name} is private: name its VPC, subnets and security groups`,
    );
}
