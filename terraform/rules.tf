# Written by generate.py from template.yaml (make terraform). Change template.yaml, not this file.
#
# The rules

# No event names: the function decides by its catalogue and watched_event_names which calls cause an alert. With State
# ENABLED, EventBridge does not deliver read-only calls (Get, List, Describe).
resource "aws_cloudwatch_event_rule" "iam_rule" {
  name        = "${var.alert_topic_name}-iam"
  description = "IAM calls that change something, successful or denied."
  state       = "ENABLED"
  event_pattern = jsonencode({
    source      = ["aws.iam"]
    account     = [local.account_id]
    detail-type = ["AWS API Call via CloudTrail"]
    detail      = { eventSource = ["iam.amazonaws.com"] }
  })
}

resource "aws_cloudwatch_event_target" "iam_rule" {
  rule      = aws_cloudwatch_event_rule.iam_rule.name
  target_id = "AlertFunction"
  arn       = aws_lambda_function.alert_function.arn

  # The longest retry that EventBridge allows: a late alert is better than a lost alert.
  retry_policy {
    maximum_event_age_in_seconds = 86400
    maximum_retry_attempts       = 185
  }

  dead_letter_config {
    arn = aws_sqs_queue.undelivered_queue.arn
  }
}

# One permission for each rule, not one for a name pattern: otherwise anyone who can create a rule with a matching name
# could invoke the function with forged events.
resource "aws_lambda_permission" "iam_rule_may_invoke" {
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.alert_function.function_name
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.iam_rule.arn
  depends_on    = [aws_cloudwatch_event_target.iam_rule]
}

# An attacker may disable detection or alerting first. Most of these calls concern other resources; the function knows
# the resources of this module (OWN_RESOURCES), and a call that it does not know is CRITICAL there. Not named here:
# which calls there are, since AWS adds new ones. Left out: calls that services make all day, and data events. A trail
# whose home region is another region sends the calls on it to the bus of that region: see organization/region.yaml.
resource "aws_cloudwatch_event_rule" "self_protection_rule" {
  name        = "${var.alert_topic_name}-self-protection"
  description = "Calls of the services that this module is made of, if they change something, successful or denied."
  state       = "ENABLED"
  event_pattern = jsonencode({
    account     = [local.account_id]
    detail-type = ["AWS API Call via CloudTrail"]
    "$or" = [
      {
        source = [
          "aws.cloudformation",
          "aws.cloudtrail",
          "aws.dynamodb",
          "aws.events",
          "aws.kms",
          "aws.lambda",
          "aws.logs",
          # CloudWatch
          "aws.monitoring",
          "aws.s3",
          "aws.scheduler",
          "aws.sns",
          "aws.sqs",
        ]
        detail = {
          eventCategory = ["Management", { exists = false }]
          eventName     = [{ anything-but = ["CreateLogStream", "CreateGrant", "RetireGrant"] }]
        }
      },
      # The parameters with expectations. The agents of Systems Manager make other calls all day.
      {
        source = ["aws.ssm"]
        detail = {
          eventName    = ["PutParameter", "DeleteParameter", "DeleteParameters"]
          userIdentity = { type = [{ anything-but = ["Root"] }] }
        }
      },
    ]
  })
}

resource "aws_cloudwatch_event_target" "self_protection_rule" {
  rule      = aws_cloudwatch_event_rule.self_protection_rule.name
  target_id = "AlertFunction"
  arn       = aws_lambda_function.alert_function.arn

  retry_policy {
    maximum_event_age_in_seconds = 86400
    maximum_retry_attempts       = 185
  }

  dead_letter_config {
    arn = aws_sqs_queue.undelivered_queue.arn
  }
}

resource "aws_lambda_permission" "self_protection_rule_may_invoke" {
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.alert_function.function_name
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.self_protection_rule.arn
  depends_on    = [aws_cloudwatch_event_target.self_protection_rule]
}

# A second way, past the function: whoever ends the function, its rules, its topic or its alarms is reported all the
# same, to health_topic. This rule and self_protection_rule watch each other. Only calls that succeeded: a denied call
# costs nothing, SNS suspends a subscription that gets more than ten mails a second, and the function alerts on the
# denied calls, with a limit for its mails. What CloudFormation changes is left out here: a deployment makes many such
# calls, and the call that starts it is reported. No names that a caller chooses stand in the mail, except the session
# in the caller's ARN.
resource "aws_cloudwatch_event_rule" "tampering_rule" {
  name        = "${var.alert_topic_name}-tampering"
  description = "Successful calls that can end this module's alerting, reported without the function."
  state       = "ENABLED"
  event_pattern = jsonencode({
    account     = [local.account_id]
    detail-type = ["AWS API Call via CloudTrail"]
    detail = {
      # CloudTrail gives an error code to each call that failed, and to no other.
      errorCode = [{ exists = false }]
      eventName = [
        { prefix = "Delete" },
        { prefix = "Disable" },
        { prefix = "Execute" },
        { prefix = "Purge" },
        { prefix = "Put" },
        { prefix = "Remove" },
        { prefix = "Set" },
        { prefix = "Stop" },
        { prefix = "Unsubscribe" },
        { prefix = "Update" },
      ]
      sourceIPAddress = [{ anything-but = ["cloudformation.amazonaws.com"] }]
      # Names of the parameters of many services: a call has one of them.
      "$or" = [for item in [
        { eventSource = ["cloudtrail.amazonaws.com"] },
        { requestParameters = { topicArn = [{ prefix = aws_sns_topic.alert_topic.arn }] } },
        { requestParameters = { subscriptionArn = [{ prefix = aws_sns_topic.alert_topic.arn }] } },
        { requestParameters = { name = [{ prefix = "${var.alert_topic_name}-" }] } },
        { requestParameters = { rule = [{ prefix = "${var.alert_topic_name}-" }] } },
        { requestParameters = { functionName = [{ wildcard = "*${aws_lambda_function.alert_function.function_name}*" }] } },
        { requestParameters = { alarmName = [{ prefix = "${var.name}-" }] } },
        { requestParameters = { alarmNames = [{ prefix = "${var.name}-" }] } },
        { requestParameters = { roleName = [aws_iam_role.alert_role.name, { prefix = "${var.name}-AlertRole-" }] } },
        local.organization ? { requestParameters = { eventBusName = [{ prefix = "${var.alert_topic_name}-" }] } } : null,
        local.organization ? { requestParameters = { stackSetName = [{ prefix = "${var.alert_topic_name}-members" }] } } : null,
      ] : item if item != null]
    }
  })
}

resource "aws_cloudwatch_event_target" "tampering_rule" {
  rule      = aws_cloudwatch_event_rule.tampering_rule.name
  target_id = "HealthTopic"
  arn       = aws_sns_topic.health_topic.arn
  role_arn  = aws_iam_role.tampering_role.arn

  input_transformer {
    input_paths = {
      action  = "$.detail.eventName"
      service = "$.detail.eventSource"
      time    = "$.detail.eventTime"
      region  = "$.detail.awsRegion"
      who     = "$.detail.userIdentity.arn"
      from    = "$.detail.sourceIPAddress"
      id      = "$.detail.eventID"
    }
    input_template = <<-TEXT
      "Somebody changed what the alerts of the module ${var.name} depend on."
      "Call: <action> (<service>) at <time> in <region>"
      "Caller: <who>"
      "Source IP: <from>"
      "Event ID: <id>"
      "EventBridge sends this mail, not the function that sends the alerts. The function should alert on the same event ID within minutes. If it does not, the alerting is impaired: apply a second copy of the module with another name and another alert_topic_name. It alerts at once."
      "If you run terraform apply at this moment, this mail is expected."
      TEXT
  }

  dead_letter_config {
    arn = aws_sqs_queue.undelivered_queue.arn
  }

  depends_on = [aws_iam_role_policy.tampering_role]
}

# "For EventBridge event bus rule targets, the value of aws:SourceArn must be the rule ARN" ("Cross-service confused
# deputy prevention", EventBridge user guide). A role and not the policy of the topic: that policy cannot have
# conditions for EventBridge ("Amazon SNS permissions", same guide), and would let the rules of any account publish.
resource "aws_iam_role" "tampering_role" {
  name        = "${var.name}-TamperingRole"
  description = "Publishes the mails of TamperingRule to HealthTopic."
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
            "aws:SourceArn"     = "arn:${local.partition}:events:${local.region}:${local.account_id}:rule/${var.alert_topic_name}-tampering"
          }
        }
      },
    ]
  })
}

resource "aws_iam_role_policy" "tampering_role" {
  name = "tampering"
  role = aws_iam_role.tampering_role.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = "sns:Publish"
        Resource = aws_sns_topic.health_topic.arn
      },
    ]
  })
}

# A sign-in through an identity provider or IAM Identity Center is not here: it shows nothing that IAM could have
# prevented, and there are many. A sign-in of an IAM user is in the region of the endpoint that was used, see
# organization/region.yaml.
resource "aws_cloudwatch_event_rule" "sign_in_rule" {
  name        = "${var.alert_topic_name}-sign-in"
  description = "Console sign-ins of the root user and of IAM users, switches of roles, and AWS's warnings of sign-ins."
  state       = "ENABLED"
  event_pattern = jsonencode({
    source  = ["aws.signin"]
    account = [local.account_id]
    "$or" = [
      # CloudTrail delivers a sign-in with its own detail-type, and AWS writes it in both ways.
      {
        detail-type = ["AWS Console Sign In via CloudTrail", "AWS Console Signin via CloudTrail"]
        detail = {
          eventSource = ["signin.amazonaws.com"]
          eventName = [
            "EmailUpdated",
            "PasswordRecoveryCompleted",
            "PasswordRecoveryRequested",
            "PasswordUpdated",
            "SwitchRole",
          ]
        }
      },
      {
        detail-type = ["AWS Console Sign In via CloudTrail", "AWS Console Signin via CloudTrail"]
        detail = {
          eventSource  = ["signin.amazonaws.com"]
          eventName    = ["ConsoleLogin"]
          userIdentity = { type = ["IAMUser", "Root"] }
        }
      },
      # A warning of AWS itself. It does not come from CloudTrail.
      { detail-type = ["Sign-in Anomaly Alert"] },
    ]
  })
}

resource "aws_cloudwatch_event_target" "sign_in_rule" {
  rule      = aws_cloudwatch_event_rule.sign_in_rule.name
  target_id = "AlertFunction"
  arn       = aws_lambda_function.alert_function.arn

  retry_policy {
    maximum_event_age_in_seconds = 86400
    maximum_retry_attempts       = 185
  }

  dead_letter_config {
    arn = aws_sqs_queue.undelivered_queue.arn
  }
}

resource "aws_lambda_permission" "sign_in_rule_may_invoke" {
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.alert_function.function_name
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.sign_in_rule.arn
  depends_on    = [aws_cloudwatch_event_target.sign_in_rule]
}

# Access is granted elsewhere, too. Of IAM Identity Center with its directory, of AWS Organizations and of the account
# itself, every call that changes something; of other services only the calls that let somebody in. Those of S3, SNS,
# SQS, Lambda and most of KMS come by self_protection_rule, those of a root user by root_rule: each call comes by one
# rule, since without a history each delivery is a mail.
resource "aws_cloudwatch_event_rule" "doors_rule" {
  name        = "${var.alert_topic_name}-other-doors"
  description = "Calls that grant access outside of IAM, in IAM Identity Center, AWS Organizations, or by sharing a resource."
  state       = "ENABLED"
  event_pattern = jsonencode({
    account     = [local.account_id]
    detail-type = ["AWS API Call via CloudTrail"]
    "$or" = [
      { source = ["aws.account", "aws.identitystore", "aws.organizations", "aws.sso", "aws.sso-directory"] },
      {
        source = [
          "aws.cognito-identity",
          "aws.ecr",
          "aws.eks",
          "aws.rolesanywhere",
          "aws.secretsmanager",
          "aws.sts",
        ]
        detail = {
          # The name of an action of Lambda is followed by a version.
          eventName = [
            { prefix = "AssociateAccessPolicy" },
            { prefix = "AssumeRoot" },
            { prefix = "CreateAccessEntry" },
            { prefix = "CreateIdentityPool" },
            { prefix = "CreateProfile" },
            { prefix = "CreateTrustAnchor" },
            { prefix = "EnableProfile" },
            { prefix = "EnableTrustAnchor" },
            { prefix = "PutResourcePolicy" },
            { prefix = "SetIdentityPoolRoles" },
            { prefix = "SetRepositoryPolicy" },
            { prefix = "UpdateAccessEntry" },
            { prefix = "UpdateIdentityPool" },
            { prefix = "UpdateProfile" },
            { prefix = "UpdateTrustAnchor" },
          ]
          userIdentity = { type = [{ anything-but = ["Root"] }] }
        }
      },
      # Services create grants all day.
      {
        source = ["aws.kms"]
        detail = {
          eventName    = ["CreateGrant"]
          userIdentity = { invokedBy = [{ exists = false }] }
        }
      },
    ]
  })
}

resource "aws_cloudwatch_event_target" "doors_rule" {
  rule      = aws_cloudwatch_event_rule.doors_rule.name
  target_id = "AlertFunction"
  arn       = aws_lambda_function.alert_function.arn

  retry_policy {
    maximum_event_age_in_seconds = 86400
    maximum_retry_attempts       = 185
  }

  dead_letter_config {
    arn = aws_sqs_queue.undelivered_queue.arn
  }
}

resource "aws_lambda_permission" "doors_rule_may_invoke" {
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.alert_function.function_name
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.doors_rule.arn
  depends_on    = [aws_cloudwatch_event_target.doors_rule]
}

# The services in the list come by the rules above. No data events: a root user should make none, but a trail may log
# very many.
resource "aws_cloudwatch_event_rule" "root_rule" {
  name        = "${var.alert_topic_name}-root"
  description = "Calls of the root user that change something, of all other services."
  state       = "ENABLED"
  event_pattern = jsonencode({
    account     = [local.account_id]
    source      = [{ prefix = "aws." }]
    detail-type = ["AWS API Call via CloudTrail"]
    detail = {
      eventSource = [
        {
          anything-but = [
            "account.amazonaws.com",
            "cloudformation.amazonaws.com",
            "cloudtrail.amazonaws.com",
            "dynamodb.amazonaws.com",
            "events.amazonaws.com",
            "iam.amazonaws.com",
            "identitystore.amazonaws.com",
            "kms.amazonaws.com",
            "lambda.amazonaws.com",
            "logs.amazonaws.com",
            "monitoring.amazonaws.com",
            "organizations.amazonaws.com",
            "s3.amazonaws.com",
            "scheduler.amazonaws.com",
            "sns.amazonaws.com",
            "sqs.amazonaws.com",
            "sso-directory.amazonaws.com",
            "sso.amazonaws.com",
          ]
        },
      ]
      eventCategory = ["Management", { exists = false }]
      userIdentity  = { type = ["Root"] }
    }
  })
}

resource "aws_cloudwatch_event_target" "root_rule" {
  rule      = aws_cloudwatch_event_rule.root_rule.name
  target_id = "AlertFunction"
  arn       = aws_lambda_function.alert_function.arn

  retry_policy {
    maximum_event_age_in_seconds = 86400
    maximum_retry_attempts       = 185
  }

  dead_letter_config {
    arn = aws_sqs_queue.undelivered_queue.arn
  }
}

resource "aws_lambda_permission" "root_rule_may_invoke" {
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.alert_function.function_name
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.root_rule.arn
  depends_on    = [aws_cloudwatch_event_target.root_rule]
}

# A summary of suppressed alerts is due within two minutes, so the function looks every minute: about 43,800 invocations
# a month, of a few milliseconds each. Every fifth of them checks all of this: some twenty reads, which are free of
# charge. Without a history there are no summaries, and the schedule is every five minutes. No dead-letter queue: the
# next scheduled invocation does the same.
resource "aws_cloudwatch_event_rule" "schedule_rule" {
  name                = "${var.alert_topic_name}-schedule"
  description         = "Starts the summaries of suppressed alerts, and the check that this module is as it was deployed."
  state               = "ENABLED"
  schedule_expression = var.enable_history ? "rate(1 minute)" : "rate(5 minutes)"
}

resource "aws_cloudwatch_event_target" "schedule_rule" {
  rule      = aws_cloudwatch_event_rule.schedule_rule.name
  target_id = "AlertFunction"
  arn       = aws_lambda_function.alert_function.arn
  # A copy of the settings: the function compares it with its environment. Whoever changes the environment would have to
  # change this rule, too. A value contains no quotation mark.
  input = join("", [
    "{\"source\":\"aws.events\",\"detail-type\":\"Scheduled Event\",\"settings\":{",
    join(",", [
      "\"ACCOUNT_NAMES\":\"${var.account_names}\"",
      "\"ALERT_EMAIL\":\"${var.alert_email}\"",
      "\"ALERT_TOPIC_ARN\":\"${aws_sns_topic.alert_topic.arn}\"",
      "\"DIGEST\":\"${var.digest}\"",
      "\"EXPECTED_PRINCIPALS\":\"${var.expected_principals}\"",
      "\"FEEDING_TRAILS\":\"${var.feeding_trails}\"",
      local.heartbeats ? "\"HEARTBEAT_ROLE\":\"${var.alert_topic_name}-heartbeat\"" : "\"HEARTBEAT_ROLE\":\"\"",
      "\"MINIMUM_SEVERITY\":\"${var.minimum_severity}\"",
      "\"MODE\":\"${var.mode}\"",
      "\"ORGANIZATION_ID\":\"${var.organization_id}\"",
      local.organization ? "\"READER_ROLE\":\"${var.alert_topic_name}-reader\"" : "\"READER_ROLE\":\"\"",
      "\"WATCHED_EVENT_NAMES\":\"${var.watched_event_names}\"",
      "\"RESERVED_CONCURRENCY\":\"${var.reserved_concurrency}\"",
      var.enable_history ? "\"HISTORY_TABLE\":\"${aws_dynamodb_table.history_table[0].name}\"" : "\"HISTORY_TABLE\":\"\"",
    ]),
    "}}",
  ])
}

resource "aws_lambda_permission" "schedule_rule_may_invoke" {
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.alert_function.function_name
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.schedule_rule.arn
  depends_on    = [aws_cloudwatch_event_target.schedule_rule]
}
