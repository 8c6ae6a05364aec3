import { HOST_KINDS } from '../../../lib/host-kind.ts';
import { type Answers, faultOf, unknownHost } from './answers.ts';
import { REACH } from './reach.ts';
import { wordsOf } from './words.ts';

/** One thing that is asked, and what its answer changes. */
export interface Question {
  text: string;
  /** What an empty answer means; absent where there has to be one. */
  usual?: string;
  /** The flag that says it beforehand. */
  flag: string;
  take(said: string): Answers;
}

/** What people are told a region by that is theirs already: `AWS_REGION` or the profile's. */
export interface Known {
  region?: string | undefined;
}

/**
 * The next question that `answers` leave open; undefined where all is said. What was said by flags is asked no more, and
 * what follows from an answer is asked after it.
 */
export function nextQuestion(answers: Answers, { region }: Known): Question | undefined {
  return all(region).find(({ isOpen }) => isOpen(answers))?.question;
}

export interface Open {
  isOpen(answers: Answers): boolean;
  question: Question;
}

function all(region: string | undefined): Open[] {
  return [
    open('repositories', {
      text: 'Which repository is deployed? (github.com/OWNER/NAME; several with spaces between)',
      flag: '--repository',
      take: (said) => ({ repositories: wordsOf(said) }),
    }),
    {
      isOpen: (answers) => unknownHost(answers) !== undefined,
      question: {
        text: `That is none of the hosts that are known by their names. What runs there? (${HOST_KINDS.join(', ')})`,
        flag: '--host',
        take: (said) => ({ host: said as NonNullable<Answers['host']> }),
      },
    },
    open('branch', {
      text: 'Which branch is production?',
      usual: 'main',
      flag: '--branch',
      take: (branch) => ({ branch }),
    }),
    open('staging', {
      text: 'Which branch is staging? (empty for none)',
      usual: '',
      flag: '--staging',
      take: (staging) => ({ staging }),
    }),
    open('previews', {
      text: 'Who gets an environment beside these? (off, branches, pull-requests)',
      usual: 'off',
      flag: '--previews',
      take: (said) => ({ previews: said as NonNullable<Answers['previews']> }),
    }),
    open('regions', {
      text: 'In which AWS region?',
      ...(region !== undefined && { usual: region }),
      flag: '--region',
      take: (said) => ({ regions: wordsOf(said) }),
    }),
    open('cluster', {
      text: 'On which EKS cluster? (new, or the name of one that is there)',
      usual: 'new',
      flag: '--cluster',
      take: (cluster) => ({ cluster }),
    }),
    {
      // A new cluster has nodes for either.
      isOpen: ({ platform, cluster = 'new' }) => platform === undefined && cluster !== 'new',
      question: {
        text: 'What are its nodes? (linux/arm64, which is Graviton, or linux/amd64; kubectl get nodes -L kubernetes.io/arch shows it)',
        usual: 'linux/arm64',
        flag: '--platform',
        take: (said) => ({ platform: said as NonNullable<Answers['platform']> }),
      },
    },
    ...REACH,
    open('loadBalancers', {
      text: 'From where are apps reached? (internet-facing: by everybody, internal: from the VPC only)',
      usual: 'internet-facing',
      flag: '--load-balancers',
      take: (said) => ({ loadBalancers: said as NonNullable<Answers['loadBalancers']> }),
    }),
    open('email', {
      text: 'Who is told of alarms by mail? (addresses with spaces between, empty for nobody)',
      usual: '',
      flag: '--email',
      take: (said) => ({ email: wordsOf(said) }),
    }),
    {
      isOpen: ({ budget, email = [] }) => budget === undefined && email.length > 0,
      question: {
        text: 'From how many US dollars a month on are they warned of what it costs? (empty for never)',
        usual: '',
        flag: '--budget',
        take: (budget) => ({ budget }),
      },
    },
  ];
}

function open(field: keyof Answers, question: Question): Open {
  return { isOpen: (answers) => answers[field] === undefined, question };
}

/** What is wrong with `said` as the answer to `question`; undefined where it can stand. */
export function faultIn(question: Question, said: string, answers: Answers): string | undefined {
  if (said === '' && question.usual === undefined) return 'an answer is needed';
  const taken = { ...answers, ...question.take(said) };
  // What runs at a host is asked next; until then, nothing can be said of its repositories.
  return unknownHost(taken) === undefined ? faultOf(taken) : undefined;
}
