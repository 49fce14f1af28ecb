# Written by generate.py from template.yaml (make terraform). Change template.yaml, not this file.

locals {
  deploy_region_email   = local.health_reader ? var.health_email : var.alert_email
  dashboard_url_console = local.partitions[local.partition].console
}

output "step1_confirm" {
  description = "Step 1. Confirm the subscriptions"
  value       = "Open the two e-mails \"AWS Notification - Subscription Confirmation\", to alert_email (${var.alert_email}) and to health_email (the same address, if health_email is empty), and confirm both. Until then, SNS delivers no alerts and reports no error."
}

output "step2_try" {
  description = "Step 2. Cause a test alert"
  value       = "aws iam create-user --user-name alert-test     (the alert arrives within minutes; then delete the user with aws iam delete-user --user-name alert-test)"
}

output "step3_no_mail" {
  description = "Step 3. If no alert arrives"
  value       = var.create_trail ? "The new trail needs some minutes. Try again after 15 minutes. Then this says what is wrong: iam-security-alert-tool doctor --function ${aws_lambda_function.alert_function.function_name}" : "Check that the account has a trail that logs management events, aws cloudtrail describe-trails. If not, apply the module with create_trail = true. This checks the trail and everything else: iam-security-alert-tool doctor --function ${aws_lambda_function.alert_function.function_name}"
}

output "deploy_member" {
  description = "Command that deploys the stack of a member account, with credentials of that account"
  value       = local.organization ? "aws cloudformation deploy --region ${local.region} --stack-name ${var.alert_topic_name}-member --template-file ${path.module}/organization/member.yaml --capabilities CAPABILITY_NAMED_IAM --parameter-overrides Name=${var.alert_topic_name} OrganizationId=${var.organization_id} CentralBusArn=${aws_cloudwatch_event_bus.organization_bus[0].arn} CentralRoleArn=${aws_iam_role.alert_role.arn}" : null
}

output "failed_members" {
  description = "Command that lists the accounts to which the stack set could not deploy. Their events do not arrive"
  value       = local.members ? "aws cloudformation list-stack-instances --region ${local.region} --call-as ${var.stack_set_call_as} --stack-set-name ${var.alert_topic_name}-members --query 'Summaries[?StackInstanceStatus.DetailedStatus!=`SUCCEEDED`].[Account,StatusReason]' --output text" : null
}

output "replay_member" {
  description = "Commands that send one undelivered event of a member account to the function and delete the event from the queue. The profile member is for credentials of that account"
  value       = local.organization ? "queue=$(aws sqs get-queue-url --profile member --region ${local.region} --queue-name ${var.alert_topic_name}-undelivered --query QueueUrl --output text) && aws sqs receive-message --profile member --region ${local.region} --queue-url \"$queue\" --visibility-timeout 300 --output json > message.json && test -s message.json && jq -er '.Messages[0].Body' message.json > event.json && aws lambda invoke --region ${local.region} --function-name ${aws_lambda_function.alert_function.function_name} --invocation-type Event --payload fileb://event.json /dev/null && aws sqs delete-message --profile member --region ${local.region} --queue-url \"$queue\" --receipt-handle \"$(jq -r '.Messages[0].ReceiptHandle' message.json)\"" : null
}

output "deploy_region" {
  description = "Command that deploys the stack of another region, with the name of that region instead of REGION"
  value       = "aws cloudformation deploy --region REGION --stack-name ${var.alert_topic_name}-region --template-file ${path.module}/organization/region.yaml --parameter-overrides AlertTopicName=${var.alert_topic_name} HealthEmail=${local.deploy_region_email}"
}

output "deploy_member_region" {
  description = "The same for another region of a member account, with credentials of that account"
  value       = local.organization ? "aws cloudformation deploy --region REGION --stack-name ${var.alert_topic_name}-region --template-file ${path.module}/organization/region.yaml --parameter-overrides AlertTopicName=${var.alert_topic_name} BusArn=${aws_cloudwatch_event_bus.organization_bus[0].arn}" : null
}

output "dashboard_url" {
  description = "Dashboard with the alarms, alerts, delays, queues and errors"
  value       = "https://${local.dashboard_url_console}/cloudwatch/home?region=${local.region}#dashboards:name=${aws_cloudwatch_dashboard.dashboard.dashboard_name}"
}

output "read_log" {
  description = "Command that shows the log of the function"
  value       = "aws logs tail /aws/lambda/${var.name} --region ${local.region} --since 1h --follow"
}

output "alert_topic_arn" {
  description = "SNS topic of the alerts. Further recipients can subscribe to this topic"
  value       = aws_sns_topic.alert_topic.arn
}

output "health_topic_arn" {
  description = "SNS topic of the alarms about the alerting itself"
  value       = aws_sns_topic.health_topic.arn
}

output "alert_function_name" {
  description = "Name of the function"
  value       = aws_lambda_function.alert_function.function_name
}

output "undelivered_queue_url" {
  description = "Queue of the events that EventBridge could not deliver to the function. Normally empty"
  value       = aws_sqs_queue.undelivered_queue.url
}

output "failed_queue_url" {
  description = "Queue of the events on which the function failed. Normally empty"
  value       = aws_sqs_queue.failed_queue.url
}

output "replay_undelivered" {
  description = "Command that sends one undelivered event to the function again and deletes the event from the queue"
  value       = "aws sqs receive-message --region ${local.region} --queue-url ${aws_sqs_queue.undelivered_queue.url} --visibility-timeout 300 --output json > message.json && test -s message.json && jq -er '.Messages[0].Body' message.json > event.json && aws lambda invoke --region ${local.region} --function-name ${aws_lambda_function.alert_function.function_name} --invocation-type Event --payload fileb://event.json /dev/null && aws sqs delete-message --region ${local.region} --queue-url ${aws_sqs_queue.undelivered_queue.url} --receipt-handle \"$(jq -r '.Messages[0].ReceiptHandle' message.json)\""
}

output "replay_failed" {
  description = "Command that does the same for one failed event. An event that fails again returns to the queue"
  value       = "aws sqs receive-message --region ${local.region} --queue-url ${aws_sqs_queue.failed_queue.url} --visibility-timeout 300 --output json > message.json && test -s message.json && jq -er '.Messages[0].Body | fromjson | .requestPayload' message.json > event.json && aws lambda invoke --region ${local.region} --function-name ${aws_lambda_function.alert_function.function_name} --invocation-type Event --payload fileb://event.json /dev/null && aws sqs delete-message --region ${local.region} --queue-url ${aws_sqs_queue.failed_queue.url} --receipt-handle \"$(jq -r '.Messages[0].ReceiptHandle' message.json)\""
}

output "webhook_queue_url" {
  description = "Queue of the messages that the webhook did not accept. Normally empty"
  value       = local.webhook ? aws_sqs_queue.webhook_queue[0].url : null
}

output "alert_bus_name" {
  description = "EventBridge bus with the alerts as JSON"
  value       = local.bus ? aws_cloudwatch_event_bus.alert_bus[0].name : null
}

output "history_table_name" {
  description = "DynamoDB table of the audit history"
  value       = var.enable_history ? aws_dynamodb_table.history_table[0].name : null
}

output "trail_bucket_name" {
  description = "S3 bucket of the trail"
  value       = var.create_trail ? aws_s3_bucket.trail_bucket[0].bucket : null
}
