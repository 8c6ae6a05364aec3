/** Keys of a service without a meaning in a cluster, and what is said of them; nothing is said of what nobody misses. */
export const LEFT_OUT: Record<string, string> = {
  attach: '',
  blkio_config: 'the cluster does not limit block devices',
  container_name: 'pods have names of their own; others reach it by the name of its service',
  cpu_shares: 'write deploy.resources instead',
  cpu_quota: 'write deploy.resources instead',
  cpu_period: 'write deploy.resources instead',
  develop: '',
  dns: "the cluster's own is used",
  dns_search: "the cluster's own is used",
  dns_opt: "the cluster's own is used",
  domainname: 'pods have the domain of the cluster',
  init: 'containers run their program as it is',
  label_file: 'labels are for tools on one machine',
  labels: 'labels are for tools on one machine',
  annotations: 'they are for tools on one machine',
  links: 'services reach each other by their names',
  logging: "the cluster's own is used",
  mac_address: 'pods have addresses of their own',
  memswap_limit: 'pods have no swap',
  mem_swappiness: 'pods have no swap',
  networks: 'all services of the file reach each other',
  oom_score_adj: 'the cluster sets it',
  platform: 'the cluster chooses a machine that the image is for',
  post_start: 'nothing runs it',
  pre_stop: 'nothing runs it',
  pids_limit: 'the cluster limits processes',
  stop_signal: 'programs are told to end by SIGTERM, or as their image says',
  storage_opt: 'the cluster sets it',
  ulimits: 'the cluster sets them',
};

/** Keys that the app could not do without, and that nothing here gives it. */
export const REFUSED: Record<string, string> = {
  cgroup: 'pods have no cgroups of others',
  cgroup_parent: 'pods have no cgroups of others',
  credential_spec: 'only Windows has it',
  device_cgroup_rules: 'pods have no devices of the machine; write manifests of your own for that',
  devices: 'pods have no devices of the machine; write manifests of your own for that',
  extends: 'write out what the other service says',
  external_links: 'name the other app by its address in the cluster, APP.NAMESPACE',
  gpus: 'write manifests of your own for that',
  ipc: 'pods share nothing with the machine',
  isolation: 'only Windows has it',
  models: 'write manifests of your own for that',
  network_mode: 'pods have a network of their own; services reach each other by their names',
  pid: 'pods share nothing with the machine',
  privileged: 'give it what it needs by cap_add',
  provider: 'write manifests of your own for that',
  runtime: 'the cluster chooses it',
  sysctls: 'write manifests of your own for that',
  userns_mode: 'pods share nothing with the machine',
  use_api_socket: 'there is no Docker in the cluster',
  uts: 'pods share nothing with the machine',
  volumes_from: 'name the volume under volumes in both services',
};

/** Keys at the top of a file, beside services, volumes, configs and secrets. */
export const TOP_LEFT_OUT: Record<string, string> = {
  name: '',
  version: '',
  networks: 'all services of the file reach each other',
};

export const TOP_REFUSED: Record<string, string> = {
  include: 'write the other services into this file',
  models: 'write manifests of your own for that',
};
