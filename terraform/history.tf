# Written by generate.py from template.yaml (make terraform). Change template.yaml, not this file.
#
# The history

# The history is evidence: Terraform refuses to destroy the table. See README.md, how to keep it when all else is
# destroyed. No SSESpecification: DynamoDB encrypts every table with an AWS owned key at no charge. SSEEnabled would use
# an AWS managed key, whose KMS calls are charged.
resource "aws_dynamodb_table" "history_table" {
  count                       = var.enable_history ? 1 : 0
  name                        = "${var.name}-HistoryTable"
  billing_mode                = "PAY_PER_REQUEST"
  deletion_protection_enabled = true
  hash_key                    = "pk"
  range_key                   = "sk"

  attribute {
    name = "pk"
    type = "S"
  }

  attribute {
    name = "sk"
    type = "S"
  }

  # Items without this attribute never expire.
  ttl {
    attribute_name = "expiresAt"
    enabled        = true
  }

  point_in_time_recovery {
    enabled = true
  }

  lifecycle {
    prevent_destroy = true
  }
}

# Nobody but the function writes items, whatever its own policies allow: a forged item can make an event look as if it
# had been alerted on. Reviewers write reviews (pk REVIEW), and nothing else. Whoever can change this policy can get
# around it; that is alerted on. Principals of IAM only, so that DynamoDB itself removes items that expired.
resource "aws_dynamodb_resource_policy" "history_table" {
  count        = var.enable_history ? 1 : 0
  resource_arn = aws_dynamodb_table.history_table[0].arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "OnlyTheFunctionWrites"
        Effect    = "Deny"
        Principal = { AWS = "*" }
        Action = [
          "dynamodb:BatchWriteItem",
          "dynamodb:DeleteItem",
          "dynamodb:PartiQLDelete",
          "dynamodb:PartiQLInsert",
          "dynamodb:PartiQLUpdate",
        ]
        Resource = "*"
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
        Sid       = "OnlyTheFunctionAndReviewersWrite"
        Effect    = "Deny"
        Principal = { AWS = "*" }
        Action    = ["dynamodb:PutItem", "dynamodb:UpdateItem"]
        Resource  = "*"
        Condition = {
          ArnNotLike = {
            "aws:PrincipalArn" = local.reviewers ? split(",", "${aws_iam_role.alert_role.arn},arn:${local.partition}:sts::${local.account_id}:assumed-role/${var.name}-AlertRole/*,${var.reviewers}") : [
              aws_iam_role.alert_role.arn,
              "arn:${local.partition}:sts::${local.account_id}:assumed-role/${var.name}-AlertRole/*",
            ]
          }
        }
      },
      {
        Sid       = "ReviewersWriteOnlyReviews"
        Effect    = "Deny"
        Principal = { AWS = "*" }
        Action    = ["dynamodb:PutItem", "dynamodb:UpdateItem"]
        Resource  = "*"
        Condition = {
          ArnNotLike = {
            "aws:PrincipalArn" = [
              aws_iam_role.alert_role.arn,
              "arn:${local.partition}:sts::${local.account_id}:assumed-role/${var.name}-AlertRole/*",
            ]
          }
          "ForAnyValue:StringNotEquals" = { "dynamodb:LeadingKeys" = ["REVIEW"] }
        }
      },
      # A condition on a key that a request does not have would not deny it.
      {
        Sid       = "ReviewersNameWhatTheyWrite"
        Effect    = "Deny"
        Principal = { AWS = "*" }
        Action    = ["dynamodb:PutItem", "dynamodb:UpdateItem"]
        Resource  = "*"
        Condition = {
          ArnNotLike = {
            "aws:PrincipalArn" = [
              aws_iam_role.alert_role.arn,
              "arn:${local.partition}:sts::${local.account_id}:assumed-role/${var.name}-AlertRole/*",
            ]
          }
          Null = { "dynamodb:LeadingKeys" = "true" }
        }
      },
    ]
  })

  lifecycle {
    prevent_destroy = true
  }
}
