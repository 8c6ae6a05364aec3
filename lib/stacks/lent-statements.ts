/** The tags of a session, as lambdas/build-image/lent.ts sets them: the app, and the repository that it may write. */
export const APP = 'fairlead-app';
export const IMAGES = 'fairlead-images';

const READ = ['ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'];
const WRITE = [
  'ecr:BatchCheckLayerAvailability',
  'ecr:CompleteLayerUpload',
  'ecr:CreateRepository',
  'ecr:InitiateLayerUpload',
  'ecr:PutImage',
  'ecr:UploadLayerPart',
];

/** What a session of the lent role may do: made of its tags, so that one without them may do nothing in any repository. */
export function lentStatements(repository: (name: string) => string) {
  const ofTag = (tag: string) => repository(`fairlead/\${aws:PrincipalTag/${tag}}`);
  return [
    // Names the caller's registry and nothing in it: the action takes no resource.
    { actions: ['ecr:GetAuthorizationToken'], resources: ['*'] },
    { actions: READ, resources: [ofTag(APP), ofTag(IMAGES)] },
    { actions: WRITE, resources: [ofTag(IMAGES)] },
    {
      actions: [...READ, 'ecr:BatchImportUpstreamImage', 'ecr:CreateRepository'],
      resources: [repository('docker.io/*')],
    },
  ];
}
