import type { Table } from './aws/services/dynamodb.ts';

/** The table as lib/stacks/pipeline-stack.ts makes it. */
export const LEDGER = {
  TableName: 'fairlead-ledger',
  BillingMode: 'PAY_PER_REQUEST',
  KeySchema: [
    { AttributeName: 'pk', KeyType: 'HASH' },
    { AttributeName: 'sk', KeyType: 'RANGE' },
  ],
  AttributeDefinitions: [
    { AttributeName: 'pk', AttributeType: 'S' },
    { AttributeName: 'sk', AttributeType: 'S' },
  ],
} satisfies Table;

/** Where what is lent to builds is left, as lib/stacks/codebuild-engine.ts makes it. */
export const LENT = {
  TableName: 'fairlead-lent',
  BillingMode: 'PAY_PER_REQUEST',
  KeySchema: [{ AttributeName: 'name', KeyType: 'HASH' }],
  AttributeDefinitions: [{ AttributeName: 'name', AttributeType: 'S' }],
} satisfies Table;
