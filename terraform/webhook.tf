# Written by generate.py from template.yaml (make terraform). Change template.yaml, not this file.
#
# The webhook
#
# The alert that the function returns contains the chat message; the rule sends that message unchanged.

resource "aws_cloudwatch_event_rule" "webhook_rule" {
  count          = local.webhook ? 1 : 0
  name           = "${var.alert_topic_name}-webhook"
  event_bus_name = aws_cloudwatch_event_bus.alert_bus[0].name
  description    = "Alerts and summaries that were sent by e-mail."
  state          = "ENABLED"
  event_pattern  = jsonencode({ detail = { responsePayload = { published = [true] } } })
}

resource "aws_cloudwatch_event_target" "webhook_rule" {
  count          = local.webhook ? 1 : 0
  rule           = aws_cloudwatch_event_rule.webhook_rule[0].name
  event_bus_name = aws_cloudwatch_event_bus.alert_bus[0].name
  target_id      = "Webhook"
  arn            = aws_cloudwatch_event_api_destination.webhook_destination[0].arn
  role_arn       = aws_iam_role.webhook_role[0].arn
  input_path     = "$.detail.responsePayload.webhook"

  # A message older than one hour is dropped. The e-mail was sent before.
  retry_policy {
    maximum_event_age_in_seconds = 3600
    maximum_retry_attempts       = 185
  }

  dead_letter_config {
    arn = aws_sqs_queue.webhook_queue[0].arn
  }

  depends_on = [aws_iam_role_policy.webhook_role]
}

resource "aws_cloudwatch_event_api_destination" "webhook_destination" {
  count               = local.webhook ? 1 : 0
  name                = "${var.name}-WebhookDestination"
  description         = "Webhook of a Slack or Teams channel."
  connection_arn      = aws_cloudwatch_event_connection.webhook_connection[0].arn
  http_method         = "POST"
  invocation_endpoint = var.chat_webhook_url
  # Slack, "Rate limits": one message a second for a webhook. EventBridge delays further messages.
  invocation_rate_limit_per_second = 1
}

# The URL of the webhook is the secret. A connection requires an authorization, so this one sends a constant header.
resource "aws_cloudwatch_event_connection" "webhook_connection" {
  count              = local.webhook ? 1 : 0
  name               = "${var.name}-WebhookConnection"
  description        = "Webhook of a Slack or Teams channel."
  authorization_type = "API_KEY"

  auth_parameters {
    api_key {
      key   = "X-Sent-By"
      value = "iam-security-alert"
    }
  }
}

resource "aws_iam_role" "webhook_role" {
  count       = local.webhook ? 1 : 0
  name        = "${var.name}-WebhookRole"
  description = "Sends messages to the webhook."
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect    = "Allow"
        Principal = { Service = "events.amazonaws.com" }
        Action    = "sts:AssumeRole"
        Condition = {
          StringEquals = {
            "aws:SourceAccount" = local.account_id
            "aws:SourceArn"     = "arn:${local.partition}:events:${local.region}:${local.account_id}:rule/${var.alert_topic_name}/${var.alert_topic_name}-webhook"
          }
        }
      },
    ]
  })
}

resource "aws_iam_role_policy" "webhook_role" {
  count = local.webhook ? 1 : 0
  name  = "webhook"
  role  = aws_iam_role.webhook_role[0].name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = "events:InvokeApiDestination"
        Resource = aws_cloudwatch_event_api_destination.webhook_destination[0].arn
      },
    ]
  })
}

# Messages that the webhook rejected. Their alerts were sent by e-mail.
resource "aws_sqs_queue" "webhook_queue" {
  count                     = local.webhook ? 1 : 0
  name                      = "${var.name}-WebhookQueue"
  message_retention_seconds = 1209600
  sqs_managed_sse_enabled   = true
}

resource "aws_sqs_queue_policy" "webhook_queue_policy" {
  count     = local.webhook ? 1 : 0
  queue_url = aws_sqs_queue.webhook_queue[0].url
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "RuleSends"
        Effect    = "Allow"
        Principal = { Service = "events.amazonaws.com" }
        Action    = "sqs:SendMessage"
        Resource  = aws_sqs_queue.webhook_queue[0].arn
        Condition = { ArnEquals = { "aws:SourceArn" = aws_cloudwatch_event_rule.webhook_rule[0].arn } }
      },
      {
        Sid       = "OnlyOverTls"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sqs:*"
        Resource  = aws_sqs_queue.webhook_queue[0].arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  })
}
