# Written by generate.py from template.yaml (make terraform). Change template.yaml, not this file.
#
# The chat
#
# A separate topic: Amazon Q Developer needs another message format than e-mail.

resource "aws_sns_topic" "chat_topic" {
  count             = local.chat ? 1 : 0
  name              = "${var.alert_topic_name}-chat"
  display_name      = "IAM security alert, chat"
  kms_master_key_id = "alias/aws/sns"
}

resource "aws_sns_topic_policy" "chat_topic_policy" {
  count = local.chat ? 1 : 0
  arn   = aws_sns_topic.chat_topic[0].arn
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
        Resource = aws_sns_topic.chat_topic[0].arn
      },
      # Also services: CloudWatch or EventBridge could publish for somebody else.
      {
        Sid       = "OnlyTheFunctionPublishes"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sns:Publish"
        Resource  = aws_sns_topic.chat_topic[0].arn
        Condition = {
          ArnNotLike = {
            "aws:PrincipalArn" = [
              aws_iam_role.alert_role.arn,
              # In AWS, this key of a session is the ARN of its role; some emulators take that of the session.
              "arn:${local.partition}:sts::${local.account_id}:assumed-role/${var.name}-AlertRole/*",
            ]
          }
        }
      },
      {
        Sid       = "OnlyOverTls"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sns:Publish"
        Resource  = aws_sns_topic.chat_topic[0].arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  })
}

# A channel configuration requires a role, with which channel members could run commands. This role has no permissions.
# The guardrail policy below denies all actions even if somebody changes the role.
resource "aws_iam_role" "chat_role" {
  count       = local.chat ? 1 : 0
  name        = "${var.name}-ChatRole"
  description = "Has no permissions. Channel members cannot run commands with this role."
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        # No condition: AWS does not document that the service sets aws:SourceAccount here, and the role can do nothing.
        Principal = { Service = "chatbot.amazonaws.com" }
        Action    = "sts:AssumeRole"
      },
    ]
  })
}

resource "aws_chatbot_slack_channel_configuration" "slack_channel" {
  count                 = local.slack ? 1 : 0
  configuration_name    = "${var.name}-slack"
  slack_team_id         = var.slack_workspace_id
  slack_channel_id      = var.slack_channel_id
  iam_role_arn          = aws_iam_role.chat_role[0].arn
  guardrail_policy_arns = ["arn:${local.partition}:iam::aws:policy/AWSDenyAll"]
  sns_topic_arns        = [aws_sns_topic.chat_topic[0].arn]
  logging_level         = "ERROR"
}

resource "aws_chatbot_teams_channel_configuration" "teams_channel" {
  count                 = local.teams ? 1 : 0
  configuration_name    = "${var.name}-teams"
  tenant_id             = var.teams_tenant_id
  team_id               = var.teams_team_id
  channel_id            = var.teams_channel_id
  iam_role_arn          = aws_iam_role.chat_role[0].arn
  guardrail_policy_arns = ["arn:${local.partition}:iam::aws:policy/AWSDenyAll"]
  sns_topic_arns        = [aws_sns_topic.chat_topic[0].arn]
  logging_level         = "ERROR"
}
