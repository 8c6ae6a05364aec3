import type { Endpoint } from '../../../lib/config/types.ts';
import type { Answers } from './answers.ts';
import type { Open } from './questions.ts';
import { wordsOf } from './words.ts';

const isThere = ({ cluster = 'new' }: Answers) => cluster !== 'new';
const isInside = (answers: Answers) => isThere(answers) && answers.endpoint === 'private';

/** How a cluster that is there is reached. EKS knows the answers, and `fairlead deploy` says them, too, where they are wrong. */
export const REACH: readonly Open[] = [
  {
    isOpen: (answers) => isThere(answers) && answers.endpoint === undefined,
    question: {
      text: 'From where is its API reached? (public; private where it has no public endpoint, or one for some addresses only)',
      usual: 'public',
      flag: '--endpoint',
      take: (said) => ({ endpoint: said as Endpoint }),
    },
  },
  {
    isOpen: (answers) => isInside(answers) && answers.vpc === undefined,
    question: {
      text: 'In which VPC? (aws eks describe-cluster --query cluster.resourcesVpcConfig --name NAME shows this and what follows)',
      flag: '--vpc',
      take: (vpc) => ({ vpc }),
    },
  },
  {
    isOpen: (answers) => isInside(answers) && answers.subnets === undefined,
    question: {
      text: 'In which private subnets of it? (ids with spaces between)',
      flag: '--subnet',
      take: (said) => ({ subnets: wordsOf(said) }),
    },
  },
  {
    isOpen: (answers) => isInside(answers) && answers.securityGroups === undefined,
    question: {
      text: 'In which security group that the cluster lets in? (clusterSecurityGroupId lets itself in)',
      flag: '--security-group',
      take: (said) => ({ securityGroups: wordsOf(said) }),
    },
  },
];
