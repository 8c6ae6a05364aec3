import { Lazy, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { acknowledge, resourcePattern } from './acknowledgements.ts';
import { APP, IMAGES, lentStatements } from './lent-statements.ts';

/**
 * The role that the function build-image assumes for one build elsewhere, in a MicroVM or in CodeBuild, where commands of
 * a Dockerfile run. Whoever has such a session can reach the repositories of that one app, and read bases.
 */
export class LentRole extends Construct {
  readonly roleArn: string;
  #lender: iam.Role | undefined;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    // The lender is made later, as it is told the ARN of this role.
    const lender = Lazy.string({
      produce: () => {
        if (this.#lender === undefined) throw new Error('nobody may assume the lent role');
        return this.#lender.roleArn;
      },
    });
    const assumedBy = new iam.SessionTagsPrincipal(new iam.ArnPrincipal(lender)).withConditions({
      StringLike: { [`aws:RequestTag/${APP}`]: '?*' },
      // The app's own repository, or the one of its previews below it.
      StringEquals: {
        [`aws:RequestTag/${IMAGES}`]: [`\${aws:RequestTag/${APP}}`, `\${aws:RequestTag/${APP}}/of.previews`],
      },
    });
    const role = new iam.Role(this, 'Role', {
      assumedBy,
      description: 'Fairlead: what the build of one app may do in the registry',
    });
    for (const statement of lentStatements((name) => this.repository(name)))
      role.addToPolicy(new iam.PolicyStatement(statement));
    this.roleArn = role.roleArn;
    acknowledge(
      role,
      'ecr:GetAuthorizationToken takes no resource; what its token is good for, the other statements say',
      resourcePattern('*'),
    );
    acknowledge(
      role,
      'Bases come and go with Dockerfiles; they are read through a cache of public images',
      resourcePattern('arn:<AWS::Partition>:ecr:<AWS::Region>:<AWS::AccountId>:repository/docker.io/*'),
    );
  }

  /** Lets the function with the role `lender`, and nobody else, have sessions. */
  lendTo(lender: iam.IRole | undefined): void {
    if (!(lender instanceof iam.Role)) throw new Error('only a role of this stack can lend');
    this.#lender = lender;
    lender.addToPolicy(
      new iam.PolicyStatement({ actions: ['sts:AssumeRole', 'sts:TagSession'], resources: [this.roleArn] }),
    );
  }

  private repository(resourceName: string): string {
    return Stack.of(this).formatArn({ service: 'ecr', resource: 'repository', resourceName });
  }
}
