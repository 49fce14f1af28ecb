# Written by generate.py from template.yaml (make terraform). Change template.yaml, not this file.
#
# The organization
#
# The member accounts send their events to a separate bus, not to the default bus: so the rules in rules.tf see the
# events of this account only, and the policy of the default bus stays as it is.

# The policy names the organization. Then EventBridge sends only with a role of the member, which belongs to that
# organization ("Sending and receiving events between AWS accounts", EventBridge user guide). The policy is about
# PutEvents only; this account manages the bus with the policies of its own users and roles.
resource "aws_cloudwatch_event_bus" "organization_bus" {
  count       = local.organization ? 1 : 0
  name        = "${var.alert_topic_name}-organization"
  description = "The events that the rules of the member accounts forward."
}

resource "aws_cloudwatch_event_bus_policy" "organization_bus" {
  count          = local.organization ? 1 : 0
  event_bus_name = aws_cloudwatch_event_bus.organization_bus[0].name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "MembersForward"
        Effect    = "Allow"
        Principal = "*"
        Action    = "events:PutEvents"
        Resource  = "arn:${local.partition}:events:${local.region}:${local.account_id}:event-bus/${var.alert_topic_name}-organization"
        Condition = {
          StringEquals = { "aws:PrincipalOrgID" = var.organization_id }
          # Any service of AWS: the rules of the members choose, and the root user can call all of them. Not the partners of
          # EventBridge: what stands in their events, they write themselves.
          StringLike    = { "events:source" = "aws.*" }
          StringNotLike = { "events:source" = "aws.partner/*" }
        }
      },
      # Events come from rules; nobody writes one with PutEvents ("Using IAM policy conditions", same guide). PutEvents also
      # refuses sources that begin with aws.; this statement does not rely on that. A Deny, not a condition of the Allow: it
      # stops no event of a rule, even if the key is missing there.
      {
        Sid       = "OnlyRulesForward"
        Effect    = "Deny"
        Principal = "*"
        Action    = "events:PutEvents"
        Resource  = "arn:${local.partition}:events:${local.region}:${local.account_id}:event-bus/${var.alert_topic_name}-organization"
        Condition = { Bool = { "events:eventBusInvocation" = "false" } }
      },
      {
        Sid       = "OnlyOverTls"
        Effect    = "Deny"
        Principal = "*"
        Action    = "events:PutEvents"
        Resource  = "arn:${local.partition}:events:${local.region}:${local.account_id}:event-bus/${var.alert_topic_name}-organization"
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  })
}

# The members' rules choose the events. Not those of this account: those in rules.tf deliver them already.
resource "aws_cloudwatch_event_rule" "organization_rule" {
  count          = local.organization ? 1 : 0
  name           = "${var.alert_topic_name}-organization"
  event_bus_name = aws_cloudwatch_event_bus.organization_bus[0].name
  description    = "API calls and sign-ins in the member accounts, as their rules forward them."
  state          = "ENABLED"
  event_pattern = jsonencode({
    source  = [{ prefix = "aws." }]
    account = [{ anything-but = [local.account_id] }]
    detail-type = [
      "AWS API Call via CloudTrail",
      "AWS Console Sign In via CloudTrail",
      "AWS Console Signin via CloudTrail",
      "Sign-in Anomaly Alert",
    ]
  })
}

resource "aws_cloudwatch_event_target" "organization_rule" {
  count          = local.organization ? 1 : 0
  rule           = aws_cloudwatch_event_rule.organization_rule[0].name
  event_bus_name = aws_cloudwatch_event_bus.organization_bus[0].name
  target_id      = "AlertFunction"
  arn            = aws_lambda_function.alert_function.arn

  retry_policy {
    maximum_event_age_in_seconds = 86400
    maximum_retry_attempts       = 185
  }

  dead_letter_config {
    arn = aws_sqs_queue.undelivered_queue.arn
  }
}

resource "aws_lambda_permission" "organization_rule_may_invoke" {
  count         = local.organization ? 1 : 0
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.alert_function.function_name
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.organization_rule[0].arn
  depends_on    = [aws_cloudwatch_event_target.organization_rule]
}

# The next two rules go past the function, to a log. An alarm counts the events of each: an alarm sends a mail only when
# its state changes. A mail for each event could end all mails of health_topic: whoever is in a member can repeat such a
# call, and SNS suspends a subscription that gets more than ten mails a second.
resource "aws_cloudwatch_log_group" "organization_logs" {
  count             = local.organization ? 1 : 0
  name              = "/aws/events/${var.alert_topic_name}-organization"
  retention_in_days = var.log_retention_days
}

# EventBridge writes to a log group by such a policy, never with a role ("CloudWatch Logs permissions", EventBridge user
# guide). CreateLogStream has no condition: AWS's sample has aws:SourceArn for PutLogEvents only (aws-samples,
# serverless-patterns, eventbridge-cloudwatch). CloudWatch Logs accepts ten such policies in an account and region.
resource "aws_cloudwatch_log_resource_policy" "organization_logs_policy" {
  count           = local.organization ? 1 : 0
  policy_name     = "${var.alert_topic_name}-organization"
  policy_document = <<-TEXT
    {
      "Version": "2012-10-17",
      "Statement": [
        {
          "Sid": "RulesCreateStreams",
          "Effect": "Allow",
          "Principal": {"Service": ["events.amazonaws.com", "delivery.logs.amazonaws.com"]},
          "Action": "logs:CreateLogStream",
          "Resource": "arn:${local.partition}:logs:${local.region}:${local.account_id}:log-group:${aws_cloudwatch_log_group.organization_logs[0].name}:*"
        },
        {
          "Sid": "RulesWrite",
          "Effect": "Allow",
          "Principal": {"Service": ["events.amazonaws.com", "delivery.logs.amazonaws.com"]},
          "Action": "logs:PutLogEvents",
          "Resource": "arn:${local.partition}:logs:${local.region}:${local.account_id}:log-group:${aws_cloudwatch_log_group.organization_logs[0].name}:*",
          "Condition": {
            "ArnEquals": {
              "aws:SourceArn": [
                "arn:${local.partition}:events:${local.region}:${local.account_id}:rule/${var.alert_topic_name}-organization/${var.alert_topic_name}-org-health",
                "arn:${local.partition}:events:${local.region}:${local.account_id}:rule/${var.alert_topic_name}-organization/${var.alert_topic_name}-org-tampering"
              ]
            }
          }
        }
      ]
    }
    TEXT
}

# The members' queue has an alarm, but no topic there: member_health_alarm reports it.
resource "aws_cloudwatch_event_rule" "organization_health_rule" {
  count          = local.organization ? 1 : 0
  name           = "${var.alert_topic_name}-org-health"
  event_bus_name = aws_cloudwatch_event_bus.organization_bus[0].name
  description    = "A member account could not forward an event."
  state          = "ENABLED"
  event_pattern = jsonencode({
    source      = ["aws.cloudwatch"]
    account     = [{ anything-but = [local.account_id] }]
    detail-type = ["CloudWatch Alarm State Change"]
    detail = {
      alarmName = ["${var.alert_topic_name}-undelivered"]
      state     = { value = ["ALARM"] }
    }
  })
  depends_on = [aws_cloudwatch_log_resource_policy.organization_logs_policy]
}

resource "aws_cloudwatch_event_target" "organization_health_rule" {
  count          = local.organization ? 1 : 0
  rule           = aws_cloudwatch_event_rule.organization_health_rule[0].name
  event_bus_name = aws_cloudwatch_event_bus.organization_bus[0].name
  target_id      = "OrganizationLogs"
  arn            = "arn:${local.partition}:logs:${local.region}:${local.account_id}:log-group:${aws_cloudwatch_log_group.organization_logs[0].name}"

  dead_letter_config {
    arn = aws_sqs_queue.undelivered_queue.arn
  }

  depends_on = [aws_cloudwatch_log_resource_policy.organization_logs_policy]
}

# As tampering_rule, for what forwards the events of the members; member_tampering_alarm reports such a call. Left out:
# what CloudFormation and stack sets change, since a deployment to all members makes very many such calls.
resource "aws_cloudwatch_event_rule" "organization_tampering_rule" {
  count          = local.organization ? 1 : 0
  name           = "${var.alert_topic_name}-org-tampering"
  event_bus_name = aws_cloudwatch_event_bus.organization_bus[0].name
  description    = "Successful calls that can end the forwarding of a member account, reported without the function."
  state          = "ENABLED"
  event_pattern = jsonencode({
    account     = [{ anything-but = [local.account_id] }]
    detail-type = ["AWS API Call via CloudTrail"]
    detail = {
      errorCode = [{ exists = false }]
      eventName = [
        { prefix = "Attach" },
        { prefix = "Delete" },
        { prefix = "Detach" },
        { prefix = "Disable" },
        { prefix = "Execute" },
        { prefix = "Purge" },
        { prefix = "Put" },
        { prefix = "Remove" },
        { prefix = "Set" },
        { prefix = "Stop" },
        { prefix = "Update" },
      ]
      sourceIPAddress = [
        { anything-but = ["cloudformation.amazonaws.com", "stacksets.cloudformation.amazonaws.com"] },
      ]
      "$or" = [
        { eventSource = ["cloudtrail.amazonaws.com"] },
        {
          requestParameters = {
            # All rules that forward, also those of other regions.
            name = [{ prefix = "${var.alert_topic_name}-forward" }, "${var.alert_topic_name}-heartbeat"]
          }
        },
        { requestParameters = { rule = [{ prefix = "${var.alert_topic_name}-forward" }] } },
        {
          requestParameters = {
            # Names in IAM are not case-sensitive.
            roleName = [
              { prefix = { equals-ignore-case = "${var.alert_topic_name}-forward" } },
              { equals-ignore-case = "${var.alert_topic_name}-heartbeat" },
              { equals-ignore-case = "${var.alert_topic_name}-reader" },
            ]
          }
        },
        { requestParameters = { queueUrl = [{ suffix = "/${var.alert_topic_name}-undelivered" }] } },
        { requestParameters = { alarmName = ["${var.alert_topic_name}-undelivered"] } },
        { requestParameters = { alarmNames = ["${var.alert_topic_name}-undelivered"] } },
        {
          requestParameters = {
            stackName = [
              "${var.alert_topic_name}-member",
              "${var.alert_topic_name}-region",
              # Of the stack sets -members and -regions.
              { prefix = "StackSet-${var.alert_topic_name}-" },
              { wildcard = "*:stack/${var.alert_topic_name}-member/*" },
              { wildcard = "*:stack/${var.alert_topic_name}-region/*" },
              { wildcard = "*:stack/StackSet-${var.alert_topic_name}-*" },
            ]
          }
          userIdentity = {
            # The role with which stack sets deploy.
            arn = [{ anything-but = { wildcard = "*:assumed-role/stacksets-exec-*" } }]
          }
        },
      ]
    }
  })
  depends_on = [aws_cloudwatch_log_resource_policy.organization_logs_policy]
}

resource "aws_cloudwatch_event_target" "organization_tampering_rule" {
  count          = local.organization ? 1 : 0
  rule           = aws_cloudwatch_event_rule.organization_tampering_rule[0].name
  event_bus_name = aws_cloudwatch_event_bus.organization_bus[0].name
  target_id      = "OrganizationLogs"
  arn            = "arn:${local.partition}:logs:${local.region}:${local.account_id}:log-group:${aws_cloudwatch_log_group.organization_logs[0].name}"

  dead_letter_config {
    arn = aws_sqs_queue.undelivered_queue.arn
  }

  depends_on = [aws_cloudwatch_log_resource_policy.organization_logs_policy]
}

# After the rules, so that the first heartbeat of each member arrives.
resource "aws_cloudformation_stack_set" "members" {
  count = local.members ? 1 : 0
  # The names of the stacks in the members begin with StackSet- and this name (MEMBER_RESOURCES in catalog::patterns).
  name        = "${var.alert_topic_name}-members"
  description = "Sends the events of the member accounts to the alerts, and lets the function read IAM there."
  # A copy of organization/member.yaml of the repository.
  template_body = file("${path.module}/organization/member.yaml")
  parameters = {
    Name           = var.alert_topic_name
    OrganizationId = var.organization_id
    CentralBusArn  = aws_cloudwatch_event_bus.organization_bus[0].arn
    CentralRoleArn = aws_iam_role.alert_role.arn
  }
  capabilities     = ["CAPABILITY_NAMED_IAM"]
  permission_model = "SERVICE_MANAGED"
  call_as          = var.stack_set_call_as

  auto_deployment {
    enabled                          = true
    retain_stacks_on_account_removal = false
  }

  managed_execution {
    active = true
  }

  operation_preferences {
    # An account that fails must not take the alerts from all others. The output failed_members shows such accounts.
    failure_tolerance_percentage = 100
    # Not all at once: the accounts send events about their own deployment.
    max_concurrent_percentage = 25
  }

  depends_on = [
    aws_lambda_permission.organization_rule_may_invoke,
    aws_cloudwatch_event_rule.organization_health_rule,
    aws_cloudwatch_event_target.organization_health_rule,
    aws_cloudwatch_event_rule.organization_tampering_rule,
    aws_cloudwatch_event_target.organization_tampering_rule,
  ]
}

resource "aws_cloudformation_stack_instances" "members" {
  count          = local.members ? 1 : 0
  stack_set_name = aws_cloudformation_stack_set.members[0].name
  regions        = [local.region]
  call_as        = var.stack_set_call_as

  # This account has its own rules. A management account is never a target, so it is not named.
  deployment_targets {
    organizational_unit_ids = split(",", var.organizational_unit_ids)
    account_filter_type     = local.delegated_administrator ? "DIFFERENCE" : null
    accounts                = local.delegated_administrator ? [local.account_id] : null
  }

  operation_preferences {
    # An account that fails must not take the alerts from all others. The output failed_members shows such accounts.
    failure_tolerance_percentage = 100
    # Not all at once: the accounts send events about their own deployment.
    max_concurrent_percentage = 25
  }

  depends_on = [
    aws_lambda_permission.organization_rule_may_invoke,
    aws_cloudwatch_event_rule.organization_health_rule,
    aws_cloudwatch_event_target.organization_health_rule,
    aws_cloudwatch_event_rule.organization_tampering_rule,
    aws_cloudwatch_event_target.organization_tampering_rule,
  ]
}
