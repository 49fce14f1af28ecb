# Written by generate.py from template.yaml (make terraform). Change template.yaml, not this file.
#
# Alarms about the alerting itself

locals {
  dashboard_rule_names = join(" OR ", [
    "\\\"${var.alert_topic_name}-iam\\\"",
    "\\\"${var.alert_topic_name}-self-protection\\\"",
    "\\\"${var.alert_topic_name}-sign-in\\\"",
    "\\\"${var.alert_topic_name}-other-doors\\\"",
    "\\\"${var.alert_topic_name}-root\\\"",
    "\\\"${var.alert_topic_name}-schedule\\\"",
    "\\\"${var.alert_topic_name}-tampering\\\"",
  ])
  # The rules of the bus of the organization.
  dashboard_organization_events = local.organization ? ", [{\"expression\": \"SEARCH('{AWS/Events,EventBusName,RuleName} MetricName=\\\"MatchedEvents\\\" EventBusName=\\\"${var.alert_topic_name}-organization\\\"', 'Sum', 300)\", \"label\": \"matched, of member accounts: $${PROP('Dim.RuleName')}\"}], [{\"expression\": \"SEARCH('{AWS/Events,EventBusName,RuleName} MetricName=\\\"FailedInvocations\\\" EventBusName=\\\"${var.alert_topic_name}-organization\\\"', 'Sum', 300)\", \"label\": \"not delivered, of member accounts: $${PROP('Dim.RuleName')}\"}]" : ""
  dashboard_history_alarms      = var.enable_history ? ", \"${aws_cloudwatch_metric_alarm.history_alarm[0].arn}\", \"${aws_cloudwatch_metric_alarm.baseline_alarm[0].arn}\", \"${aws_cloudwatch_metric_alarm.summary_alarm[0].arn}\", \"${aws_cloudwatch_metric_alarm.suppressed_alarm[0].arn}\", \"${aws_cloudwatch_metric_alarm.silent_accounts_alarm[0].arn}\"" : ""
  dashboard_chat_alarms         = local.chat ? ", \"${aws_cloudwatch_metric_alarm.chat_alarm[0].arn}\"" : ""
  dashboard_webhook_alarms      = local.webhook ? ", \"${aws_cloudwatch_metric_alarm.webhook_alarm[0].arn}\"" : ""
  dashboard_security_hub_alarms = var.enable_security_hub ? ", \"${aws_cloudwatch_metric_alarm.security_hub_alarm[0].arn}\"" : ""
  dashboard_organization_alarms = local.organization ? ", \"${aws_cloudwatch_metric_alarm.member_tampering_alarm[0].arn}\", \"${aws_cloudwatch_metric_alarm.member_health_alarm[0].arn}\", \"${aws_cloudwatch_metric_alarm.member_delivery_alarm[0].arn}\"" : ""
}

# Not encrypted with alias/aws/sns: CloudWatch cannot use that key, and its notifications would be lost.
resource "aws_sns_topic" "health_topic" {
  name         = "${var.alert_topic_name}-health"
  display_name = "IAM security alert, health"
}

resource "aws_sns_topic_subscription" "health_subscription" {
  topic_arn = aws_sns_topic.health_topic.arn
  protocol  = "email"
  endpoint  = local.health_reader ? var.health_email : var.alert_email
}

resource "aws_sns_topic_policy" "health_topic_policy" {
  arn = aws_sns_topic.health_topic.arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "OwnerManages"
        Effect    = "Allow"
        Principal = { AWS = "arn:${local.partition}:iam::${local.account_id}:root" }
        Action = [
          "sns:AddPermission",
          "sns:DeleteTopic",
          "sns:GetTopicAttributes",
          "sns:ListSubscriptionsByTopic",
          "sns:RemovePermission",
          "sns:SetTopicAttributes",
          "sns:Subscribe",
        ]
        Resource = aws_sns_topic.health_topic.arn
      },
      {
        Sid       = "AlarmsOfThisAccountPublish"
        Effect    = "Allow"
        Principal = { Service = "cloudwatch.amazonaws.com" }
        Action    = "sns:Publish"
        Resource  = aws_sns_topic.health_topic.arn
        Condition = {
          ArnLike      = { "aws:SourceArn" = "arn:${local.partition}:cloudwatch:${local.region}:${local.account_id}:alarm:*" }
          StringEquals = { "aws:SourceAccount" = local.account_id }
        }
      },
      {
        Sid       = "OnlyOverTls"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sns:Publish"
        Resource  = aws_sns_topic.health_topic.arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  })
}

resource "aws_cloudwatch_metric_alarm" "undelivered_alarm" {
  alarm_name = "${var.name}-UndeliveredAlarm"
  alarm_description = chomp(<<-TEXT
    EventBridge could not deliver events to the function. Their alerts were not sent. The events wait in a queue for 14 days.
    First read the reason (ERROR_MESSAGE):
    aws sqs receive-message --region ${local.region} --queue-url ${aws_sqs_queue.undelivered_queue.url} --visibility-timeout 0 --message-attribute-names ERROR_CODE ERROR_MESSAGE RULE_ARN
    Fix the cause. Then run the command in the output replay_undelivered, once for each event.
    TEXT
  )
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = aws_sqs_queue.undelivered_queue.name }
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 1
  threshold           = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  # SQS stops reporting metrics of an inactive queue, but messages may still wait there.
  treat_missing_data = "ignore"
  alarm_actions      = [aws_sns_topic.health_topic.arn]
}

resource "aws_cloudwatch_metric_alarm" "failed_alarm" {
  alarm_name = "${var.name}-FailedAlarm"
  alarm_description = chomp(<<-TEXT
    The function failed three times on an event. The alerts for these events were not sent. The events wait in a queue for 14 days.
    First read the error (in responsePayload):
    aws sqs receive-message --region ${local.region} --queue-url ${aws_sqs_queue.failed_queue.url} --visibility-timeout 0 --query 'Messages[].Body' --output text
    Fix the cause. Then run the command in the output replay_failed, once for each event.
    TEXT
  )
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = aws_sqs_queue.failed_queue.name }
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 1
  threshold           = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "ignore"
  alarm_actions       = [aws_sns_topic.health_topic.arn]
}

resource "aws_cloudwatch_metric_alarm" "errors_alarm" {
  alarm_name = "${var.name}-ErrorsAlarm"
  alarm_description = chomp(<<-TEXT
    The function failed to process an event. The alert is late: Lambda retries twice within minutes. If both retries fail, the event goes to the queue of failed events, and another alarm follows.
    First read the reason:
    aws logs tail /aws/lambda/${var.name} --region ${local.region} --since 1h
    TEXT
  )
  namespace           = "AWS/Lambda"
  metric_name         = "Errors"
  dimensions          = { FunctionName = aws_lambda_function.alert_function.function_name }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  threshold           = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.health_topic.arn]
}

resource "aws_cloudwatch_metric_alarm" "throttles_alarm" {
  alarm_name = "${var.name}-ThrottlesAlarm"
  alarm_description = chomp(<<-TEXT
    Lambda did not run the function: the account has no free concurrency, or the reserved concurrency of the function is too low. Alerts are late. Lambda retries for six hours; then the event goes to the queue of failed events.
    First check the reserved concurrency:
    aws lambda get-function-concurrency --region ${local.region} --function-name ${aws_lambda_function.alert_function.function_name}
    If the command shows another number than reserved_concurrency, somebody may have disabled the alerting. Remove the limit:
    aws lambda delete-function-concurrency --region ${local.region} --function-name ${aws_lambda_function.alert_function.function_name}
    If the command shows nothing, find the function that uses the concurrency of the account (CloudWatch metric ConcurrentExecutions).
    TEXT
  )
  namespace           = "AWS/Lambda"
  metric_name         = "Throttles"
  dimensions          = { FunctionName = aws_lambda_function.alert_function.function_name }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  threshold           = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.health_topic.arn]
}

resource "aws_cloudwatch_metric_alarm" "failed_invocations_alarm" {
  alarm_name = "${var.name}-FailedInvocationsAlarm"
  alarm_description = chomp(<<-TEXT
    EventBridge gave up the delivery of an event to the function. The alert was not sent. The event should wait in the queue of undelivered events (output undelivered_queue_url). For the rule ${var.alert_topic_name}-schedule, only summaries of suppressed alerts are late.
    First check that the function still exists, and that it still has a permission for events.amazonaws.com for each rule:
    aws lambda get-policy --region ${local.region} --function-name ${aws_lambda_function.alert_function.function_name}
    terraform plan
    The fastest way to get alerts again is a second copy of the module with another name and another alert_topic_name.
    TEXT
  )
  evaluation_periods  = 1
  threshold           = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.health_topic.arn]

  metric_query {
    id    = "not_delivered"
    label = "Events not delivered"
    # METRICS() are all metrics below. SEARCH would find the rules, but an alarm cannot use SEARCH.
    expression  = "SUM(FILL(METRICS(), 0))"
    return_data = true
  }

  metric_query {
    id          = "iam"
    return_data = false

    metric {
      namespace   = "AWS/Events"
      metric_name = "FailedInvocations"
      dimensions  = { RuleName = "${var.alert_topic_name}-iam" }
      stat        = "Sum"
      period      = 300
    }
  }

  metric_query {
    id          = "self_protection"
    return_data = false

    metric {
      namespace   = "AWS/Events"
      metric_name = "FailedInvocations"
      dimensions  = { RuleName = "${var.alert_topic_name}-self-protection" }
      stat        = "Sum"
      period      = 300
    }
  }

  metric_query {
    id          = "sign_in"
    return_data = false

    metric {
      namespace   = "AWS/Events"
      metric_name = "FailedInvocations"
      dimensions  = { RuleName = "${var.alert_topic_name}-sign-in" }
      stat        = "Sum"
      period      = 300
    }
  }

  metric_query {
    id          = "other_doors"
    return_data = false

    metric {
      namespace   = "AWS/Events"
      metric_name = "FailedInvocations"
      dimensions  = { RuleName = "${var.alert_topic_name}-other-doors" }
      stat        = "Sum"
      period      = 300
    }
  }

  metric_query {
    id          = "root"
    return_data = false

    metric {
      namespace   = "AWS/Events"
      metric_name = "FailedInvocations"
      dimensions  = { RuleName = "${var.alert_topic_name}-root" }
      stat        = "Sum"
      period      = 300
    }
  }

  metric_query {
    id          = "tampering"
    return_data = false

    metric {
      namespace   = "AWS/Events"
      metric_name = "FailedInvocations"
      dimensions  = { RuleName = "${var.alert_topic_name}-tampering" }
      stat        = "Sum"
      period      = 300
    }
  }

  metric_query {
    id          = "schedule"
    return_data = false

    metric {
      namespace   = "AWS/Events"
      metric_name = "FailedInvocations"
      dimensions  = { RuleName = "${var.alert_topic_name}-schedule" }
      stat        = "Sum"
      period      = 300
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "lost_alarm" {
  alarm_name = "${var.name}-LostAlarm"
  alarm_description = chomp(<<-TEXT
    An event was lost: the event was not processed, and could not be stored in a queue. No alert was sent.
    First find the lost event among the IAM calls of the last hours:
    aws cloudtrail lookup-events --region ${local.region} --lookup-attributes AttributeKey=EventSource,AttributeValue=iam.amazonaws.com
    Also look for sign-ins (EventName ConsoleLogin), for calls of the root user, of IAM Identity Center and of AWS Organizations, and for changes to this module's resources. Then check the policies of the queues and of the function's role:
    terraform plan
    With enable_alert_bus or a webhook, there is another possible cause: the e-mail was sent, but the alert could not be put on the bus, or a rejected webhook message could not be stored in its queue.
    TEXT
  )
  evaluation_periods  = 1
  threshold           = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.health_topic.arn]

  metric_query {
    id          = "lost"
    label       = "Events lost"
    expression  = "SUM(FILL(METRICS(), 0))"
    return_data = true
  }

  metric_query {
    id          = "iam"
    return_data = false

    metric {
      namespace   = "AWS/Events"
      metric_name = "InvocationsFailedToBeSentToDlq"
      dimensions  = { RuleName = "${var.alert_topic_name}-iam" }
      stat        = "Sum"
      period      = 300
    }
  }

  metric_query {
    id          = "self_protection"
    return_data = false

    metric {
      namespace   = "AWS/Events"
      metric_name = "InvocationsFailedToBeSentToDlq"
      dimensions  = { RuleName = "${var.alert_topic_name}-self-protection" }
      stat        = "Sum"
      period      = 300
    }
  }

  metric_query {
    id          = "sign_in"
    return_data = false

    metric {
      namespace   = "AWS/Events"
      metric_name = "InvocationsFailedToBeSentToDlq"
      dimensions  = { RuleName = "${var.alert_topic_name}-sign-in" }
      stat        = "Sum"
      period      = 300
    }
  }

  metric_query {
    id          = "other_doors"
    return_data = false

    metric {
      namespace   = "AWS/Events"
      metric_name = "InvocationsFailedToBeSentToDlq"
      dimensions  = { RuleName = "${var.alert_topic_name}-other-doors" }
      stat        = "Sum"
      period      = 300
    }
  }

  metric_query {
    id          = "root"
    return_data = false

    metric {
      namespace   = "AWS/Events"
      metric_name = "InvocationsFailedToBeSentToDlq"
      dimensions  = { RuleName = "${var.alert_topic_name}-root" }
      stat        = "Sum"
      period      = 300
    }
  }

  metric_query {
    id          = "tampering"
    return_data = false

    metric {
      namespace   = "AWS/Events"
      metric_name = "InvocationsFailedToBeSentToDlq"
      dimensions  = { RuleName = "${var.alert_topic_name}-tampering" }
      stat        = "Sum"
      period      = 300
    }
  }

  dynamic "metric_query" {
    for_each = local.webhook ? [true] : []

    content {
      id          = "webhook"
      return_data = false

      metric {
        namespace   = "AWS/Events"
        metric_name = "InvocationsFailedToBeSentToDlq"
        dimensions = {
          EventBusName = var.alert_topic_name
          RuleName     = "${var.alert_topic_name}-webhook"
        }
        stat   = "Sum"
        period = 300
      }
    }
  }

  metric_query {
    id          = "failed"
    return_data = false

    metric {
      namespace   = "AWS/Lambda"
      metric_name = "DestinationDeliveryFailures"
      dimensions  = { FunctionName = aws_lambda_function.alert_function.function_name }
      stat        = "Sum"
      period      = 300
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "history_alarm" {
  count      = var.enable_history ? 1 : 0
  alarm_name = "${var.name}-HistoryAlarm"
  alarm_description = chomp(<<-TEXT
    The function could not read or write the history. Alerts are still sent, but may be duplicated and without related activity, and the summaries of suppressed alerts are late.
    First read the reason (historyFailure):
    aws logs tail /aws/lambda/${var.name} --region ${local.region} --since 1h --filter-pattern '{ $.HistoryFailures = 1 }'
    Then check that the table exists and that the function's role has its permissions:
    aws dynamodb describe-table --region ${local.region} --table-name ${aws_dynamodb_table.history_table[0].name}
    TEXT
  )
  namespace           = "IamSecurityAlert"
  metric_name         = "HistoryFailures"
  dimensions          = { Function = aws_lambda_function.alert_function.function_name }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  threshold           = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.health_topic.arn]
}

resource "aws_cloudwatch_metric_alarm" "baseline_alarm" {
  count      = var.enable_history ? 1 : 0
  alarm_name = "${var.name}-BaselineAlarm"
  alarm_description = chomp(<<-TEXT
    IAM could not be read, or not as a whole, for the daily baseline. Alerts go on. What was before a change is known from the last reading, and of what could not be read, changes without an event are not found.
    First read the reason (baselineFailure). It names the account:
    aws logs tail /aws/lambda/${var.name} --region ${local.region} --since 24h --filter-pattern '{ $.BaselineFailures = 1 }'
    If access was denied, apply the module again, or deploy the member stack of that account again: its role lacks a permission. The reading goes on by itself.
    TEXT
  )
  namespace           = "IamSecurityAlert"
  metric_name         = "BaselineFailures"
  dimensions          = { Function = aws_lambda_function.alert_function.function_name }
  statistic           = "Sum"
  period              = 3600
  evaluation_periods  = 1
  threshold           = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.health_topic.arn]
}

resource "aws_cloudwatch_metric_alarm" "expectations_alarm" {
  alarm_name = "${var.name}-ExpectationsAlarm"
  alarm_description = chomp(<<-TEXT
    The expectations could not be used as they are: a row is not valid, or the parameters could not be read. Of a parameter with a bad row, the last good version counts. What is not known silences nothing.
    First read the reason (expectationsFailure). It names the parameter and the line:
    aws logs tail /aws/lambda/${var.name} --region ${local.region} --since 1h --filter-pattern '{ $.ExpectationsFailures = 1 }'
    Then correct the file, check it with "iam-security-alert-tool expectations check FILE", and write it again:
    aws ssm put-parameter --region ${local.region} --overwrite --type String --name /${var.alert_topic_name}/expectations/main --value file://expectations.yaml
    TEXT
  )
  namespace   = "IamSecurityAlert"
  metric_name = "ExpectationsFailures"
  dimensions  = { Function = aws_lambda_function.alert_function.function_name }
  statistic   = "Sum"
  # The parameters are read every five minutes.
  period              = 900
  evaluation_periods  = 1
  threshold           = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.health_topic.arn]
}

resource "aws_cloudwatch_metric_alarm" "chat_alarm" {
  count      = local.chat ? 1 : 0
  alarm_name = "${var.name}-ChatAlarm"
  alarm_description = chomp(<<-TEXT
    An alert did not reach the chat. The alert was sent by e-mail.
    First read the reason (chatFailure):
    aws logs tail /aws/lambda/${var.name} --region ${local.region} --since 1h --filter-pattern '{ $.ChatFailures = 1 }'
    If the log shows nothing, SNS could not deliver the message. Check in the console of Amazon Q Developer in chat applications that the workspace or tenant is still authorized and that the channel still exists.
    TEXT
  )
  evaluation_periods  = 1
  threshold           = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.health_topic.arn]

  metric_query {
    id          = "not_delivered"
    label       = "Alerts that did not reach the chat"
    expression  = "FILL(refused, 0) + FILL(undelivered, 0)"
    return_data = true
  }

  metric_query {
    id          = "refused"
    return_data = false

    metric {
      namespace   = "IamSecurityAlert"
      metric_name = "ChatFailures"
      dimensions  = { Function = aws_lambda_function.alert_function.function_name }
      stat        = "Sum"
      period      = 300
    }
  }

  metric_query {
    id          = "undelivered"
    return_data = false

    metric {
      namespace   = "AWS/SNS"
      metric_name = "NumberOfNotificationsFailed"
      dimensions  = { TopicName = aws_sns_topic.chat_topic[0].name }
      stat        = "Sum"
      period      = 300
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "webhook_alarm" {
  count      = local.webhook ? 1 : 0
  alarm_name = "${var.name}-WebhookAlarm"
  alarm_description = chomp(<<-TEXT
    The chat webhook rejected a message, or did not accept the message within one hour. The alert was sent by e-mail.
    First read the reason (ERROR_MESSAGE):
    aws sqs receive-message --region ${local.region} --queue-url ${aws_sqs_queue.webhook_queue[0].url} --visibility-timeout 0 --message-attribute-names ERROR_CODE ERROR_MESSAGE
    Check that the webhook still exists. For a new URL, apply the module with another chat_webhook_url. To end this alarm, purge the queue:
    aws sqs purge-queue --region ${local.region} --queue-url ${aws_sqs_queue.webhook_queue[0].url}
    TEXT
  )
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = aws_sqs_queue.webhook_queue[0].name }
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 1
  threshold           = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "ignore"
  alarm_actions       = [aws_sns_topic.health_topic.arn]
}

resource "aws_cloudwatch_metric_alarm" "security_hub_alarm" {
  count      = var.enable_security_hub ? 1 : 0
  alarm_name = "${var.name}-SecurityHubAlarm"
  alarm_description = chomp(<<-TEXT
    An alert did not become a finding in Security Hub. The alert was still sent by e-mail if its severity is high enough for that (minimum_severity).
    First read the reason (securityHubFailure):
    aws logs tail /aws/lambda/${var.name} --region ${local.region} --since 1h --filter-pattern '{ $.SecurityHubFailures = 1 }'
    If Security Hub CSPM is not enabled in this region, enable it or apply the module with enable_security_hub = false.
    TEXT
  )
  namespace           = "IamSecurityAlert"
  metric_name         = "SecurityHubFailures"
  dimensions          = { Function = aws_lambda_function.alert_function.function_name }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  threshold           = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.health_topic.arn]
}

resource "aws_cloudwatch_metric_alarm" "summary_alarm" {
  count      = var.enable_history ? 1 : 0
  alarm_name = "${var.name}-SummaryAlarm"
  alarm_description = chomp(<<-TEXT
    SNS did not take a summary of suppressed alerts. The function tries again every minute. Until then, nobody was alerted to these alerts.
    First read the reason (summaryFailure):
    aws logs tail /aws/lambda/${var.name} --region ${local.region} --since 1h --filter-pattern '{ $.SummaryFailures = 1 }'
    Then check that the topic exists, and that the function's role may publish to it:
    aws sns get-topic-attributes --region ${local.region} --topic-arn ${aws_sns_topic.alert_topic.arn}
    TEXT
  )
  namespace           = "IamSecurityAlert"
  metric_name         = "SummaryFailures"
  dimensions          = { Function = aws_lambda_function.alert_function.function_name }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  threshold           = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.health_topic.arn]
}

# A way past the history: whoever can write to it could forge the budget and the progress of the summaries.
resource "aws_cloudwatch_metric_alarm" "suppressed_alarm" {
  count      = var.enable_history ? 1 : 0
  alarm_name = "${var.name}-SuppressedAlarm"
  alarm_description = chomp(<<-TEXT
    There were more CRITICAL alerts than mails may go out in a minute, or somebody made the same change in several accounts. Summaries list the alerts that got no mail of their own, within two minutes.
    First read the summaries in the mailbox of the alerts. If there are none, somebody may have written to the history. The log has every alert:
    aws logs tail /aws/lambda/${var.name} --region ${local.region} --since 1h --filter-pattern '{ $.CriticalSuppressed = 1 }'
    Show one of them by its event ID (eventID) as it would have been mailed:
    aws dynamodb get-item --region ${local.region} --table-name ${aws_dynamodb_table.history_table[0].name} --query Item.alert.S --output text --key '{"pk":{"S":"EVENT#ID"},"sk":{"S":"EVENT"}}'
    TEXT
  )
  namespace           = "IamSecurityAlert"
  metric_name         = "CriticalSuppressed"
  dimensions          = { Function = aws_lambda_function.alert_function.function_name }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  threshold           = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.health_topic.arn]
}

resource "aws_cloudwatch_metric_alarm" "silent_accounts_alarm" {
  count      = var.enable_history ? 1 : 0
  alarm_name = "${var.name}-SilentAccountsAlarm"
  alarm_description = chomp(<<-TEXT
    An account has sent no heartbeat for two days. Alerts about that account may be missing. The alert topic gets a mail that names the accounts.
    First see when the account last sent one (last-heartbeat), with credentials of that account:
    aws iam list-role-tags --role-name ${var.alert_topic_name}-heartbeat
    Today or yesterday: the event was lost. Check that a trail there logs management events. Check its rules (${var.alert_topic_name}-forward; in this account ${var.alert_topic_name}-iam).
    Earlier: check the schedule:
    aws scheduler get-schedule --region ${local.region} --name ${var.alert_topic_name}-heartbeat
    If you changed none of these, somebody may be hiding: find out who, in CloudTrail's event history. If the account was closed or left the organization, nothing is to be done.
    TEXT
  )
  namespace           = "IamSecurityAlert"
  metric_name         = "SilentAccounts"
  dimensions          = { Function = aws_lambda_function.alert_function.function_name }
  statistic           = "Maximum"
  period              = 3600
  evaluation_periods  = 1
  threshold           = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.health_topic.arn]
}

# The metric of a rule on another bus than the default one has the name of the bus, too ("EventBridge metrics",
# EventBridge user guide).
resource "aws_cloudwatch_metric_alarm" "member_tampering_alarm" {
  count      = local.organization ? 1 : 0
  alarm_name = "${var.name}-MemberTamperingAlarm"
  alarm_description = chomp(<<-TEXT
    Somebody changed what sends the events of a member account. Without these events, there are no alerts about that account. EventBridge counted this call, not the function that sends the alerts.
    First see the account, the call and the caller (account, eventName, userIdentity):
    aws logs tail /aws/events/${var.alert_topic_name}-organization --region ${local.region} --since 1h
    The function should alert on the same eventID within minutes, and the alert says what to do first. If it does not, undo the change in that account. Then find out what else the caller did, in CloudTrail's event history there.
    Further calls send no mail until this alarm is OK again. The log has them all.
    If you deploy the stack of that account at this moment, this mail is expected.
    TEXT
  )
  namespace   = "AWS/Events"
  metric_name = "MatchedEvents"
  dimensions = {
    EventBusName = "${var.alert_topic_name}-organization"
    RuleName     = "${var.alert_topic_name}-org-tampering"
  }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  threshold           = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.health_topic.arn]
}

resource "aws_cloudwatch_metric_alarm" "member_health_alarm" {
  count      = local.organization ? 1 : 0
  alarm_name = "${var.name}-MemberHealthAlarm"
  alarm_description = chomp(<<-TEXT
    A member account could not forward an event. An alert of that account is missing. The event waits in a queue there for 14 days.
    First see which accounts report this, and in which region (account, region):
    aws logs tail /aws/events/${var.alert_topic_name}-organization --region ${local.region} --since 1h --filter-pattern '{ $.source = "aws.cloudwatch" }'
    Then read the reason (ERROR_MESSAGE), with credentials of that account, and with ACCOUNT and REGION of the log:
    aws sqs receive-message --region REGION --queue-url https://sqs.REGION.${data.aws_partition.current.dns_suffix}/ACCOUNT/${var.alert_topic_name}-undelivered --visibility-timeout 0 --message-attribute-names ERROR_CODE ERROR_MESSAGE RULE_ARN
    Fix the cause. Then run the commands in the output replay_member, once for each event.
    TEXT
  )
  namespace   = "AWS/Events"
  metric_name = "MatchedEvents"
  dimensions = {
    EventBusName = "${var.alert_topic_name}-organization"
    RuleName     = "${var.alert_topic_name}-org-health"
  }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  threshold           = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.health_topic.arn]
}

# failed_invocations_alarm and lost_alarm of the bus of the organization: an alarm takes ten metrics.
resource "aws_cloudwatch_metric_alarm" "member_delivery_alarm" {
  count      = local.organization ? 1 : 0
  alarm_name = "${var.name}-MemberDeliveryAlarm"
  alarm_description = chomp(<<-TEXT
    EventBridge gave up the delivery of an event of a member account, to the function or to a log. The alert was not sent. The event should wait in the queue of undelivered events (output undelivered_queue_url). If that queue is empty, the event was lost.
    First see which rule it was:
    aws cloudwatch list-metrics --region ${local.region} --namespace AWS/Events --recently-active PT3H --dimensions Name=EventBusName,Value=${var.alert_topic_name}-organization
    Then check the permissions of the function and of the queue:
    terraform plan
    If an event was lost, find it in the event history of CloudTrail of the members.
    TEXT
  )
  evaluation_periods  = 1
  threshold           = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.health_topic.arn]

  metric_query {
    id          = "not_delivered"
    label       = "Events of members not delivered"
    expression  = "SUM(FILL(METRICS(), 0))"
    return_data = true
  }

  metric_query {
    id          = "organization"
    return_data = false

    metric {
      namespace   = "AWS/Events"
      metric_name = "FailedInvocations"
      dimensions = {
        EventBusName = "${var.alert_topic_name}-organization"
        RuleName     = "${var.alert_topic_name}-organization"
      }
      stat   = "Sum"
      period = 300
    }
  }

  metric_query {
    id          = "organization_health"
    return_data = false

    metric {
      namespace   = "AWS/Events"
      metric_name = "FailedInvocations"
      dimensions = {
        EventBusName = "${var.alert_topic_name}-organization"
        RuleName     = "${var.alert_topic_name}-org-health"
      }
      stat   = "Sum"
      period = 300
    }
  }

  metric_query {
    id          = "organization_tampering"
    return_data = false

    metric {
      namespace   = "AWS/Events"
      metric_name = "FailedInvocations"
      dimensions = {
        EventBusName = "${var.alert_topic_name}-organization"
        RuleName     = "${var.alert_topic_name}-org-tampering"
      }
      stat   = "Sum"
      period = 300
    }
  }

  metric_query {
    id          = "organization_lost"
    return_data = false

    metric {
      namespace   = "AWS/Events"
      metric_name = "InvocationsFailedToBeSentToDlq"
      dimensions = {
        EventBusName = "${var.alert_topic_name}-organization"
        RuleName     = "${var.alert_topic_name}-organization"
      }
      stat   = "Sum"
      period = 300
    }
  }

  metric_query {
    id          = "organization_health_lost"
    return_data = false

    metric {
      namespace   = "AWS/Events"
      metric_name = "InvocationsFailedToBeSentToDlq"
      dimensions = {
        EventBusName = "${var.alert_topic_name}-organization"
        RuleName     = "${var.alert_topic_name}-org-health"
      }
      stat   = "Sum"
      period = 300
    }
  }

  metric_query {
    id          = "organization_tampering_lost"
    return_data = false

    metric {
      namespace   = "AWS/Events"
      metric_name = "InvocationsFailedToBeSentToDlq"
      dimensions = {
        EventBusName = "${var.alert_topic_name}-organization"
        RuleName     = "${var.alert_topic_name}-org-tampering"
      }
      stat   = "Sum"
      period = 300
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "lookup_alarm" {
  alarm_name = "${var.name}-LookupAlarm"
  alarm_description = chomp(<<-TEXT
    Many lookups in IAM failed. Alerts are still sent. An alert that lacks something says so, and its severity may be too low.
    First read the reasons:
    aws logs tail /aws/lambda/${var.name} --region ${local.region} --since 1h --filter-pattern '{ $.message = "lookup failed" }'
    If access was denied, somebody may have changed the function's role, or a service control policy denies the call:
    terraform plan
    If the lookups were throttled, IAM had too many calls from this account. Find the caller in CloudTrail: a storm of calls can be an attempt to blind these alerts.
    TEXT
  )
  namespace           = "IamSecurityAlert"
  metric_name         = "LookupFailures"
  dimensions          = { Function = aws_lambda_function.alert_function.function_name }
  statistic           = "Sum"
  period              = 900
  evaluation_periods  = 1
  threshold           = 10
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.health_topic.arn]
}

resource "aws_cloudwatch_metric_alarm" "readers_alarm" {
  alarm_name = "${var.name}-ReadersAlarm"
  alarm_description = chomp(<<-TEXT
    The alert topic has no confirmed subscription, or a subscription that is not confirmed. Whoever did not confirm gets no alerts. SNS puts a subscription back to this state if its address got more than ten mails a second, and deletes the subscription after 48 hours.
    First see which one it is:
    aws sns list-subscriptions-by-topic --region ${local.region} --topic-arn ${aws_sns_topic.alert_topic.arn}
    Confirm it with the link in the mail of SNS. If there is no such mail, or the link is too old, subscribe again:
    aws sns subscribe --region ${local.region} --topic-arn ${aws_sns_topic.alert_topic.arn} --protocol email --notification-endpoint ADDRESS
    TEXT
  )
  # Fifteen minutes: time to confirm after the deployment.
  evaluation_periods  = 3
  threshold           = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.health_topic.arn]

  metric_query {
    id          = "unread"
    label       = "No reader, or a subscription that is not confirmed"
    expression  = "IF(FILL(confirmed, 1) < 1, 1, 0) + IF(FILL(pending, 0) > 0, 1, 0)"
    return_data = true
  }

  metric_query {
    id          = "confirmed"
    return_data = false

    metric {
      namespace   = "IamSecurityAlert"
      metric_name = "SubscriptionsConfirmed"
      dimensions  = { Function = aws_lambda_function.alert_function.function_name }
      stat        = "Minimum"
      period      = 300
    }
  }

  metric_query {
    id          = "pending"
    return_data = false

    metric {
      namespace   = "IamSecurityAlert"
      metric_name = "SubscriptionsPending"
      dimensions  = { Function = aws_lambda_function.alert_function.function_name }
      stat        = "Minimum"
      period      = 300
    }
  }
}

# Missing data is the alarm. A new alarm goes off once, since there is no data yet; its mail comes before the
# subscription is confirmed, so nobody gets it.
resource "aws_cloudwatch_metric_alarm" "schedule_alarm" {
  alarm_name = "${var.name}-ScheduleAlarm"
  alarm_description = chomp(<<-TEXT
    The function has not finished a scheduled run for 15 minutes. It may be unable to run at all: then there are no alerts.
    First see whether the schedule is enabled, and what the function says:
    aws events describe-rule --region ${local.region} --name ${var.alert_topic_name}-schedule
    aws logs tail /aws/lambda/${var.name} --region ${local.region} --since 1h
    The fastest way to get alerts again is a second copy of the module with another name and another alert_topic_name.
    TEXT
  )
  namespace           = "IamSecurityAlert"
  metric_name         = "ScheduledRuns"
  dimensions          = { Function = aws_lambda_function.alert_function.function_name }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 3
  threshold           = 1
  comparison_operator = "LessThanThreshold"
  treat_missing_data  = "breaching"
  alarm_actions       = [aws_sns_topic.health_topic.arn]
  depends_on          = [aws_lambda_permission.schedule_rule_may_invoke]
}

resource "aws_cloudwatch_metric_alarm" "verification_alarm" {
  alarm_name = "${var.name}-VerificationAlarm"
  alarm_description = chomp(<<-TEXT
    What these alerts depend on is not as it was deployed, or could not be checked: the rules, the function, the subscriptions, the trail or the alarms. The alert topic gets a mail with the differences.
    First read them (differences, notVerified):
    aws logs tail /aws/lambda/${var.name} --region ${local.region} --since 1h --filter-pattern '{ $.StackDifferences > 0 || $.StackChecksFailed > 0 }'
    If you did not change it, somebody may be disabling the alerting: find out who, in CloudTrail's event history.
    TEXT
  )
  # Fifteen minutes: time to confirm the subscriptions after the deployment.
  evaluation_periods  = 3
  threshold           = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.health_topic.arn]

  metric_query {
    id          = "impaired"
    label       = "Differences, and checks that failed"
    expression  = "FILL(differences, 0) + FILL(unchecked, 0)"
    return_data = true
  }

  metric_query {
    id          = "differences"
    return_data = false

    metric {
      namespace   = "IamSecurityAlert"
      metric_name = "StackDifferences"
      dimensions  = { Function = aws_lambda_function.alert_function.function_name }
      stat        = "Maximum"
      period      = 300
    }
  }

  metric_query {
    id          = "unchecked"
    return_data = false

    metric {
      namespace   = "IamSecurityAlert"
      metric_name = "StackChecksFailed"
      dimensions  = { Function = aws_lambda_function.alert_function.function_name }
      stat        = "Maximum"
      period      = 300
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "unsent_alarm" {
  alarm_name = "${var.name}-UnsentAlarm"
  alarm_description = chomp(<<-TEXT
    SNS could not deliver an alert to a subscriber. That subscriber has not received the alert.
    First check that every subscription is confirmed, and that the mailboxes exist and have space:
    aws sns list-subscriptions-by-topic --region ${local.region} --topic-arn ${aws_sns_topic.alert_topic.arn}
    SNS does not keep the alert. Find the events of this hour in the log (action, eventID), then in the event history of CloudTrail:
    aws logs tail /aws/lambda/${var.name} --region ${local.region} --since 1h
    TEXT
  )
  namespace           = "AWS/SNS"
  metric_name         = "NumberOfNotificationsFailed"
  dimensions          = { TopicName = aws_sns_topic.alert_topic.name }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  threshold           = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.health_topic.arn]
}

resource "aws_cloudwatch_dashboard" "dashboard" {
  dashboard_name = var.name
  dashboard_body = <<-TEXT
    {
      "start": "-P7D",
      "widgets": [
        {"type": "alarm", "x": 0, "y": 0, "width": 24, "height": 3, "properties": {
          "title": "Alarms",
          "alarms": ["${aws_cloudwatch_metric_alarm.undelivered_alarm.arn}", "${aws_cloudwatch_metric_alarm.failed_alarm.arn}", "${aws_cloudwatch_metric_alarm.errors_alarm.arn}", "${aws_cloudwatch_metric_alarm.throttles_alarm.arn}",
                     "${aws_cloudwatch_metric_alarm.failed_invocations_alarm.arn}", "${aws_cloudwatch_metric_alarm.lost_alarm.arn}", "${aws_cloudwatch_metric_alarm.unsent_alarm.arn}", "${aws_cloudwatch_metric_alarm.lookup_alarm.arn}", "${aws_cloudwatch_metric_alarm.readers_alarm.arn}",
                     "${aws_cloudwatch_metric_alarm.schedule_alarm.arn}", "${aws_cloudwatch_metric_alarm.verification_alarm.arn}", "${aws_cloudwatch_metric_alarm.expectations_alarm.arn}"${local.dashboard_history_alarms}${local.dashboard_chat_alarms}${local.dashboard_webhook_alarms}${local.dashboard_security_hub_alarms}${local.dashboard_organization_alarms}]}},

        {"type": "metric", "x": 0, "y": 3, "width": 12, "height": 6, "properties": {
          "title": "Alerts by severity", "region": "${local.region}", "view": "timeSeries", "stacked": true,
          "stat": "Sum", "period": 300,
          "metrics": [
            ["IamSecurityAlert", "Alerts", "Function", "${aws_lambda_function.alert_function.function_name}", "Severity", "CRITICAL", {"color": "#7d2105"}],
            ["IamSecurityAlert", "Alerts", "Function", "${aws_lambda_function.alert_function.function_name}", "Severity", "HIGH", {"color": "#d62728"}],
            ["IamSecurityAlert", "Alerts", "Function", "${aws_lambda_function.alert_function.function_name}", "Severity", "MEDIUM", {"color": "#ff9900"}],
            ["IamSecurityAlert", "Alerts", "Function", "${aws_lambda_function.alert_function.function_name}", "Severity", "LOW", {"color": "#69ae34"}]]}},
        {"type": "metric", "x": 12, "y": 3, "width": 12, "height": 6, "properties": {
          "title": "Delay from the call to the alert", "region": "${local.region}", "view": "timeSeries", "period": 300,
          "metrics": [
            ["IamSecurityAlert", "EventAge", "Function", "${aws_lambda_function.alert_function.function_name}", {"stat": "p50", "label": "total, median"}],
            ["IamSecurityAlert", "EventAge", "Function", "${aws_lambda_function.alert_function.function_name}", {"stat": "Maximum", "label": "total, maximum"}],
            [{"expression": "SEARCH('{AWS/Events,RuleName} MetricName=\"IngestionToInvocationStartLatency\" RuleName=(${local.dashboard_rule_names})', 'Maximum', 300)", "label": "in EventBridge, maximum: $${PROP('Dim.RuleName')}"}]]}},

        {"type": "metric", "x": 0, "y": 9, "width": 12, "height": 6, "properties": {
          "title": "Events by rule", "region": "${local.region}", "view": "timeSeries", "period": 300,
          "metrics": [
            [{"expression": "SEARCH('{AWS/Events,RuleName} MetricName=\"MatchedEvents\" RuleName=(${local.dashboard_rule_names})', 'Sum', 300)", "label": "matched: $${PROP('Dim.RuleName')}"}],
            [{"expression": "SEARCH('{AWS/Events,RuleName} MetricName=\"Invocations\" RuleName=(${local.dashboard_rule_names})', 'Sum', 300)", "label": "delivered: $${PROP('Dim.RuleName')}"}],
            [{"expression": "SEARCH('{AWS/Events,RuleName} MetricName=\"FailedInvocations\" RuleName=(${local.dashboard_rule_names})', 'Sum', 300)", "label": "not delivered: $${PROP('Dim.RuleName')}", "color": "#d62728"}],
            [{"expression": "SEARCH('{AWS/Events,EventBusName,RuleName} MetricName=\"FailedInvocations\" EventBusName=\"${var.alert_topic_name}\"', 'Sum', 300)", "label": "not delivered from the alert bus: $${PROP('Dim.RuleName')}"}]${local.dashboard_organization_events}]}},
        {"type": "metric", "x": 12, "y": 9, "width": 12, "height": 6, "properties": {
          "title": "Events in the queues (not processed)", "region": "${local.region}", "view": "timeSeries", "stat": "Maximum", "period": 300,
          "metrics": [
            ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", "${aws_sqs_queue.undelivered_queue.name}", {"label": "undelivered"}],
            ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", "${aws_sqs_queue.failed_queue.name}", {"label": "failed"}]]}},

        {"type": "metric", "x": 0, "y": 15, "width": 8, "height": 6, "properties": {
          "title": "Function: duration", "region": "${local.region}", "view": "timeSeries", "period": 300,
          "metrics": [
            ["AWS/Lambda", "Duration", "FunctionName", "${aws_lambda_function.alert_function.function_name}", {"stat": "p50", "label": "median"}],
            ["AWS/Lambda", "Duration", "FunctionName", "${aws_lambda_function.alert_function.function_name}", {"stat": "Maximum", "label": "maximum"}]]}},
        {"type": "metric", "x": 8, "y": 15, "width": 8, "height": 6, "properties": {
          "title": "Function: errors and throttles", "region": "${local.region}", "view": "timeSeries", "stat": "Sum", "period": 300,
          "metrics": [
            ["AWS/Lambda", "Errors", "FunctionName", "${aws_lambda_function.alert_function.function_name}", {"color": "#d62728"}],
            ["AWS/Lambda", "Throttles", "FunctionName", "${aws_lambda_function.alert_function.function_name}", {"color": "#ff9900"}]]}},
        {"type": "metric", "x": 16, "y": 15, "width": 8, "height": 6, "properties": {
          "title": "Failed lookups", "region": "${local.region}", "view": "timeSeries", "stat": "Sum", "period": 300,
          "metrics": [["IamSecurityAlert", "LookupFailures", "Function", "${aws_lambda_function.alert_function.function_name}"]]}},

        {"type": "metric", "x": 0, "y": 21, "width": 12, "height": 6, "properties": {
          "title": "Alerts without a mail", "region": "${local.region}", "view": "timeSeries", "stacked": true,
          "stat": "Sum", "period": 300,
          "metrics": [
            ["IamSecurityAlert", "AlertsNotMailed", "Function", "${aws_lambda_function.alert_function.function_name}", "Reason", "muted"],
            ["IamSecurityAlert", "AlertsNotMailed", "Function", "${aws_lambda_function.alert_function.function_name}", "Reason", "observed", {"label": "Mode=observe"}],
            ["IamSecurityAlert", "AlertsNotMailed", "Function", "${aws_lambda_function.alert_function.function_name}", "Reason", "expected"],
            ["IamSecurityAlert", "AlertsNotMailed", "Function", "${aws_lambda_function.alert_function.function_name}", "Reason", "suppressed", {"label": "suppressed (in a summary)"}]]}}
      ]
    }
    TEXT
}
