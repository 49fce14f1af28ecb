# Written by generate.py from template.yaml (make terraform). Change template.yaml, not this file.

data "aws_partition" "current" {}

data "aws_caller_identity" "current" {}

data "aws_region" "current" {
  lifecycle {
    postcondition {
      condition     = contains(["us-east-1", "us-gov-west-1", "cn-north-1"], self.region)
      error_message = "Apply this module in us-east-1 (GovCloud: us-gov-west-1, China: cn-north-1). IAM is a global service, and its events reach EventBridge in that region only. In any other region this module receives no IAM events. One copy of the module covers the whole account."
    }

    postcondition {
      condition     = (var.slack_workspace_id == "" && var.teams_tenant_id == "") || self.region == "us-east-1"
      error_message = "Amazon Q Developer in chat applications is not available in GovCloud and China. Leave the parameters of Slack and Teams empty there. A webhook (chat_webhook_url) works instead."
    }

    postcondition {
      condition     = var.organizational_unit_ids == "" || self.region != "cn-north-1"
      error_message = "In China, a stack set cannot deploy to organizational units. Leave organizational_unit_ids empty, and deploy organization/member.yaml to each account."
    }
  }
}

locals {
  partition  = data.aws_partition.current.partition
  region     = data.aws_region.current.region
  account_id = data.aws_caller_identity.current.account_id
}

# What the variables decide.
locals {
  health_reader           = var.health_email != ""
  limit_concurrency       = var.reserved_concurrency != 0
  reviewers               = var.reviewers != ""
  webhook                 = nonsensitive(!(var.chat_webhook_url == "none" || var.chat_webhook_url == ""))
  bus                     = var.enable_alert_bus || local.webhook
  slack                   = var.slack_workspace_id != "" && var.slack_channel_id != ""
  teams                   = var.teams_tenant_id != "" && var.teams_team_id != "" && var.teams_channel_id != ""
  chat                    = local.slack || local.teams
  organization            = var.organization_id != ""
  heartbeats              = var.enable_history || local.organization
  members                 = local.organization && var.organizational_unit_ids != ""
  delegated_administrator = var.stack_set_call_as == "DELEGATED_ADMIN"
}

locals {
  partitions = {
    aws        = { console = "console.aws.amazon.com" }
    aws-us-gov = { console = "console.amazonaws-us-gov.com" }
    aws-cn     = { console = "console.amazonaws.cn" }
  }
}
