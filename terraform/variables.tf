# Written by generate.py from template.yaml (make terraform). Change template.yaml, not this file.

variable "name" {
  description = <<-TEXT
    The names of all resources begin with this name, except those that begin with alert_topic_name. In an account, each copy
    of the module needs its own name and its own alert_topic_name, and neither may begin with that of another copy: each copy
    checks all alarms whose names begin with its own.
    TEXT
  type        = string
  default     = "iam-security-alert"

  validation {
    condition     = can(regex("^[A-Za-z][A-Za-z0-9-]{0,39}$", var.name))
    error_message = "name must begin with a letter, and have letters, digits and hyphens only, at most 40."
  }
}

variable "code_file" {
  description = "Path of the function's zip file on this machine: of a release, iam-security-alert-x86_64.zip or -arm64.zip."
  type        = string
  default     = null

  validation {
    condition     = (var.code_file == null) != (var.code_bucket == null)
    error_message = "Give either code_file, or code_bucket and code_key."
  }
}

variable "code_bucket" {
  description = "Instead of code_file: the S3 bucket, in this region, that has the zip file."
  type        = string
  default     = null

  validation {
    condition     = (var.code_bucket == null) == (var.code_key == null)
    error_message = "code_bucket and code_key need each other."
  }
}

variable "code_key" {
  description = "Instead of code_file: the key of the zip file in code_bucket. For new code, give it another key."
  type        = string
  default     = null
}

# --- Recipients

variable "alert_email" {
  description = "E-mail address that receives the alerts. AWS sends a confirmation request to this address."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[^\\s@\"\\\\]+@[^\\s@\"\\\\]+\\.[^\\s@\"\\\\]+$", var.alert_email)) && length(var.alert_email) <= 254
    error_message = "alert_email must be one e-mail address, name@example.com. More addresses can subscribe to the topic later."
  }
}

variable "health_email" {
  description = <<-TEXT
    E-mail address that receives the alarms about the alerting itself, and a mail whenever somebody changes what this
    module created. Should be another mailbox than alert_email, read by somebody else: whoever can read or silence one
    mailbox must not be able to hide that. Empty means alert_email.
    TEXT
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^([^\\s@]+@[^\\s@]+\\.[^\\s@]+)?$", var.health_email)) && length(var.health_email) <= 254
    error_message = "health_email must be empty, or one e-mail address, name@example.com."
  }
}

variable "alert_topic_name" {
  description = <<-TEXT
    Name of the SNS topic for the alerts. The names of the alarm topic (-health) and of the rules begin with this name.
    TEXT
  type        = string
  default     = "iam-security-alerts"
  nullable    = false

  # The longest rule name adds -self-protection; EventBridge allows 64 characters.
  validation {
    condition     = can(regex("^[A-Za-z0-9_-]+$", var.alert_topic_name)) && length(var.alert_topic_name) <= 48
    error_message = "alert_topic_name must be letters, digits, hyphens and underscores, at most 48."
  }
}

# --- Slack (first authorize Amazon Q Developer in chat applications)

variable "slack_workspace_id" {
  description = <<-TEXT
    ID of the Slack workspace, T01234567, as shown in Amazon Q Developer in chat applications. Empty means no Slack.
    TEXT
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^[0-9A-Z]{0,255}$", var.slack_workspace_id))
    error_message = "slack_workspace_id must be empty, or the ID of a workspace such as T01234567."
  }

  validation {
    condition     = (var.slack_workspace_id == "" && var.slack_channel_id == "") || (var.slack_workspace_id != "" && var.slack_channel_id != "")
    error_message = "Slack needs both slack_workspace_id and slack_channel_id."
  }
}

variable "slack_channel_id" {
  description = <<-TEXT
    ID of the channel, C01234567, as shown in the channel's link. Invite @Amazon Q to a private channel first.
    TEXT
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9]{0,255}$", var.slack_channel_id))
    error_message = "slack_channel_id must be empty, or the ID of a channel such as C01234567."
  }
}

# --- Microsoft Teams (first authorize Amazon Q Developer in chat applications)

variable "teams_tenant_id" {
  description = "ID of the Microsoft Teams tenant. Empty means no Teams."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^([0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})?$", var.teams_tenant_id))
    error_message = "teams_tenant_id must be empty, or a UUID."
  }

  validation {
    condition     = (var.teams_tenant_id == "" && var.teams_team_id == "" && var.teams_channel_id == "") || (var.teams_tenant_id != "" && var.teams_team_id != "" && var.teams_channel_id != "")
    error_message = "Teams needs all three of teams_tenant_id, teams_team_id and teams_channel_id."
  }
}

variable "teams_team_id" {
  description = "ID of the team, shown as groupId in the channel's link."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^([0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})?$", var.teams_team_id))
    error_message = "teams_team_id must be empty, or a UUID."
  }
}

variable "teams_channel_id" {
  description = "ID of the channel exactly as in the channel's link, 19%3A...%40thread.tacv2."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^([a-zA-Z0-9_=+/.,-]*%3[aA][a-zA-Z0-9_=+/.,-]*%40[a-zA-Z0-9_=+/.,-]*)?$", var.teams_channel_id))
    error_message = "teams_channel_id must be empty, or as in the channel's link, with %3A and %40."
  }
}

# --- Webhook of Slack or Microsoft Teams (without Amazon Q Developer)

variable "chat_webhook_url" {
  description = <<-TEXT
    URL of an incoming webhook of Slack, or of a Microsoft Teams workflow that posts to a channel when a webhook request
    is received. The URL is a secret: anyone who has it can post to the channel. Empty or the word none means no webhook.
    TEXT
  type        = string
  default     = "none"
  nullable    = false
  sensitive   = true

  # The characters that EventBridge accepts in the endpoint of an API destination.
  validation {
    condition     = can(regex("^(none|https://[-()_.!~*';/?:@&=+$,A-Za-z0-9%]+)?$", var.chat_webhook_url)) && length(var.chat_webhook_url) <= 2048
    error_message = "chat_webhook_url must be empty, the word none, or a URL that begins with https://."
  }
}

variable "chat_webhook_format" {
  description = "Message format of the webhook."
  type        = string
  default     = "slack"
  nullable    = false

  validation {
    condition     = contains(["slack", "teams"], var.chat_webhook_format)
    error_message = "chat_webhook_format must be one of \"slack\", \"teams\"."
  }
}

# --- Other systems

variable "enable_security_hub" {
  description = <<-TEXT
    Whether to import alerts into Security Hub CSPM as findings. Security Hub CSPM must be enabled in this account and
    region.
    TEXT
  type        = bool
  default     = false
  nullable    = false
}

variable "security_hub_minimum_severity" {
  description = "Lowest severity at which an alert becomes a finding in Security Hub CSPM."
  type        = string
  default     = "MEDIUM"
  nullable    = false

  validation {
    condition     = contains(["LOW", "MEDIUM", "HIGH", "CRITICAL"], var.security_hub_minimum_severity)
    error_message = "security_hub_minimum_severity must be one of \"LOW\", \"MEDIUM\", \"HIGH\", \"CRITICAL\"."
  }
}

variable "enable_alert_bus" {
  description = <<-TEXT
    Whether to put every alert as JSON on a separate EventBridge bus. Rules on that bus can forward the alerts to other
    systems. The bus also receives the results for calls that cause no alert (notAlerted).
    TEXT
  type        = bool
  default     = false
  nullable    = false
}

# --- What causes an alert

variable "watched_event_names" {
  description = <<-TEXT
    Calls that cause an alert, separated by commas without blanks. Four forms: (1) default, the calls that are watched by
    default. (2) *, all calls that this version knows. (3) one of these with changes, default,-DeleteUser,+TagRole: minus
    removes a call, plus adds one. (4) only certain calls, CreateUser,CreateAccessKey. A name without a service means a
    call of IAM; a call of another service is written service:Name. Calls of IAM that this version does not know, and
    calls that affect this module's resources, always cause an alert.
    TEXT
  type        = string
  default     = "default"
  nullable    = false

  validation {
    condition     = can(regex("^((default|\\*)(,[-+]([a-z0-9-]+:)?[A-Z][A-Za-z0-9]*)*|([a-z0-9-]+:)?[A-Z][A-Za-z0-9]*(,([a-z0-9-]+:)?[A-Z][A-Za-z0-9]*)*)$", var.watched_event_names))
    error_message = "watched_event_names must be default, *, one of these with changes such as default,-DeleteUser,+TagRole, or names of calls such as CreateUser,CreateAccessKey; without blanks."
  }
}

variable "minimum_severity" {
  description = <<-TEXT
    Lowest severity at which an alert is sent by e-mail: LOW, MEDIUM, HIGH or CRITICAL. Alerts below this severity are
    still assessed, logged and returned. Exceptions for some accounts can follow, separated by commas,
    MEDIUM,sandbox=HIGH,111122223333=LOW,ou-ab12-11111111=HIGH. Left of = is the ID of an account, a name from
    account_names, or the ID of an organizational unit. An account counts before its unit, a unit before the units above.
    TEXT
  type        = string
  default     = "MEDIUM"
  nullable    = false

  # Not a quotation mark, backslash or line break: schedule_rule carries the value in JSON.
  validation {
    condition     = can(regex("^(LOW|MEDIUM|HIGH|CRITICAL)(, *[^, =\"\\\\\\x00-\\x1F][^,=\"\\\\\\x00-\\x1F]*=(LOW|MEDIUM|HIGH|CRITICAL))*$", var.minimum_severity))
    error_message = "minimum_severity must be LOW, MEDIUM, HIGH or CRITICAL; then perhaps exceptions such as sandbox=HIGH, separated by commas."
  }
}

variable "mode" {
  description = <<-TEXT
    What is sent by e-mail. alert: every alert of at least minimum_severity. observe: only CRITICAL alerts; all others are
    assessed, recorded and counted, and the dashboard and the digest show what would have been sent.
    TEXT
  type        = string
  default     = "alert"
  nullable    = false

  validation {
    condition     = contains(["alert", "observe"], var.mode)
    error_message = "mode must be one of \"alert\", \"observe\"."
  }
}

# --- Expected principals and account names

variable "expected_principals" {
  description = <<-TEXT
    ARNs of IAM users and roles that are expected to change access, separated by commas; * and ? are wildcards. May be
    empty. Alerts on what they usually do, up to HIGH, are LOW. Administrators, escalation, trust of outsiders,
    credentials, root, quarantine, denied calls and changes to this module's resources are never expected: for these,
    write expectations, see docs/quiet.md. For a role, give the ARN of the role with its path, not the ARN of a session.
    Instead of the account's ID, the ARN can have a name from account_names, or the ID of an organizational unit for all
    its accounts, arn:aws:iam::ou-ab12-11111111:role/deploy.
    TEXT
  type        = string
  default     = ""
  nullable    = false

  # The function reads every ARN; the pattern looks at the first one only. Not a quotation mark, backslash or line break:
  # schedule_rule carries the value in JSON.
  validation {
    condition     = can(regex("^(arn:aws[a-z-]*:iam::[^:,/*?\"\\\\\\x00-\\x1F]+:(user/|role/|root)[^\"\\\\\\x00-\\x1F]*)?$", var.expected_principals))
    error_message = "expected_principals must be empty, or ARNs such as arn:aws:iam::123456789012:role/path/name, separated by commas."
  }
}

variable "account_names" {
  description = <<-TEXT
    Names of accounts for the alerts, 123456789012=production,210987654321=test. May be empty. An account without a name
    here is shown by its name in the organization or by its account alias, if it has one.
    TEXT
  type        = string
  default     = ""
  nullable    = false

  # Not a quotation mark, backslash or line break: schedule_rule carries the value in JSON.
  validation {
    condition     = can(regex("^([0-9]{12}=[^, \"\\\\\\x00-\\x1F][^,\"\\\\\\x00-\\x1F]*(, *[0-9]{12}=[^, \"\\\\\\x00-\\x1F][^,\"\\\\\\x00-\\x1F]*)*)?$", var.account_names))
    error_message = "account_names must be empty, or pairs of 12 digits, = and a name, separated by commas."
  }
}

# --- Organization

variable "organization_id" {
  description = <<-TEXT
    The ID of the organization that this account belongs to, o-a1b2c3d4e5. May be empty. With it, alerts about trust
    policies tell the own organization from others, and this module accepts the events of the organization's other
    accounts. Those accounts need a stack of organization/member.yaml: see organizational_unit_ids.
    TEXT
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^(o-[a-z0-9]{10,32})?$", var.organization_id))
    error_message = "organization_id must be empty, or the ID of an organization such as o-a1b2c3d4e5."
  }
}

variable "organizational_unit_ids" {
  description = <<-TEXT
    IDs of organizational units or of the root, ou-ab12-11111111,r-ab12, separated by commas without blanks. A stack set
    deploys organization/member.yaml to all accounts there, also to accounts that come later, but never to the management
    account. Empty means that you deploy organization/member.yaml by other means. Needs organization_id, trusted access
    for CloudFormation StackSets, and an alert_topic_name without underscores that begins with a letter.
    TEXT
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^((ou-[a-z0-9]{4,32}-[a-z0-9]{8,32}|r-[a-z0-9]{4,32})(,(ou-[a-z0-9]{4,32}-[a-z0-9]{8,32}|r-[a-z0-9]{4,32}))*)?$", var.organizational_unit_ids))
    error_message = "organizational_unit_ids must be empty, or IDs such as ou-ab12-11111111 or r-ab12, separated by commas without blanks."
  }

  validation {
    condition     = var.organizational_unit_ids == "" || var.organization_id != ""
    error_message = "organizational_unit_ids needs organization_id."
  }
}

variable "stack_set_call_as" {
  description = <<-TEXT
    Who deploys the stack set. SELF in the management account. DELEGATED_ADMIN in an account that is registered as a
    delegated administrator for CloudFormation StackSets.
    TEXT
  type        = string
  default     = "DELEGATED_ADMIN"
  nullable    = false

  validation {
    condition     = contains(["DELEGATED_ADMIN", "SELF"], var.stack_set_call_as)
    error_message = "stack_set_call_as must be one of \"DELEGATED_ADMIN\", \"SELF\"."
  }
}

# --- History

variable "enable_history" {
  description = <<-TEXT
    Whether to keep an audit history of every access change in a DynamoDB table. With the history, each event is alerted
    on once, alerts show related activity, and a storm of alerts becomes a few summaries. Terraform refuses to destroy the
    table: before you set false, see README.md.
    TEXT
  type        = bool
  default     = true
  nullable    = false
}

variable "history_retention_days" {
  description = "Days to keep the history; 0 keeps the history forever. A new value applies to new events only."
  type        = number
  default     = 365
  nullable    = false

  validation {
    condition     = var.history_retention_days >= 0 && var.history_retention_days <= 3650
    error_message = "history_retention_days must be a number of days from 0 to 3650."
  }
}

variable "reviewers" {
  description = <<-TEXT
    ARNs of IAM users and roles that may mute and acknowledge alerts, separated by commas without blanks; * and ? are
    wildcards. May be empty: then nobody may. For a role, give the ARN of the role with its path, not the ARN of a
    session. They need dynamodb:Query, PutItem and UpdateItem on the table, too. A mute keeps back no CRITICAL alert.
    TEXT
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^(arn:aws[a-z-]*:iam::[0-9]{12}:(user|role)/[^\\s,\"\\\\]+(,arn:aws[a-z-]*:iam::[0-9]{12}:(user|role)/[^\\s,\"\\\\]+)*)?$", var.reviewers))
    error_message = "reviewers must be empty, or ARNs such as arn:aws:iam::123456789012:role/path/name, separated by commas."
  }
}

variable "digest" {
  description = "How often a mail sums up what was alerted on and what was not mailed. Needs the history."
  type        = string
  default     = "weekly"
  nullable    = false

  validation {
    condition     = contains(["weekly", "daily", "none"], var.digest)
    error_message = "digest must be one of \"weekly\", \"daily\", \"none\"."
  }
}

# --- Trails

variable "create_trail" {
  description = <<-TEXT
    Whether to create a trail with an S3 bucket. EventBridge receives IAM calls only if a trail logs management events.
    Choose true only if this account has no such trail: the first copy of management events is free, each further copy is
    charged.
    TEXT
  type        = bool
  default     = false
  nullable    = false
}

variable "feeding_trails" {
  description = <<-TEXT
    ARNs of the trails that deliver events to this module, separated by commas. Calls that stop or change one of these
    trails cause an alert. Empty means every trail of the account, because every trail that logs management events
    delivers events to this module.
    TEXT
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^(arn:aws[a-z-]*:cloudtrail:[a-z0-9-]+:[0-9]{12}:trail/[A-Za-z0-9._-]+(, *arn:aws[a-z-]*:cloudtrail:[a-z0-9-]+:[0-9]{12}:trail/[A-Za-z0-9._-]+)*)?$", var.feeding_trails))
    error_message = "feeding_trails must be empty, or ARNs such as arn:aws:cloudtrail:us-east-1:123456789012:trail/name, separated by commas."
  }
}

# --- Function and logs

variable "architecture" {
  description = "Processor architecture of the function. The code must be for the same one."
  type        = string
  default     = "x86_64"
  nullable    = false

  validation {
    condition     = contains(["x86_64", "arm64"], var.architecture)
    error_message = "architecture must be one of \"x86_64\", \"arm64\"."
  }
}

variable "lookup_budget_seconds" {
  description = <<-TEXT
    Time limit in seconds for all lookups of one alert together. The alert says which information is missing.
    TEXT
  type        = number
  default     = 5
  nullable    = false

  validation {
    condition     = var.lookup_budget_seconds >= 1 && var.lookup_budget_seconds <= 20
    error_message = "lookup_budget_seconds must be a number of seconds from 1 to 20."
  }
}

variable "reserved_concurrency" {
  description = <<-TEXT
    How many events the function handles at the same time at most. 0 means no limit. Without a history, each instance
    sends at most one mail a second, and this is the only limit for all instances together: use 4 then. The account must
    keep 100 unreserved.
    TEXT
  type        = number
  default     = 0
  nullable    = false

  validation {
    condition     = var.reserved_concurrency >= 0 && var.reserved_concurrency <= 1000
    error_message = "reserved_concurrency must be a number from 0 to 1000."
  }
}

variable "log_level" {
  description = "Log level of the function. INFO logs one line for each event; DEBUG also logs each call to AWS."
  type        = string
  default     = "INFO"
  nullable    = false

  # Not WARN or ERROR: Lambda would discard the line of each event, and the metrics in that line. Not TRACE: the SDK would
  # log policies in full.
  validation {
    condition     = contains(["INFO", "DEBUG"], var.log_level)
    error_message = "log_level must be one of \"INFO\", \"DEBUG\"."
  }
}

variable "log_retention_days" {
  description = <<-TEXT
    Days to keep the log of the function and, with organization_id, the log of what impairs the forwarding in the members.
    TEXT
  type        = number
  default     = 90
  nullable    = false

  # The values that CloudWatch Logs accepts.
  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days must be one of 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653."
  }
}
