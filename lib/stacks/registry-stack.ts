import { Aws, Stack, type StackProps } from 'aws-cdk-lib';
import * as ecr from 'aws-cdk-lib/aws-ecr';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';

/** As in lib/build/cache/tag.ts. */
const CACHE_TAGS = 'fairlead-cache-*';

export interface RegistryStackProps extends StackProps {
  /** Images kept of each app; the oldest beyond go. */
  keepImages: number;
  /**
   * `on-push`: images of apps are looked through for known vulnerabilities when they come. Which repositories are is one
   * setting of the account's registry in the region; `as-is` leaves that to whoever made it. `as-is` when left out.
   */
  scanning?: 'on-push' | 'as-is';
}

/**
 * Where images are: one ECR repository an app, made by its first push from the template here, and a pull-through
 * cache of Docker's official images, so that a build depends on no registry outside the account.
 */
export class RegistryStack extends Stack {
  /** `HOST/fairlead`: the images of an app are at `HOST/fairlead/APP`. */
  readonly imageRepositoryPrefix: string;
  /** The ARN of every repository of apps. */
  readonly imageRepositoriesArn: string;
  /** The ARN of every repository of the pull-through cache. */
  readonly cacheRepositoriesArn: string;
  /** Registry host to the prefix under which its images are looked for first. */
  readonly mirrors: Record<string, string>;

  constructor(scope: Construct, id: string, props: RegistryStackProps) {
    super(scope, id, props);
    const host = `${Aws.ACCOUNT_ID}.dkr.ecr.${Aws.REGION}.${Aws.URL_SUFFIX}`;
    this.imageRepositoryPrefix = `${host}/fairlead`;
    this.imageRepositoriesArn = this.repositoriesArn('fairlead/*');
    this.cacheRepositoriesArn = this.repositoriesArn('docker.io/*');
    // The name of the mirrored host follows the prefix: HOST/docker.io/library/golang.
    this.mirrors = { 'docker.io': host };

    new ecr.CfnRepositoryCreationTemplate(this, 'AppRepositories', {
      prefix: 'fairlead',
      description: 'Images that Fairlead publishes',
      appliedFor: ['CREATE_ON_PUSH'],
      // A tag is a commit: it never means another image later. The builder's caches are no images, and change.
      imageTagMutability: 'IMMUTABLE_WITH_EXCLUSION',
      imageTagMutabilityExclusionFilters: [
        {
          imageTagMutabilityExclusionFilterType: 'WILDCARD',
          imageTagMutabilityExclusionFilterValue: CACHE_TAGS,
        },
      ],
      encryptionConfiguration: { encryptionType: 'AES256' },
      lifecyclePolicy: lifecyclePolicy(props.keepImages),
    });
    if (props.scanning === 'on-push')
      new ecr.CfnRegistryScanningConfiguration(this, 'Scanning', {
        scanType: 'BASIC',
        rules: [
          {
            scanFrequency: 'SCAN_ON_PUSH',
            repositoryFilters: [{ filter: 'fairlead/*', filterType: 'WILDCARD' }],
          },
        ],
      });
    // Docker's official images are on ECR Public too, which asks for no credentials and sets no pull limit.
    new ecr.CfnPullThroughCacheRule(this, 'OfficialImages', {
      ecrRepositoryPrefix: 'docker.io',
      upstreamRegistry: 'ecr-public',
      upstreamRegistryUrl: 'public.ecr.aws',
      upstreamRepositoryPrefix: 'docker',
    });
  }

  /** Lets `grantee` publish images of apps and read what builds start from. */
  grantBuild(grantee: iam.IGrantable): void {
    const statements = [
      // Names the caller's registry and nothing in it: the action takes no resource.
      { actions: ['ecr:GetAuthorizationToken'], resources: ['*'] },
      {
        actions: [
          'ecr:BatchCheckLayerAvailability',
          'ecr:BatchGetImage',
          'ecr:CompleteLayerUpload',
          'ecr:CreateRepository',
          'ecr:GetDownloadUrlForLayer',
          'ecr:InitiateLayerUpload',
          'ecr:PutImage',
          'ecr:UploadLayerPart',
        ],
        resources: [this.imageRepositoriesArn],
      },
      {
        actions: [
          'ecr:BatchGetImage',
          'ecr:BatchImportUpstreamImage',
          'ecr:CreateRepository',
          'ecr:GetDownloadUrlForLayer',
        ],
        resources: [this.cacheRepositoriesArn],
      },
    ];
    for (const statement of statements)
      grantee.grantPrincipal.addToPrincipalPolicy(new iam.PolicyStatement(statement));
  }

  private repositoriesArn(name: string): string {
    return this.formatArn({ service: 'ecr', resource: 'repository', resourceName: name });
  }
}

/** What an image matches first decides about it: so caches are not among the images that are counted out. */
function lifecyclePolicy(keepImages: number): string {
  const rules = [
    {
      description: 'Caches that no build has written for a month go',
      selection: {
        tagStatus: 'tagged',
        tagPatternList: [CACHE_TAGS],
        countType: 'sinceImagePushed',
        countUnit: 'days',
        countNumber: 30,
      },
    },
    {
      // Images have tags, or are in an index that has one.
      description: 'Caches that were replaced go',
      selection: { tagStatus: 'untagged', countType: 'sinceImagePushed', countUnit: 'days', countNumber: 1 },
    },
    {
      description: `Keep the last ${keepImages} images`,
      selection: {
        tagStatus: 'tagged',
        tagPatternList: ['*'],
        countType: 'imageCountMoreThan',
        countNumber: keepImages,
      },
    },
  ];
  return JSON.stringify({
    rules: rules.map((rule, index) => ({ rulePriority: index + 1, ...rule, action: { type: 'expire' } })),
  });
}
