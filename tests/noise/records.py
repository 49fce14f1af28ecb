"""Who calls, and what CloudTrail writes of a call.

The shapes are those of the CloudTrail user guide ("CloudTrail record contents", "CloudTrail userIdentity element") and of
public records. All values are invented.
"""

import copy
import json
import re
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from urllib.parse import quote

from botocore.exceptions import ClientError

ACCOUNT = "123456789012"  # moto's own
REGION = "us-east-1"
#: The home region of IAM Identity Center.
HOME = "eu-west-1"

TERRAFORM = "APN/1.0 HashiCorp/1.0 Terraform/1.11.4 (+https://www.terraform.io) terraform-provider-aws/5.94.1 aws-sdk-go-v2/1.36.3"
CLI = "aws-cli/2.31.9 md/awscrt#0.28.1 ua/2.1 os/linux#6.12 md/arch#x86_64 lang/python#3.13.7 cfg/retry-mode#standard"
BROWSER = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
#: The codes that end in `Exception` in CloudTrail, without that ending in IAM's answers.
WITH_SUFFIX = (
    "DeleteConflict",
    "EntityAlreadyExists",
    "EntityTemporarilyUnmodifiable",
    "InvalidInput",
    "LimitExceeded",
    "MalformedPolicyDocument",
    "NoSuchEntity",
)
#: What a request or an answer has, and CloudTrail never writes.
SECRETS = {"password", "oldPassword", "newPassword", "secretAccessKey", "base32StringSeed", "qRCodePNG", "responseMetadata"}


@dataclass(frozen=True)
class Caller:
    """A principal as CloudTrail writes it, and from where it calls."""

    identity: dict = field(hash=False)
    address: str = "203.0.113.80"
    agent: str = CLI

    def from_(self, address, agent=None):
        return replace(self, address=address, agent=agent or self.agent)

    @property
    def arn(self):
        return self.identity.get("arn", "")

    @property
    def through_cloudformation(self):
        """The same principal, who lets CloudFormation make the calls."""
        service = "cloudformation.amazonaws.com"
        return Caller(self.identity | {"invokedBy": service}, service, service)


def user(person, mfa=False, console=False, address="203.0.113.80", agent=None):
    """An IAM user: with the long-lived key, or in a session with MFA, or at the console."""
    arn = f"arn:aws:iam::{ACCOUNT}:user{person.path}{person.name}"
    identity = {"type": "IAMUser", "principalId": person.id, "arn": arn, "accountId": ACCOUNT}
    identity |= {"accessKeyId": person.key, "userName": person.name}
    if mfa or console:
        attributes = {"creationDate": "2026-11-17T07:58:11Z", "mfaAuthenticated": "true" if mfa else "false"}
        identity |= {"accessKeyId": person.key.replace("AKIA", "ASIA"), "sessionContext": {"attributes": attributes}}
    return Caller(identity, address, agent or (BROWSER if console else CLI))


def session(role, name, address="203.0.113.80", agent=CLI, **context):
    """A session of a role. What else is given goes into its context or, with other names, into the identity."""
    issuer = {"type": "Role", "principalId": role["RoleId"], "arn": role["Arn"], "accountId": ACCOUNT, "userName": role["RoleName"]}
    of_identity = {name: context.pop(name) for name in ("inScopeOf", "invokedBy", "onBehalfOf") if name in context}
    identity = {
        "type": "AssumedRole",
        "principalId": f"{role['RoleId']}:{name}",
        "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{role['RoleName']}/{name}",
        "accountId": ACCOUNT,
        "accessKeyId": "ASIA" + role["RoleId"][4:20].ljust(16, "0"),
        "sessionContext": {
            "sessionIssuer": issuer,
            "attributes": {"creationDate": "2026-11-17T07:58:11Z", "mfaAuthenticated": "false"},
        }
        | context,
    }
    return Caller(identity | of_identity, address, agent)


def pipeline(role, run, repository):
    """A job of GitHub Actions, by OpenID Connect."""
    data = {
        "federatedProvider": f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com",
        "attributes": {"sub": f"repo:acme/{repository}:ref:refs/heads/main", "aud": "sts.amazonaws.com"},
    }
    return session(role, f"GitHubActions-{run}", "20.55.14.201", TERRAFORM, webIdFederationData=data)


def pod(role, name, provider):
    """A workload in Amazon EKS, by OpenID Connect."""
    data = {"federatedProvider": provider, "attributes": {}}
    agent = "aws-sdk-go-v2/1.36.3 ua/2.1 os/linux lang/go#1.24.1 md/GOOS#linux md/GOARCH#arm64 api/iam#1.41.1 m/E"
    return session(role, name, "198.51.100.14", agent, webIdFederationData=data)


def workforce(role, person, address, agent=BROWSER):
    """A person of IAM Identity Center."""
    behalf = {
        "userId": f"93b43812-{abs(hash_of(person)) % 10**4:04}-70d1-9c1e-2f1f3f6a5b7d",
        "identityStoreArn": f"arn:aws:identitystore::{ACCOUNT}:identitystore/d-9367a1b2c3",
    }
    return session(role, person, address, agent, onBehalfOf=behalf)


def hash_of(text):
    """A number that is the same in every run."""
    return int.from_bytes(text.encode()[-4:], "big")


def service(name):
    """An AWS service that acts for itself."""
    return Caller({"type": "AWSService", "invokedBy": name}, name, name)


def linked(role, name):
    """An AWS service that acts through its service-linked role."""
    service_name = role["Path"].strip("/").split("/")[-1]
    return replace(session(role, name, invokedBy=service_name), address=service_name, agent=service_name)


def instance(role, id, address="10.0.3.117"):
    """An EC2 instance, or whoever has its credentials."""
    scope = {"issuerType": "AWS::EC2::Instance", "credentialsIssuedTo": f"arn:aws:ec2:{REGION}:{ACCOUNT}:instance/{id}"}
    return session(role, id, address, CLI, ec2RoleDelivery="2.0", inScopeOf=scope)


# --- records --------------------------------------------------------------------------------------------------


def lowered(name):
    return name[:1].lower() + name[1:]


def written(value):
    """A request or an answer of boto3 as CloudTrail writes it."""
    if isinstance(value, dict):
        return {
            lowered(name): quote(json.dumps(part), safe="") if isinstance(part, dict) and name.endswith("Document") else written(part)
            for name, part in value.items()
            if lowered(name) not in SECRETS
        }
    if isinstance(value, list):
        return [written(part) for part in value]
    if isinstance(value, datetime):
        return value.strftime("%b %-d, %Y, %-I:%M:%S\u202f%p")
    if isinstance(value, bytes):
        return None
    return value


@dataclass
class Call:
    """One call: `make` changes the account as AWS does. A call that fails in moto fails in the record, too."""

    caller: Caller
    service: str
    name: str
    request: dict | None
    #: Makes the call, and returns the answer; None if moto need not know.
    make: object = None
    response: dict | None = None
    #: A failure that moto does not make by itself: the code, and the message.
    failure: tuple | None = None
    region: str = REGION
    changes: dict = field(default_factory=dict)
    kind: str = "API Call"

    def event(self, at, number):
        """Makes the call, and returns the event that EventBridge hands over."""
        request, response, failure = copy.deepcopy(self.request), self.response, self.failure
        if self.make and not failure:
            try:
                answer = self.make()
                made = written({name: part for name, part in (answer or {}).items() if name != "ResponseMetadata"})
                response = made or response
            except ClientError as error:
                code = error.response["Error"]["Code"]
                failure = code, error.response["Error"]["Message"]
        errors = {}
        if failure:
            code, message = failure
            errors = {"errorCode": f"{code}Exception" if code in WITH_SUFFIX else code, "errorMessage": message}
            response = None
            if code == "AccessDenied":
                request = None
        # What is in a request is known before it is made: names of what it makes are in the answer.
        time = at.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        record = {
            "eventVersion": "1.11",
            "userIdentity": self.caller.identity,
            "eventTime": time,
            "eventSource": f"{self.service}.amazonaws.com",
            "eventName": self.name,
            "awsRegion": self.region,
            "sourceIPAddress": self.caller.address,
            "userAgent": self.caller.agent,
            **errors,
            "requestParameters": request,
            "responseElements": response,
            "requestID": f"{number:08x}-6c1e-4b9f-9d0a-0c1f4a526c1e",
            "eventID": f"{number:08x}-0000-4000-8000-5b7c00000000",
            "readOnly": False,
            "eventType": "AwsApiCall",
            "managementEvent": True,
            "recipientAccountId": ACCOUNT,
            "eventCategory": "Management",
        }
        if not re.search(r"amazonaws\.com$", self.caller.address):
            host = f"{self.service}.amazonaws.com"
            record["tlsDetails"] = {"tlsVersion": "TLSv1.3", "cipherSuite": "TLS_AES_128_GCM_SHA256", "clientProvidedHostHeader": host}
        return {
            "version": "0",
            "id": f"{number:08x}-15f3-1615-79d7-73e952b4e56d",
            "detail-type": f"AWS {self.kind} via CloudTrail",
            "source": f"aws.{self.service}",
            "account": ACCOUNT,
            "time": time,
            "region": self.region,
            "resources": [],
            "detail": record | self.changes,
        }


def denied(caller, action, resource):
    """What AWS writes of a call that was denied: the target stands in the message only."""
    why = "because no identity-based policy allows the " + action + " action"
    return "AccessDenied", f"User: {caller.arn} is not authorized to perform: {action} on resource: {resource} {why}"
