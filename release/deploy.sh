#!/bin/sh
# Deploys iam-security-alert with the AWS CLI, without a toolchain. Run it in the folder with the files of the release:
#
#   ./deploy.sh you@example.com
#   ./deploy.sh you@example.com CreateTrail=true Architecture=x86_64     # with more of the template's parameters
#
# Three commands change something, and each is shown before it runs: one makes a bucket, one copies the function into it,
# one deploys the stack. AWS_PROFILE and AWS_REGION say where: without AWS_REGION us-east-1, where IAM's events arrive.
# BUCKET names another bucket, STACK another stack. Once more with the files of a newer version: an upgrade.
set -eu

version=unreleased
# A pager would wait for a key.
AWS_PAGER=
export AWS_PAGER
cd "$(dirname "$0")"

if [ $# -lt 1 ] || [ "${1#*@}" = "$1" ]; then
  echo "Usage: ./deploy.sh you@example.com [Parameter=value]..." >&2
  exit 2
fi
email=$1
shift
architecture=
for parameter in "$@"; do
  case $parameter in
    Architecture=*) architecture=${parameter#*=} ;;
    *=*) ;;
    *) echo "deploy: $parameter is no parameter: it must be Name=value" >&2; exit 2 ;;
  esac
done
if [ -z "$architecture" ]; then
  # Also if an older deployment had the other one: the zip and the template must agree.
  architecture=arm64
  set -- "$@" "Architecture=$architecture"
fi
zip=iam-security-alert-$architecture.zip

# What is deployed is what was released: SHA256SUMS has the sums.
for file in "$zip" iam-security-alert.yaml; do
  wanted=$(grep "  $file\$" SHA256SUMS)
  if command -v sha256sum >/dev/null; then found=$(sha256sum "$file"); else found=$(shasum -a 256 "$file"); fi
  if [ "$wanted" != "$found" ]; then
    echo "deploy: $file is not the file of which SHA256SUMS has the sum" >&2
    exit 1
  fi
done

region=${AWS_REGION:-us-east-1}
stack=${STACK:-iam-security-alert}
account=$(aws sts get-caller-identity --query Account --output text)
bucket=${BUCKET:-iam-security-alert-$account-$region}

shown() {
  echo "+ $*"
  "$@"
}

echo "Account $account, region $region, stack $stack."
owned() { aws s3api head-bucket --bucket "$bucket" --expected-bucket-owner "$account" --region "$region" >/dev/null 2>&1; }
if ! owned; then
  shown aws s3 mb "s3://$bucket" --region "$region"
  # Anybody can take a name that can be guessed, and would choose what code runs here.
  if ! owned; then
    echo "deploy: the bucket $bucket is not of this account, or cannot be read. Name another one with BUCKET=" >&2
    exit 1
  fi
fi
# With the sum of the zip: CloudFormation updates the function only if the key is another one.
key=iam-security-alert/$version/$(grep "  $zip\$" SHA256SUMS | cut -c 1-16)/$zip
shown aws s3 cp --no-progress "$zip" "s3://$bucket/$key" --region "$region"
shown aws cloudformation deploy --region "$region" --stack-name "$stack" --template-file iam-security-alert.yaml \
  --s3-bucket "$bucket" --s3-prefix iam-security-alert/templates --capabilities CAPABILITY_NAMED_IAM \
  --no-fail-on-empty-changeset \
  --parameter-overrides "AlertEmail=$email" "CodeBucket=$bucket" "CodeKey=$key" "$@"

echo
echo "Deployed. What to do next:"
aws cloudformation describe-stacks --region "$region" --stack-name "$stack" --output text \
  --query "Stacks[0].Outputs[?starts_with(OutputKey, 'Step')].[OutputKey, OutputValue]" | sort
