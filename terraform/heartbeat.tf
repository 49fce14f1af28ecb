# Written by generate.py from template.yaml (make terraform). Change template.yaml, not this file.
#
# The heartbeat
#
# A call that IAM really executes: CloudTrail, EventBridge, the rule and the function must all work for the function to
# hear of it. The function notes it and sends no mail; it alerts if an account is silent for two days. The members have
# the same schedule.

resource "aws_scheduler_schedule" "heartbeat_schedule" {
  count               = var.enable_history ? 1 : 0
  name                = "${var.alert_topic_name}-heartbeat"
  description         = "Tags its own role every day. The alerts report an account whose heartbeats do not arrive."
  schedule_expression = "rate(1 day)"
  state               = "ENABLED"

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = "arn:${local.partition}:scheduler:::aws-sdk:iam:tagRole"
    role_arn = aws_iam_role.heartbeat_role[0].arn
    # EventBridge Scheduler puts the time here ("Adding context attributes", EventBridge Scheduler user guide).
    input = "{\"RoleName\":\"${var.alert_topic_name}-heartbeat\",\"Tags\":[{\"Key\":\"last-heartbeat\",\"Value\":\"<aws.scheduler.scheduled-time>\"}]}"
  }

  depends_on = [aws_lambda_permission.iam_rule_may_invoke, aws_iam_role_policy.heartbeat_role]
}

# A given name: the function knows a heartbeat by the name of this role, in this account and in the members.
resource "aws_iam_role" "heartbeat_role" {
  count       = var.enable_history ? 1 : 0
  name        = "${var.alert_topic_name}-heartbeat"
  description = "Tags itself every day. That call shows that events arrive."
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect    = "Allow"
        Principal = { Service = "scheduler.amazonaws.com" }
        Action    = "sts:AssumeRole"
        # The group of the schedule: EventBridge Scheduler does not give the schedule itself ("Confused deputy prevention", same
        # guide).
        Condition = {
          StringEquals = {
            "aws:SourceAccount" = local.account_id
            "aws:SourceArn"     = "arn:${local.partition}:scheduler:${local.region}:${local.account_id}:schedule-group/default"
          }
        }
      },
    ]
  })
}

resource "aws_iam_role_policy" "heartbeat_role" {
  count = var.enable_history ? 1 : 0
  name  = "heartbeat"
  role  = aws_iam_role.heartbeat_role[0].name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect    = "Allow"
        Action    = "iam:TagRole"
        Resource  = "arn:${local.partition}:iam::${local.account_id}:role/${var.alert_topic_name}-heartbeat"
        Condition = { "ForAllValues:StringEquals" = { "aws:TagKeys" = ["last-heartbeat"] } }
      },
    ]
  })
}
