import { ArnFormat, CfnOutput, Stack } from 'aws-cdk-lib';
import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as actions from 'aws-cdk-lib/aws-cloudwatch-actions';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as sns from 'aws-cdk-lib/aws-sns';
import * as subscriptions from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';

export interface NotificationProps {
  /** Addresses that are told; each has to confirm, by the mail that AWS sends it first. */
  email: readonly string[];
  /** ARNs of topics that are there already: of a chat, of who is on call. */
  topics: readonly string[];
}

/** Who is told of alarms: a topic of the installation's own, with its subscribers, and topics of others. */
export class Notifications extends Construct {
  readonly topic: sns.Topic;
  readonly #all: readonly actions.SnsAction[];

  constructor(scope: Construct, id: string, { email, topics }: NotificationProps) {
    super(scope, id);
    this.topic = new sns.Topic(this, 'Topic', { enforceSSL: true, displayName: 'Fairlead' });
    this.#admitAlarms();
    for (const address of email) this.topic.addSubscription(new subscriptions.EmailSubscription(address));
    const others = topics.map((arn, index) => sns.Topic.fromTopicArn(this, `Topic${index}`, arn));
    this.#all = [this.topic, ...others].map((each) => new actions.SnsAction(each));
    // In the stack itself: there it keeps its name, which the doctor asks for.
    new CfnOutput(Stack.of(this), 'AlarmTopicArn', {
      value: this.topic.topicArn,
      description: 'Where alarms are told: subscribe whoever is to hear of them',
    });
  }

  /** Has `alarm` tell when it begins to ring, and when it is quiet again. */
  tellOf(alarm: cloudwatch.AlarmBase): void {
    alarm.addAlarmAction(...this.#all);
    alarm.addOkAction(...this.#all);
  }

  /** With a policy of its own, for TLS, the topic has lost the one by which everybody in the account may publish to it. */
  #admitAlarms(): void {
    const { account } = Stack.of(this);
    const alarms = Stack.of(this).formatArn({
      service: 'cloudwatch',
      resource: 'alarm',
      resourceName: '*',
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
    this.topic.addToResourcePolicy(
      new iam.PolicyStatement({
        sid: 'AlarmsOfThisAccount',
        principals: [new iam.ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [this.topic.topicArn],
        conditions: {
          StringEquals: { 'aws:SourceAccount': account },
          ArnLike: { 'aws:SourceArn': alarms },
        },
      }),
    );
  }
}
