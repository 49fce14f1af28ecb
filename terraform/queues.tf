# Written by generate.py from template.yaml (make terraform). Change template.yaml, not this file.
#
# Events that were not processed
#
# Both queues are needed. undelivered_queue gets the events that EventBridge could not deliver to Lambda. failed_queue
# gets the events on which the function failed three times.

resource "aws_sqs_queue" "undelivered_queue" {
  name = "${var.name}-UndeliveredQueue"
  # 14 days, the maximum
  message_retention_seconds = 1209600
  sqs_managed_sse_enabled   = true
}

resource "aws_sqs_queue_policy" "undelivered_queue_policy" {
  queue_url = aws_sqs_queue.undelivered_queue.url
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "RulesSend"
        Effect    = "Allow"
        Principal = { Service = "events.amazonaws.com" }
        Action    = "sqs:SendMessage"
        Resource  = aws_sqs_queue.undelivered_queue.arn
        Condition = {
          ArnLike = {
            "aws:SourceArn" = "arn:${local.partition}:events:${local.region}:${local.account_id}:rule/${var.alert_topic_name}-*"
          }
        }
      },
      {
        Sid       = "OnlyOverTls"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sqs:*"
        Resource  = aws_sqs_queue.undelivered_queue.arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  })
}

resource "aws_sqs_queue" "failed_queue" {
  name                      = "${var.name}-FailedQueue"
  message_retention_seconds = 1209600
  sqs_managed_sse_enabled   = true
}

# No Allow statement: Lambda sends with the role of the function, which has the permission.
resource "aws_sqs_queue_policy" "failed_queue_policy" {
  queue_url = aws_sqs_queue.failed_queue.url
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "OnlyOverTls"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sqs:*"
        Resource  = aws_sqs_queue.failed_queue.arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  })
}
