# Written by generate.py from template.yaml (make terraform). Change template.yaml, not this file.
#
# Other regions
#
# The stacks of organization/region.yaml have rules that send to the default bus of this region. All regions use this
# role: it is in IAM, so that a change of it is an event here, and iam_rule has it. A role needs no policy of the
# default bus.

resource "aws_iam_role" "region_role" {
  name        = "${var.alert_topic_name}-forward-region"
  description = "Sends the events of other regions to the default event bus of this region."
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect    = "Allow"
        Principal = { Service = "events.amazonaws.com" }
        Action    = "sts:AssumeRole"
        Condition = {
          StringEquals = { "aws:SourceAccount" = local.account_id }
          ArnLike = {
            "aws:SourceArn" = [
              "arn:${local.partition}:events:*:${local.account_id}:rule/${var.alert_topic_name}-forward-region",
              "arn:${local.partition}:events:*:${local.account_id}:rule/${var.alert_topic_name}-forward-region-doors",
              "arn:${local.partition}:events:*:${local.account_id}:rule/${var.alert_topic_name}-forward-region-watch",
            ]
          }
        }
      },
    ]
  })
}

resource "aws_iam_role_policy" "region_role" {
  name = "forward"
  role = aws_iam_role.region_role.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = "events:PutEvents"
        Resource = "arn:${local.partition}:events:${local.region}:${local.account_id}:event-bus/default"
      },
    ]
  })
}
