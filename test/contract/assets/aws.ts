import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export const ACCOUNT = '123456789012';
export const REGION = 'eu-west-1';

/** What the CDK's publisher asks of AWS, and of what it was told; the images themselves go to a registry. */
export interface PublishersAws {
  url: string;
  /** `POST ecr DescribeImages`, `PUT s3 …`, in their order. */
  asked: string[];
  close(): Promise<void>;
}

/** Starts STS, SSM, ECR and S3 as far as the CDK's publisher uses them. The registry is at `host`, for `login`. */
export async function startAws(
  host: string,
  login: { username: string; password: string },
): Promise<PublishersAws> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    void answer(request, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    const target = String(request.headers['x-amz-target'] ?? '');
    if (target.includes('EC2ContainerRegistry')) {
      const operation = target.split('.')[1] ?? '';
      asked.push(`ecr ${operation}`);
      const { status = 200, ...answered } = ecr(operation, JSON.parse(body));
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' });
      response.end(JSON.stringify(answered));
      return;
    }
    if (target === 'AmazonSSM.GetParameter') {
      asked.push('ssm GetParameter');
      response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' });
      // The version of the bootstrap stack.
      response.end(JSON.stringify({ Parameter: { Name: JSON.parse(body).Name, Value: '30' } }));
      return;
    }
    const action = new URLSearchParams(body).get('Action');
    if (request.method === 'POST' && action !== null) {
      asked.push(`sts ${action}`);
      response.writeHead(200, { 'content-type': 'text/xml' }).end(sts(action));
      return;
    }
    asked.push(`s3 ${request.method}`);
    // No object is there yet, and each is taken.
    const isList = request.url?.includes('list-type=2');
    response.writeHead(request.method === 'HEAD' ? 404 : 200, { 'content-type': 'application/xml' });
    response.end(isList ? '<ListBucketResult><KeyCount>0</KeyCount></ListBucketResult>' : '');
  }

  function ecr(operation: string, { repositoryNames }: { repositoryNames?: string[] }) {
    if (operation === 'GetAuthorizationToken') {
      const token = Buffer.from(`${login.username}:${login.password}`).toString('base64');
      return { authorizationData: [{ authorizationToken: token, proxyEndpoint: `http://${host}` }] };
    }
    if (operation === 'DescribeRepositories') {
      const [name = ''] = repositoryNames ?? [];
      return { repositories: [{ repositoryName: name, repositoryUri: `${host}/${name}` }] };
    }
    return { status: 400, __type: 'ImageNotFoundException', message: `${operation}: no such image` };
  }

  const close = async () => {
    server.close();
    server.closeAllConnections();
  };
  return { url: `http://127.0.0.1:${port}`, asked, close };
}

function sts(action: string): string {
  if (action === 'GetCallerIdentity')
    return `<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::${ACCOUNT}:user/ana</Arn><UserId>ANA</UserId><Account>${ACCOUNT}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`;
  const until = new Date(Date.now() + 3_600_000).toISOString();
  return `<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>A</AccessKeyId><SecretAccessKey>S</SecretAccessKey><SessionToken>T</SessionToken><Expiration>${until}</Expiration></Credentials><AssumedRoleUser><Arn>arn:aws:sts::${ACCOUNT}:assumed-role/publish/ana</Arn><AssumedRoleId>R:ana</AssumedRoleId></AssumedRoleUser></AssumeRoleResult></AssumeRoleResponse>`;
}
