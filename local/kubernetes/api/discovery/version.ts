/** The Kubernetes version whose API is spoken; the suffix says who speaks it. */
export const gitVersion = 'v1.32.0+fairlead-local';

/** `GET /version` */
export const version = {
  major: '1',
  minor: '32',
  gitVersion,
  gitCommit: '',
  gitTreeState: 'clean',
  buildDate: '2024-12-11T00:00:00Z',
  goVersion: '',
  compiler: '',
  platform: 'linux/amd64',
};
