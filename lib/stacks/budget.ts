import * as budgets from 'aws-cdk-lib/aws-budgets';
import type { Construct } from 'constructs';

export interface BudgetProps {
  /** US dollars a month. */
  monthly: number;
  email: readonly string[];
}

/**
 * What an installation costs by, as Cost Explorer names it. By service, and not by tag: a cost allocation tag counts only
 * once somebody has activated it in the billing console, and never on the nodes that EKS makes. So what else the account
 * does with these services counts too: it warns too early rather than not at all.
 */
const SERVICES = [
  'AmazonCloudWatch',
  'Amazon DynamoDB',
  'Amazon EC2 Container Registry (ECR)',
  'Amazon Elastic Compute Cloud - Compute',
  'Amazon Elastic Container Service for Kubernetes',
  'Amazon Elastic Load Balancing',
  'Amazon Virtual Private Cloud',
  'AWS Lambda',
  'AWS Secrets Manager',
  'CodeBuild',
  'EC2 - Other',
];

/** Mails when four fifths of the month's money are spent, and when the month is going to cost more than all of it. */
export function addBudget(scope: Construct, { monthly, email }: BudgetProps): budgets.CfnBudget {
  const subscribers = email.map((address) => ({ subscriptionType: 'EMAIL', address }));
  const when = (notificationType: 'ACTUAL' | 'FORECASTED', threshold: number) => ({
    notification: {
      notificationType,
      threshold,
      thresholdType: 'PERCENTAGE',
      comparisonOperator: 'GREATER_THAN',
    },
    subscribers,
  });
  return new budgets.CfnBudget(scope, 'Budget', {
    budget: {
      budgetType: 'COST',
      timeUnit: 'MONTHLY',
      budgetLimit: { amount: monthly, unit: 'USD' },
      costFilters: { Service: SERVICES },
    },
    notificationsWithSubscribers: [when('ACTUAL', 80), when('FORECASTED', 100)],
  });
}
