import { AwsError } from '../aws/error.ts';
import { type Input, optional, required, strings } from '../aws/input.ts';
import { awsJson } from '../aws/protocol.ts';
import type { Place, Service } from '../aws/service.ts';
import type { Repositories } from './repositories.ts';

/** Names on a page of a list. */
const PAGE = 100;
const BRANCHES = 'refs/heads/';

/** AWS CodeCommit's API, as far as heads of branches and dates of commits are asked for (AWS CodeCommit API Reference). */
export function codeCommit({ region, account }: Place, repositories: Repositories): Service {
  const resource = (input: Input) =>
    `arn:aws:codecommit:${region}:${account}:${optional(input, 'repositoryName') ?? ''}`;
  const operation = (run: (name: string, input: Input) => Promise<unknown>) => ({
    resource,
    run: async (input: Input) => {
      const name = required(input, 'repositoryName');
      if (!(await repositories.has(name)))
        throw new AwsError('RepositoryDoesNotExistException', `${name} does not exist`);
      return await run(name, input);
    },
  });
  return {
    iam: 'codecommit',
    protocol: awsJson('1.1'),
    operations: {
      CreateRepository: {
        resource,
        run: async (input) => {
          const name = required(input, 'repositoryName');
          if (await repositories.has(name))
            throw new AwsError('RepositoryNameExistsException', `${name} exists already`);
          await repositories.create(name);
          return { repositoryMetadata: { repositoryName: name, Arn: resource(input), accountId: account } };
        },
      },
      GetBranch: operation(async (name, input) => {
        const branchName = required(input, 'branchName');
        const commitId = (await repositories.refs(name)).get(`${BRANCHES}${branchName}`);
        if (commitId === undefined)
          throw new AwsError('BranchDoesNotExistException', `Branch name ${branchName} does not exist`);
        return { branch: { branchName, commitId } };
      }),
      ListBranches: operation(async (name, input) => {
        const all = [...(await repositories.refs(name)).keys()]
          .filter((ref) => ref.startsWith(BRANCHES))
          .map((ref) => ref.slice(BRANCHES.length));
        const from = Number(optional(input, 'nextToken') ?? 0);
        const nextToken = from + PAGE < all.length ? String(from + PAGE) : undefined;
        return { branches: all.slice(from, from + PAGE), nextToken };
      }),
      BatchGetCommits: operation(async (name, input) => {
        const found = await Promise.all(
          strings(input, 'commitIds').map(async (id) => [id, await repositories.commit(name, id)] as const),
        );
        return {
          commits: found.flatMap(([, commit]) =>
            commit === undefined ? [] : [{ commitId: commit.id, committer: commit.committer }],
          ),
          errors: found.flatMap(([commitId, commit]) =>
            commit === undefined ? [{ commitId, errorCode: 'CommitIdDoesNotExistException' }] : [],
          ),
        };
      }),
    },
  };
}
