import { absent, type Finding, notOk, ok } from '../finding.ts';
import type { Check } from '../patient.ts';

/** Whether the ledger is there, and can be brought back from any moment of the last weeks. */
export const ledger: Check = {
  about: 'ledger',
  needs: ['dynamodb:DescribeTable', 'dynamodb:DescribeContinuousBackups', 'dynamodb:DescribeTimeToLive'],
  async look(patient) {
    const tables = ['AWS::DynamoDB::GlobalTable', 'AWS::DynamoDB::Table'].flatMap((type) =>
      patient.resources(type).filter(({ logicalId }) => /^Ledger/.test(logicalId)),
    );
    const [table] = tables;
    if (table === undefined) return [absent('ledger', 'no table is known here')];
    const { DynamoDBClient, ...dynamo } = await import('@aws-sdk/client-dynamodb');
    const client = new DynamoDBClient(patient.settings('DYNAMODB') ?? {});
    const TableName = table.id;
    const described = await client
      .send(new dynamo.DescribeTableCommand({ TableName }))
      .catch((error: Error) => {
        if (error.name === 'ResourceNotFoundException') return undefined;
        throw error;
      });
    if (described === undefined)
      return [
        notOk('ledger', `the table ${TableName} is gone`, 'docs/disaster-recovery.md, "The ledger is lost"'),
      ];
    const status = described.Table?.TableStatus;
    if (status !== 'ACTIVE') return [notOk('ledger', `the table is ${status}`, 'wait until it is ACTIVE')];
    if (patient.stacks.length === 0) return [ok('ledger', 'the table is ACTIVE')];
    const backups = await client.send(new dynamo.DescribeContinuousBackupsCommand({ TableName }));
    const recovery =
      backups.ContinuousBackupsDescription?.PointInTimeRecoveryDescription?.PointInTimeRecoveryStatus;
    const expiry = await client.send(new dynamo.DescribeTimeToLiveCommand({ TableName }));
    return protections(
      TableName,
      recovery === 'ENABLED',
      expiry.TimeToLiveDescription?.TimeToLiveStatus === 'ENABLED',
    );
  },
};

/** A table that was restored has neither: both are settings of the one that it was made from. */
function protections(table: string, pointInTime: boolean, expiry: boolean): Finding[] {
  const off = [
    ...(pointInTime
      ? []
      : [
          notOk(
            'ledger',
            'it cannot be restored to a point in time',
            `aws dynamodb update-continuous-backups --table-name ${table} --point-in-time-recovery-specification PointInTimeRecoveryEnabled=true`,
          ),
        ]),
    ...(expiry
      ? []
      : [
          notOk(
            'ledger',
            'old items never go',
            `aws dynamodb update-time-to-live --table-name ${table} --time-to-live-specification Enabled=true,AttributeName=expires`,
          ),
        ]),
  ];
  return off.length > 0
    ? off
    : [ok('ledger', 'the table is ACTIVE, and can be restored to any point in time')];
}
