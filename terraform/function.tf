# Written by generate.py from template.yaml (make terraform). Change template.yaml, not this file.
#
# The function

resource "aws_lambda_function" "alert_function" {
  function_name                  = "${var.name}-AlertFunction"
  description                    = "Assesses events and sends alerts."
  filename                       = var.code_file
  source_code_hash               = var.code_file == null ? null : filebase64sha256(var.code_file)
  s3_bucket                      = var.code_bucket
  s3_key                         = var.code_key
  handler                        = "bootstrap"
  runtime                        = "provided.al2023"
  architectures                  = [var.architecture]
  memory_size                    = 256
  timeout                        = 30
  reserved_concurrent_executions = local.limit_concurrency ? var.reserved_concurrency : null
  role                           = aws_iam_role.alert_role.arn

  logging_config {
    log_format            = "JSON"
    application_log_level = var.log_level
    log_group             = aws_cloudwatch_log_group.alert_logs.name
  }

  environment {
    variables = {
      ALERT_TOPIC_ARN = aws_sns_topic.alert_topic.arn
      # Empty: no chat.
      CHAT_TOPIC_ARN = local.chat ? aws_sns_topic.chat_topic[0].arn : ""
      # Empty: no webhook.
      CHAT_WEBHOOK_FORMAT = local.webhook ? var.chat_webhook_format : ""
      # Empty: no findings in Security Hub.
      SECURITY_HUB_MINIMUM_SEVERITY = var.enable_security_hub ? var.security_hub_minimum_severity : ""
      LOOKUP_BUDGET_SECONDS         = var.lookup_budget_seconds
      EXPECTED_PRINCIPALS           = var.expected_principals
      ACCOUNT_NAMES                 = var.account_names
      ORGANIZATION_ID               = var.organization_id
      # Empty: no events of other accounts.
      READER_ROLE = local.organization ? "${var.alert_topic_name}-reader" : ""
      # Empty: no heartbeats. The members send some also if there is no history that remembers them.
      HEARTBEAT_ROLE      = local.heartbeats ? "${var.alert_topic_name}-heartbeat" : ""
      WATCHED_EVENT_NAMES = var.watched_event_names
      MINIMUM_SEVERITY    = var.minimum_severity
      MODE                = var.mode
      DIGEST              = var.digest
      FEEDING_TRAILS      = var.feeding_trails
      # Empty: no history.
      HISTORY_TABLE          = var.enable_history ? aws_dynamodb_table.history_table[0].name : ""
      HISTORY_RETENTION_DAYS = var.history_retention_days
      # The ARNs of the resources of this module. The function adds its own ARN and that of its topic. The ARNs of rules are
      # built from their names because a rule depends on the function.
      OWN_RESOURCES = join("", [
        join(",", [
          aws_sns_topic.health_topic.arn,
          aws_sqs_queue.undelivered_queue.arn,
          aws_sqs_queue.failed_queue.arn,
          aws_iam_role.alert_role.arn,
          "arn:${local.partition}:events:${local.region}:${local.account_id}:rule/${var.alert_topic_name}-iam",
          "arn:${local.partition}:events:${local.region}:${local.account_id}:rule/${var.alert_topic_name}-self-protection",
          "arn:${local.partition}:events:${local.region}:${local.account_id}:rule/${var.alert_topic_name}-sign-in",
          "arn:${local.partition}:events:${local.region}:${local.account_id}:rule/${var.alert_topic_name}-other-doors",
          "arn:${local.partition}:events:${local.region}:${local.account_id}:rule/${var.alert_topic_name}-root",
          "arn:${local.partition}:events:${local.region}:${local.account_id}:rule/${var.alert_topic_name}-schedule",
          "arn:${local.partition}:events:${local.region}:${local.account_id}:rule/${var.alert_topic_name}-tampering",
          aws_iam_role.tampering_role.arn,
          "arn:${local.partition}:logs:${local.region}:${local.account_id}:log-group:/aws/lambda/${var.name}",
          # The alarms: one ARN for all.
          "arn:${local.partition}:cloudwatch:${local.region}:${local.account_id}:alarm:${var.name}-*",
        ]),
        var.create_trail ? ",arn:${local.partition}:cloudtrail:${local.region}:${local.account_id}:trail/${var.name}-trail,${aws_s3_bucket.trail_bucket[0].arn}" : "",
        var.enable_history ? ",${aws_dynamodb_table.history_table[0].arn},arn:${local.partition}:iam::${local.account_id}:role/${var.alert_topic_name}-heartbeat,arn:${local.partition}:scheduler:${local.region}:${local.account_id}:schedule/default/${var.alert_topic_name}-heartbeat" : "",
        local.chat ? ",${aws_sns_topic.chat_topic[0].arn}" : "",
        local.bus ? ",arn:${local.partition}:events:${local.region}:${local.account_id}:event-bus/${var.alert_topic_name}" : "",
        local.webhook ? ",${aws_sqs_queue.webhook_queue[0].arn},arn:${local.partition}:events:${local.region}:${local.account_id}:rule/${var.alert_topic_name}/${var.alert_topic_name}-webhook" : "",
        # One ARN for the three rules of the bus: an environment has 4 KB. The function itself adds what the members have, for
        # every account, and what other regions have: it knows the names from the topic (MEMBER_RESOURCES and REGION_RESOURCES
        # in catalog::patterns).
        local.organization ? ",arn:${local.partition}:events:${local.region}:${local.account_id}:event-bus/${var.alert_topic_name}-organization,arn:${local.partition}:events:${local.region}:${local.account_id}:rule/${var.alert_topic_name}-organization/${var.alert_topic_name}-org*,arn:${local.partition}:logs:${local.region}:${local.account_id}:log-group:/aws/events/${var.alert_topic_name}-organization" : "",
        local.members ? ",arn:${local.partition}:cloudformation:${local.region}:${local.account_id}:stackset/${var.alert_topic_name}-members*" : "",
      ])
    }
  }

  depends_on = [aws_iam_role_policy.alert_role]
}

resource "aws_lambda_function_event_invoke_config" "alert_retries" {
  function_name          = aws_lambda_function.alert_function.function_name
  qualifier              = "$LATEST"
  maximum_retry_attempts = 2

  destination_config {
    on_failure {
      destination = aws_sqs_queue.failed_queue.arn
    }

    dynamic "on_success" {
      for_each = local.bus ? [true] : []

      content {
        destination = aws_cloudwatch_event_bus.alert_bus[0].arn
      }
    }
  }
}

# The alert is in detail.responsePayload, as described in schema/alert.json. To forward alerts to another system, create
# a rule on this bus: see examples/pagerduty.yaml and examples/splunk.yaml.
resource "aws_cloudwatch_event_bus" "alert_bus" {
  count = local.bus ? 1 : 0
  name  = var.alert_topic_name
}

resource "aws_cloudwatch_log_group" "alert_logs" {
  name              = "/aws/lambda/${var.name}"
  retention_in_days = var.log_retention_days
}

# All permissions of the function.
resource "aws_iam_role" "alert_role" {
  name        = "${var.name}-AlertRole"
  description = "Reads IAM, publishes alerts, writes the history."
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect    = "Allow"
        Principal = { Service = "lambda.amazonaws.com" }
        Action    = "sts:AssumeRole"
        # Lambda sets this key ("Lambda execution role", Lambda developer guide). Not aws:SourceArn: the function is made after
        # its role.
        Condition = { StringEquals = { "aws:SourceAccount" = local.account_id } }
      },
    ]
  })
}

resource "aws_iam_role_policy" "alert_role" {
  name = "alert"
  role = aws_iam_role.alert_role.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [for item in [
      # The function knows the path from the name of the topic.
      {
        Sid    = "Expectations"
        Effect = "Allow"
        Action = ["ssm:GetParameterHistory", "ssm:GetParametersByPath"]
        Resource = [
          "arn:${local.partition}:ssm:${local.region}:${local.account_id}:parameter/${var.alert_topic_name}/expectations",
          "arn:${local.partition}:ssm:${local.region}:${local.account_id}:parameter/${var.alert_topic_name}/expectations/*",
        ]
      },
      {
        Sid    = "ReadUsers"
        Effect = "Allow"
        Action = [
          "iam:GetLoginProfile",
          "iam:GetUser",
          "iam:GetUserPolicy",
          "iam:ListAccessKeys",
          "iam:ListAttachedUserPolicies",
          "iam:ListGroupsForUser",
          "iam:ListMFADevices",
          "iam:ListUserPolicies",
        ]
        Resource = "arn:${local.partition}:iam::${local.account_id}:user/*"
      },
      {
        Sid    = "ReadGroups"
        Effect = "Allow"
        Action = [
          "iam:GetGroup",
          "iam:GetGroupPolicy",
          "iam:ListAttachedGroupPolicies",
          "iam:ListGroupPolicies",
        ]
        Resource = "arn:${local.partition}:iam::${local.account_id}:group/*"
      },
      {
        Sid      = "ReadRoles"
        Effect   = "Allow"
        Action   = ["iam:GetRole", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies", "iam:ListRolePolicies"]
        Resource = "arn:${local.partition}:iam::${local.account_id}:role/*"
      },
      # Customer managed policies, and the documents of AWS managed policies.
      {
        Sid    = "ReadPolicies"
        Effect = "Allow"
        Action = ["iam:GetPolicy", "iam:GetPolicyVersion"]
        Resource = [
          "arn:${local.partition}:iam::${local.account_id}:policy/*",
          "arn:${local.partition}:iam::aws:policy/*",
        ]
      },
      {
        Sid      = "ReadPolicyHolders"
        Effect   = "Allow"
        Action   = "iam:ListEntitiesForPolicy"
        Resource = "arn:${local.partition}:iam::${local.account_id}:policy/*"
      },
      # These two actions cannot be limited to a resource: an access key ID names no user, an alias has no ARN.
      {
        Sid      = "ReadAliasAndKeyUse"
        Effect   = "Allow"
        Action   = ["iam:GetAccessKeyLastUsed", "iam:ListAccountAliases"]
        Resource = "*"
      },
      # The baseline is made of whole accounts. IAM limits these actions to no resource.
      {
        Sid    = "ReadAccount"
        Effect = "Allow"
        Action = [
          "iam:GenerateCredentialReport",
          "iam:GetAccountAuthorizationDetails",
          "iam:GetAccountPasswordPolicy",
          "iam:GetCredentialReport",
          "iam:ListOpenIDConnectProviders",
          "iam:ListSAMLProviders",
        ]
        Resource = "*"
      },
      {
        Sid    = "ReadIdentityProviders"
        Effect = "Allow"
        Action = ["iam:GetOpenIDConnectProvider", "iam:GetSAMLProvider"]
        Resource = [
          "arn:${local.partition}:iam::${local.account_id}:oidc-provider/*",
          "arn:${local.partition}:iam::${local.account_id}:saml-provider/*",
        ]
      },
      # What an event of IAM Identity Center is about: the policies and accounts of a permission set, the name of a user or
      # group, and what they are assigned to. An answer comes only in the account of the instance: the management account, or
      # one that is registered as its delegated administrator.
      {
        Sid    = "ReadPermissionSets"
        Effect = "Allow"
        Action = [
          "sso:DescribePermissionSet",
          "sso:GetInlinePolicyForPermissionSet",
          "sso:GetPermissionsBoundaryForPermissionSet",
          "sso:ListAccountAssignmentsForPrincipal",
          "sso:ListAccountsForProvisionedPermissionSet",
          "sso:ListCustomerManagedPolicyReferencesInPermissionSet",
          "sso:ListManagedPoliciesInPermissionSet",
        ]
        Resource = [
          "arn:${local.partition}:sso:::instance/*",
          "arn:${local.partition}:sso:::permissionSet/*/*",
        ]
      },
      # An event of the directory does not name the instance. This action cannot be limited to a resource.
      {
        Sid      = "ReadInstances"
        Effect   = "Allow"
        Action   = "sso:ListInstances"
        Resource = "*"
      },
      # An event has the ID of a user or group, not the name. A directory belongs to the management account, also if a
      # delegated administrator asks.
      {
        Sid    = "ReadDirectory"
        Effect = "Allow"
        Action = ["identitystore:DescribeGroup", "identitystore:DescribeUser"]
        Resource = [
          "arn:${local.partition}:identitystore::*:identitystore/*",
          "arn:${local.partition}:identitystore:::group/*",
          "arn:${local.partition}:identitystore:::user/*",
        ]
      },
      # What a service control policy forbids: an event that attaches or detaches one has only its ID. A policy belongs to the
      # management account or, if AWS manages it, to the account aws.
      {
        Sid    = "ReadOrganizationPolicies"
        Effect = "Allow"
        Action = "organizations:DescribePolicy"
        Resource = [
          "arn:${local.partition}:organizations::*:policy/o-*",
          "arn:${local.partition}:organizations::aws:policy/*",
        ]
      },
      # The role of a member has the same permissions there, and trusts only this role.
      local.organization ? {
        Sid       = "ReadMembers"
        Effect    = "Allow"
        Action    = "sts:AssumeRole"
        Resource  = "arn:${local.partition}:iam::*:role/${var.alert_topic_name}-reader"
        Condition = { StringEquals = { "aws:ResourceOrgID" = var.organization_id } }
      } : null,
      # AWS Organizations answers only in the management account, and in an account of a delegated administrator.
      local.organization ? {
        Sid    = "NameAccounts"
        Effect = "Allow"
        Action = ["organizations:DescribeAccount", "organizations:ListParents"]
        Resource = [
          "arn:${local.partition}:organizations::*:account/${var.organization_id}/*",
          "arn:${local.partition}:organizations::*:ou/${var.organization_id}/*",
        ]
      } : null,
      {
        Sid      = "PublishAlerts"
        Effect   = "Allow"
        Action   = "sns:Publish"
        Resource = aws_sns_topic.alert_topic.arn
      },
      {
        Sid      = "CountReaders"
        Effect   = "Allow"
        Action   = "sns:GetTopicAttributes"
        Resource = aws_sns_topic.alert_topic.arn
      },
      # What the scheduled check reads, see docs/security.md.
      {
        Sid      = "CheckReaders"
        Effect   = "Allow"
        Action   = ["sns:GetSubscriptionAttributes", "sns:ListSubscriptionsByTopic"]
        Resource = [aws_sns_topic.alert_topic.arn, "${aws_sns_topic.alert_topic.arn}:*"]
      },
      {
        Sid      = "CheckRules"
        Effect   = "Allow"
        Action   = ["events:DescribeRule", "events:ListTargetsByRule"]
        Resource = "arn:${local.partition}:events:${local.region}:${local.account_id}:rule/${var.alert_topic_name}-*"
      },
      {
        Sid      = "CheckAlarms"
        Effect   = "Allow"
        Action   = "cloudwatch:DescribeAlarms"
        Resource = "arn:${local.partition}:cloudwatch:${local.region}:${local.account_id}:alarm:*"
      },
      {
        Sid      = "CheckConcurrency"
        Effect   = "Allow"
        Action   = "lambda:GetFunctionConcurrency"
        Resource = "arn:${local.partition}:lambda:${local.region}:${local.account_id}:function:*"
      },
      # The trail of an organization belongs to another account; DescribeTrails cannot be limited to a resource.
      {
        Sid      = "CheckTrails"
        Effect   = "Allow"
        Action   = ["cloudtrail:DescribeTrails", "cloudtrail:GetTrailStatus"]
        Resource = "*"
      },
      local.chat ? {
        Sid      = "PublishToChat"
        Effect   = "Allow"
        Action   = "sns:Publish"
        Resource = aws_sns_topic.chat_topic[0].arn
      } : null,
      local.bus ? {
        Sid      = "PutOnAlertBus"
        Effect   = "Allow"
        Action   = "events:PutEvents"
        Resource = aws_cloudwatch_event_bus.alert_bus[0].arn
      } : null,
      var.enable_security_hub ? {
        Sid      = "ImportFindings"
        Effect   = "Allow"
        Action   = "securityhub:BatchImportFindings"
        Resource = "arn:${local.partition}:securityhub:${local.region}:${local.account_id}:product/${local.account_id}/default"
      } : null,
      {
        Sid      = "KeepFailedEvents"
        Effect   = "Allow"
        Action   = "sqs:SendMessage"
        Resource = aws_sqs_queue.failed_queue.arn
      },
      # No DeleteItem: items expire by their time to live.
      var.enable_history ? {
        Sid    = "UseHistory"
        Effect = "Allow"
        Action = ["dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem"]
        # By its name: that of its ARN would be a circle, since the policy of the table names the role.
        Resource = "arn:${local.partition}:dynamodb:${local.region}:${local.account_id}:table/${var.name}-HistoryTable"
      } : null,
      {
        Sid      = "WriteLog"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = "arn:${local.partition}:logs:${local.region}:${local.account_id}:log-group:/aws/lambda/${var.name}:*"
      },
    ] : item if item != null]
  })
}
