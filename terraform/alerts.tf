# Written by generate.py from template.yaml (make terraform). Change template.yaml, not this file.
#
# The alerts

resource "aws_sns_topic" "alert_topic" {
  name              = var.alert_topic_name
  display_name      = "IAM security alert"
  kms_master_key_id = "alias/aws/sns"
}

resource "aws_sns_topic_subscription" "alert_subscription" {
  topic_arn = aws_sns_topic.alert_topic.arn
  protocol  = "email"
  endpoint  = var.alert_email
}

resource "aws_sns_topic_policy" "alert_topic_policy" {
  arn = aws_sns_topic.alert_topic.arn
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
        Resource = aws_sns_topic.alert_topic.arn
      },
      # Also services: CloudWatch or EventBridge could publish for somebody else.
      {
        Sid       = "OnlyTheFunctionPublishes"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sns:Publish"
        Resource  = aws_sns_topic.alert_topic.arn
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
        Resource  = aws_sns_topic.alert_topic.arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  })
}
