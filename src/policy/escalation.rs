//! The table of escalation paths: sets of actions that together lead to more access than the policies grant.
//!
//! Only a table: [`access`](super::access) compares policies with it. The ids are those of
//! <https://pathfinding.cloud>; ids that start with `own-` are paths that are listed elsewhere (AWS documentation,
//! cloudsplaining, `HackTricks`) and have no id there. Each set is minimal: a set that contains another set is not
//! listed, because the smaller set is found wherever the larger one is.
//!
//! A recipe for a new path:
//! 1. Find the smallest set of actions that is enough, and the [`Means`] by which it works.
//! 2. Add a row with a new id. docs/judgement.md lists the table: run its test to see the new line.
//! 3. Add a case that opens the path to `tests/access/paths.json`.

/// The type of an IAM resource, as in an ARN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ResourceType {
    User,
    Role,
    Group,
    Policy,
}

impl ResourceType {
    pub(super) const ALL: [Self; 4] = [Self::User, Self::Role, Self::Group, Self::Policy];

    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Role => "role",
            Self::Group => "group",
            Self::Policy => "policy",
        }
    }

    /// The action that tags an entity of this type, if IAM has one.
    pub(super) const fn tagging(self) -> Option<&'static str> {
        match self {
            Self::User => Some("iam:TagUser"),
            Self::Role => Some("iam:TagRole"),
            Self::Policy => Some("iam:TagPolicy"),
            Self::Group => None,
        }
    }
}

/// A path to more access. All its actions are required together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EscalationPath {
    /// The id in <https://pathfinding.cloud>, or `own-` and a name for a path that is not listed there.
    pub id: &'static str,
    /// Without `iam:PassRole` if the means is [`Means::PassRole`].
    pub actions: &'static [&'static str],
    pub means: Means,
    /// What the path leads to, as the end of a sentence: "runs code with any role that Lambda can assume".
    pub leads_to: &'static str,
}

/// How a path works, and on which resources its actions must be allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Means {
    /// Writes or attaches policies: of the identity itself, or of any identity of this type.
    Grant(ResourceType),
    /// Writes or attaches policies of another identity, and acts as this identity. All actions are on the same one.
    GrantAndUse(ResourceType),
    /// Acts as another identity of this type, or joins a group. All actions are on the same one. If a policy names the
    /// identity, it must have more access.
    TakeOver(ResourceType),
    /// Calls `sts:AssumeRole` on a role that has more access.
    AssumeRole,
    /// Passes a role to one of these service principals, which then runs code or calls with the role. The other
    /// actions create or start something of this service.
    PassRole(&'static [&'static str]),
    /// Acts through an existing resource that already has a role.
    ExistingResource,
    /// Changes who has which access by IAM Identity Center, by an identity provider, or in member accounts.
    Elsewhere,
}

impl Means {
    /// Whether the path changes IAM itself.
    #[must_use]
    pub const fn is_iam(self) -> bool {
        matches!(self, Self::Grant(_) | Self::GrantAndUse(_) | Self::TakeOver(_))
    }
}

impl EscalationPath {
    /// All actions, with `iam:PassRole` first if the path needs it.
    pub fn all_actions(&self) -> impl Iterator<Item = &'static str> {
        let pass = matches!(self.means, Means::PassRole(_)).then_some(PASS_ROLE);
        pass.into_iter().chain(self.actions.iter().copied())
    }
}

pub(super) const PASS_ROLE: &str = "iam:PassRole";

use ResourceType::{Group, Policy, Role, User};

const fn path(
    id: &'static str,
    actions: &'static [&'static str],
    means: Means,
    leads_to: &'static str,
) -> EscalationPath {
    EscalationPath { id, actions, means, leads_to }
}

const fn grant(id: &'static str, actions: &'static [&'static str], kind: ResourceType) -> EscalationPath {
    let leads_to = match kind {
        User => "gives any policy to users",
        Role => "gives any policy to roles",
        Group => "gives any policy to the members of groups",
        Policy => "rewrites policies that are attached",
    };
    path(id, actions, Means::Grant(kind), leads_to)
}

const fn grant_and_use(id: &'static str, actions: &'static [&'static str], kind: ResourceType) -> EscalationPath {
    let leads_to = match kind {
        User => "gives any policy to another user and signs in as this user",
        Role | Policy => "gives any policy to another role and assumes the role",
        Group => "gives any policy to a group and joins the group",
    };
    path(id, actions, Means::GrantAndUse(kind), leads_to)
}

const fn existing(id: &'static str, actions: &'static [&'static str], leads_to: &'static str) -> EscalationPath {
    path(id, actions, Means::ExistingResource, leads_to)
}

const fn elsewhere(id: &'static str, actions: &'static [&'static str], leads_to: &'static str) -> EscalationPath {
    path(id, actions, Means::Elsewhere, leads_to)
}

/// Rows for one service: the service principals to which the role is passed, and what they do with the role.
macro_rules! passing {
    ($services:expr, $leads_to:literal: $($id:literal [$($action:literal),+];)+) => {
        [$(path($id, &[$($action),+], Means::PassRole(&$services), $leads_to)),+]
    };
}

/// Paths through IAM's own calls.
const IAM: [EscalationPath; 25] = [
    grant("iam-008", &["iam:AttachUserPolicy"], User),
    grant("iam-007", &["iam:PutUserPolicy"], User),
    grant("iam-009", &["iam:AttachRolePolicy"], Role),
    grant("iam-005", &["iam:PutRolePolicy"], Role),
    grant("iam-010", &["iam:AttachGroupPolicy"], Group),
    grant("iam-011", &["iam:PutGroupPolicy"], Group),
    grant("iam-001", &["iam:CreatePolicyVersion"], Policy),
    grant("own-SetDefaultPolicyVersion", &["iam:SetDefaultPolicyVersion"], Policy),
    path("iam-013", &["iam:AddUserToGroup"], Means::TakeOver(Group), "joins a group that has more access"),
    path("iam-012", &["iam:UpdateAssumeRolePolicy"], Means::TakeOver(Role), "lets itself assume roles"),
    path("iam-002", &["iam:CreateAccessKey"], Means::TakeOver(User), "creates access keys of other users"),
    path("iam-004", &["iam:CreateLoginProfile"], Means::TakeOver(User), "creates passwords of other users"),
    path("iam-006", &["iam:UpdateLoginProfile"], Means::TakeOver(User), "changes passwords of other users"),
    grant_and_use("iam-014", &["iam:AttachRolePolicy", "sts:AssumeRole"], Role),
    grant_and_use("iam-017", &["iam:PutRolePolicy", "sts:AssumeRole"], Role),
    grant_and_use("iam-019", &["iam:AttachRolePolicy", "iam:UpdateAssumeRolePolicy"], Role),
    grant_and_use("iam-021", &["iam:PutRolePolicy", "iam:UpdateAssumeRolePolicy"], Role),
    grant_and_use("iam-015", &["iam:AttachUserPolicy", "iam:CreateAccessKey"], User),
    grant_and_use("iam-018", &["iam:PutUserPolicy", "iam:CreateAccessKey"], User),
    grant_and_use("own-AttachUserPolicy-LoginProfile", &["iam:AttachUserPolicy", "iam:CreateLoginProfile"], User),
    grant_and_use("own-PutUserPolicy-LoginProfile", &["iam:PutUserPolicy", "iam:CreateLoginProfile"], User),
    grant_and_use("own-AttachUserPolicy-Password", &["iam:AttachUserPolicy", "iam:UpdateLoginProfile"], User),
    grant_and_use("own-PutUserPolicy-Password", &["iam:PutUserPolicy", "iam:UpdateLoginProfile"], User),
    grant_and_use("own-AttachGroupPolicy-AddUser", &["iam:AttachGroupPolicy", "iam:AddUserToGroup"], Group),
    grant_and_use("own-PutGroupPolicy-AddUser", &["iam:PutGroupPolicy", "iam:AddUserToGroup"], Group),
];

const ASSUMING: [EscalationPath; 1] =
    [path("sts-001", &["sts:AssumeRole"], Means::AssumeRole, "assumes roles that trust this account")];

const ELSEWHERE: [EscalationPath; 16] = [
    elsewhere("own-UpdateSAMLProvider", &["iam:UpdateSAMLProvider"], "signs in as any user of a SAML provider"),
    elsewhere(
        "own-OIDCProviderThumbprint",
        &["iam:UpdateOpenIDConnectProviderThumbprint"],
        "changes whose certificates an OIDC provider accepts",
    ),
    elsewhere(
        "own-OIDCProviderClient",
        &["iam:AddClientIDToOpenIDConnectProvider"],
        "lets another application use the roles of an OIDC provider",
    ),
    elsewhere("own-AssumeRoot", &["sts:AssumeRoot"], "acts as the root user of member accounts"),
    elsewhere(
        "own-PermissionSet-AttachPolicy",
        &["sso:AttachManagedPolicyToPermissionSet"],
        "widens a permission set of IAM Identity Center",
    ),
    elsewhere(
        "own-PermissionSet-InlinePolicy",
        &["sso:PutInlinePolicyToPermissionSet"],
        "widens a permission set of IAM Identity Center",
    ),
    elsewhere(
        "own-PermissionSet-CustomerPolicy",
        &["sso:AttachCustomerManagedPolicyReferenceToPermissionSet"],
        "widens a permission set of IAM Identity Center",
    ),
    elsewhere(
        "own-PermissionSet-Boundary",
        &["sso:DeletePermissionsBoundaryFromPermissionSet", "sso:ProvisionPermissionSet"],
        "removes the boundary of a permission set of IAM Identity Center",
    ),
    elsewhere(
        "own-AccountAssignment",
        &["sso:CreateAccountAssignment"],
        "assigns permission sets of IAM Identity Center",
    ),
    elsewhere("own-GroupMembership", &["identitystore:CreateGroupMembership"], "joins groups of IAM Identity Center"),
    elsewhere("own-DirectoryMember", &["sso-directory:AddMemberToGroup"], "joins groups of IAM Identity Center"),
    elsewhere(
        "own-DirectoryPassword",
        &["sso-directory:UpdatePassword"],
        "changes passwords of users of IAM Identity Center",
    ),
    elsewhere(
        "own-DirectoryIdentityProvider",
        &["sso-directory:UpdateExternalIdPConfigurationForDirectory"],
        "signs in as any user of IAM Identity Center",
    ),
    elsewhere(
        "own-DirectoryCertificate",
        &["sso-directory:ImportExternalIdPCertificate"],
        "signs in as any user of IAM Identity Center",
    ),
    elsewhere(
        "own-TrustAnchor",
        &["rolesanywhere:CreateTrustAnchor"],
        "issues certificates for the roles of IAM Roles Anywhere",
    ),
    elsewhere(
        "own-UpdateTrustAnchor",
        &["rolesanywhere:UpdateTrustAnchor"],
        "issues certificates for the roles of IAM Roles Anywhere",
    ),
];

const EC2: [EscalationPath; 12] = passing!(["ec2.amazonaws.com"], "runs instances with any role that EC2 can assume":
    "ec2-001" ["ec2:RunInstances"];
    "ec2-003" ["ec2:RequestSpotInstances"];
    "own-RequestSpotFleet" ["ec2:RequestSpotFleet"];
    "own-CreateFleet" ["ec2:CreateFleet"];
    "own-AssociateInstanceProfile" ["ec2:AssociateIamInstanceProfile"];
    "own-ReplaceInstanceProfile" ["ec2:ReplaceIamInstanceProfileAssociation"];
    "own-AddRoleToInstanceProfile" ["iam:AddRoleToInstanceProfile"];
    "own-LaunchConfiguration-CreateGroup"
        ["autoscaling:CreateLaunchConfiguration", "autoscaling:CreateAutoScalingGroup"];
    "own-LaunchConfiguration-UpdateGroup"
        ["autoscaling:CreateLaunchConfiguration", "autoscaling:UpdateAutoScalingGroup"];
    "own-LaunchTemplate-CreateGroup" ["ec2:CreateLaunchTemplate", "autoscaling:CreateAutoScalingGroup"];
    "own-LaunchTemplate-UpdateGroup" ["ec2:CreateLaunchTemplate", "autoscaling:UpdateAutoScalingGroup"];
    "own-ImageBuilder" ["imagebuilder:CreateInfrastructureConfiguration", "imagebuilder:CreateImage"];
);

const LAMBDA: [EscalationPath; 7] = passing!(["lambda.amazonaws.com"], "runs code with any role that Lambda can assume":
    "lambda-001" ["lambda:CreateFunction", "lambda:InvokeFunction"];
    "lambda-002" ["lambda:CreateFunction", "lambda:CreateEventSourceMapping"];
    "lambda-006" ["lambda:CreateFunction", "lambda:AddPermission"];
    "own-FunctionUrl" ["lambda:CreateFunction", "lambda:CreateFunctionUrlConfig", "lambda:InvokeFunctionUrl"];
    "own-InvokeAsync" ["lambda:CreateFunction", "lambda:InvokeAsync"];
    "own-FunctionSchedule" ["lambda:CreateFunction", "scheduler:CreateSchedule"];
    "own-FunctionConfiguration" ["lambda:UpdateFunctionConfiguration", "lambda:InvokeFunction"];
);

const ECS: [EscalationPath; 7] = passing!(["ecs-tasks.amazonaws.com"], "runs containers with any role that ECS tasks can assume":
    "ecs-008" ["ecs:RunTask"];
    "ecs-009" ["ecs:StartTask"];
    "ecs-003" ["ecs:RegisterTaskDefinition", "ecs:CreateService"];
    "own-UpdateService" ["ecs:RegisterTaskDefinition", "ecs:UpdateService"];
    "own-CreateTaskSet" ["ecs:RegisterTaskDefinition", "ecs:CreateTaskSet"];
    "batch-001" ["batch:RegisterJobDefinition", "batch:SubmitJob"];
    "own-ScheduledTask" ["ecs:RegisterTaskDefinition", "events:PutTargets"];
);

const CLOUDFORMATION: [EscalationPath; 5] = passing!(["cloudformation.amazonaws.com"], "creates anything with any role that CloudFormation can assume":
    "cloudformation-001" ["cloudformation:CreateStack"];
    "cloudformation-003" ["cloudformation:CreateStackSet", "cloudformation:CreateStackInstances"];
    "cloudformation-004" ["cloudformation:UpdateStackSet"];
    "own-PassRole-UpdateStack" ["cloudformation:UpdateStack"];
    "own-PassRole-ChangeSet" ["cloudformation:CreateChangeSet", "cloudformation:ExecuteChangeSet"];
);

const GLUE: [EscalationPath; 6] = passing!(["glue.amazonaws.com"], "runs code with any role that Glue can assume":
    "glue-001" ["glue:CreateDevEndpoint"];
    "glue-003" ["glue:CreateJob", "glue:StartJobRun"];
    "glue-004" ["glue:CreateJob", "glue:CreateTrigger"];
    "glue-005" ["glue:UpdateJob", "glue:StartJobRun"];
    "glue-006" ["glue:UpdateJob", "glue:CreateTrigger"];
    "glue-007" ["glue:CreateSession", "glue:RunStatement"];
);

const CODEBUILD: [EscalationPath; 4] = passing!(["codebuild.amazonaws.com"], "runs builds with any role that CodeBuild can assume":
    "codebuild-001" ["codebuild:CreateProject", "codebuild:StartBuild"];
    "codebuild-004" ["codebuild:CreateProject", "codebuild:StartBuildBatch"];
    "own-PassRole-UpdateProject" ["codebuild:UpdateProject", "codebuild:StartBuild"];
    "own-PassRole-UpdateProject-Batch" ["codebuild:UpdateProject", "codebuild:StartBuildBatch"];
);

const SAGEMAKER: [EscalationPath; 11] = passing!(["sagemaker.amazonaws.com"], "runs code with any role that SageMaker can assume":
    "sagemaker-001" ["sagemaker:CreateNotebookInstance"];
    "sagemaker-002" ["sagemaker:CreateTrainingJob"];
    "sagemaker-003" ["sagemaker:CreateProcessingJob"];
    "own-HyperParameterTuningJob" ["sagemaker:CreateHyperParameterTuningJob"];
    "own-AutoMLJob" ["sagemaker:CreateAutoMLJobV2"];
    "own-SageMakerModel-Endpoint" ["sagemaker:CreateModel", "sagemaker:CreateEndpoint"];
    "own-SageMakerModel-Transform" ["sagemaker:CreateModel", "sagemaker:CreateTransformJob"];
    "own-SageMakerPipeline" ["sagemaker:CreatePipeline", "sagemaker:StartPipelineExecution"];
    "own-SageMakerUserProfile" ["sagemaker:CreateUserProfile", "sagemaker:CreatePresignedDomainUrl"];
    "own-SageMakerDomain" ["sagemaker:UpdateDomain", "sagemaker:CreatePresignedDomainUrl"];
    "own-SageMakerUpdateNotebook" ["sagemaker:UpdateNotebookInstance", "sagemaker:StartNotebookInstance"];
);

const AGENTCORE: [EscalationPath; 5] = passing!(["bedrock-agentcore.amazonaws.com"], "runs code with any role that Bedrock AgentCore can assume":
    "bedrock-001" ["bedrock-agentcore:CreateCodeInterpreter", "bedrock-agentcore:InvokeCodeInterpreter"];
    "bedrock-003" ["bedrock-agentcore:CreateAgentRuntime", "bedrock-agentcore:InvokeAgentRuntime"];
    "own-AgentRuntimeEndpoint" ["bedrock-agentcore:CreateAgentRuntime", "bedrock-agentcore:CreateAgentRuntimeEndpoint"];
    "bedrock-005" ["bedrock-agentcore:CreateAgentRuntime", "bedrock-agentcore:InvokeAgentRuntimeCommand"];
    "bedrock-006" ["bedrock-agentcore:CreateBrowser", "bedrock-agentcore:StartBrowserSession"];
);

const SSM: [EscalationPath; 2] = passing!(["ssm.amazonaws.com"], "acts with any role that Systems Manager can assume":
    "ssm-003" ["ssm:StartAutomationExecution"];
    "own-CreateActivation" ["ssm:CreateActivation"];
);

const STATES: [EscalationPath; 4] = passing!(["states.amazonaws.com"], "calls AWS with any role that Step Functions can assume":
    "own-PassRole-CreateStateMachine" ["states:CreateStateMachine", "states:StartExecution"];
    "own-PassRole-SyncExecution" ["states:CreateStateMachine", "states:StartSyncExecution"];
    "own-PassRole-UpdateStateMachine" ["states:UpdateStateMachine"];
    "own-TestState" ["states:TestState"];
);

const SCHEDULER: [EscalationPath; 2] = passing!(["scheduler.amazonaws.com"], "calls AWS with any role that EventBridge Scheduler can assume":
    "own-CreateSchedule" ["scheduler:CreateSchedule"];
    "own-UpdateSchedule" ["scheduler:UpdateSchedule"];
);

const EMR: [EscalationPath; 3] = passing!(
    ["elasticmapreduce.amazonaws.com", "ec2.amazonaws.com", "emr-serverless.amazonaws.com"],
    "runs code with any role that EMR can use":
    "emr-001" ["elasticmapreduce:RunJobFlow"];
    "own-EMRServerlessJob" ["emr-serverless:StartJobRun"];
    "own-EMRWorkspace" ["elasticmapreduce:CreateEditor", "elasticmapreduce:StartEditor"];
);

const APPRUNNER: [EscalationPath; 1] = passing!(
    ["tasks.apprunner.amazonaws.com", "build.apprunner.amazonaws.com"],
    "runs containers with any role that App Runner can assume":
    "apprunner-001" ["apprunner:CreateService"];
);

const PIPELINES: [EscalationPath; 3] = passing!(["codepipeline.amazonaws.com", "codebuild.amazonaws.com"], "runs builds and deployments with any role that CodePipeline can assume":
    "own-CodePipeline" ["codepipeline:CreatePipeline", "codepipeline:StartPipelineExecution"];
    "own-CodePipeline-Project" ["codepipeline:CreatePipeline", "codebuild:CreateProject"];
    "own-UpdatePipeline" ["codepipeline:UpdatePipeline", "codepipeline:StartPipelineExecution"];
);

/// Services with one or two paths.
const OTHER_SERVICES: [EscalationPath; 21] = [
    path(
        "datapipeline-001",
        &["datapipeline:CreatePipeline", "datapipeline:PutPipelineDefinition", "datapipeline:ActivatePipeline"],
        Means::PassRole(&["datapipeline.amazonaws.com", "elasticmapreduce.amazonaws.com", "ec2.amazonaws.com"]),
        "runs commands with any role that Data Pipeline can assume",
    ),
    path(
        "batch-003",
        &["batch:CreateComputeEnvironment", "batch:SubmitJob"],
        Means::PassRole(&["batch.amazonaws.com", "ec2.amazonaws.com", "ecs-tasks.amazonaws.com"]),
        "runs containers with any role that Batch can use",
    ),
    path(
        "braket-001",
        &["braket:CreateJob"],
        Means::PassRole(&["braket.amazonaws.com"]),
        "runs code with any role that Braket can assume",
    ),
    path(
        "cognitoidentity-001",
        &["cognito-identity:SetIdentityPoolRoles"],
        Means::PassRole(&["cognito-identity.amazonaws.com"]),
        "gives any role that trusts Cognito to an identity pool's users",
    ),
    path(
        "own-Canary",
        &["synthetics:CreateCanary", "synthetics:StartCanary"],
        Means::PassRole(&["lambda.amazonaws.com"]),
        "runs code with any role that Lambda can assume",
    ),
    path(
        "own-ElasticBeanstalk",
        &["elasticbeanstalk:CreateEnvironment"],
        Means::PassRole(&["elasticbeanstalk.amazonaws.com", "ec2.amazonaws.com"]),
        "runs instances with any role that Elastic Beanstalk can use",
    ),
    path(
        "own-ElasticBeanstalk-Update",
        &["elasticbeanstalk:UpdateEnvironment"],
        Means::PassRole(&["elasticbeanstalk.amazonaws.com", "ec2.amazonaws.com"]),
        "runs instances with any role that Elastic Beanstalk can use",
    ),
    path(
        "own-PodIdentity",
        &["eks:CreatePodIdentityAssociation"],
        Means::PassRole(&["pods.eks.amazonaws.com"]),
        "gives any role that trusts EKS Pod Identity to pods",
    ),
    path(
        "own-EKSNodegroup",
        &["eks:CreateNodegroup"],
        Means::PassRole(&["ec2.amazonaws.com"]),
        "runs nodes with any role that EC2 can assume",
    ),
    path(
        "own-FlinkApplication",
        &["kinesisanalytics:CreateApplication", "kinesisanalytics:StartApplication"],
        Means::PassRole(&["kinesisanalytics.amazonaws.com"]),
        "runs code with any role that Managed Service for Apache Flink can assume",
    ),
    path(
        "own-OmicsRun",
        &["omics:StartRun"],
        Means::PassRole(&["omics.amazonaws.com"]),
        "runs containers with any role that HealthOmics can assume",
    ),
    path(
        "own-Airflow",
        &["airflow:CreateEnvironment"],
        Means::PassRole(&["airflow.amazonaws.com", "airflow-env.amazonaws.com"]),
        "runs code with any role that Managed Airflow can assume",
    ),
    path(
        "own-Amplify",
        &["amplify:CreateApp", "amplify:StartJob"],
        Means::PassRole(&["amplify.amazonaws.com"]),
        "runs builds with any role that Amplify can assume",
    ),
    path(
        "own-GameLiftFleet",
        &["gamelift:CreateFleet"],
        Means::PassRole(&["gamelift.amazonaws.com"]),
        "runs code with any role that GameLift can assume",
    ),
    path(
        "own-RolesAnywhereProfile",
        &["rolesanywhere:CreateProfile"],
        Means::PassRole(&["rolesanywhere.amazonaws.com"]),
        "assumes any role that trusts IAM Roles Anywhere",
    ),
    path(
        "own-IoTRoleAlias",
        &["iot:CreateRoleAlias"],
        Means::PassRole(&["credentials.iot.amazonaws.com"]),
        "assumes any role that trusts the credential provider of AWS IoT",
    ),
    path(
        "own-MaintenanceWindowTask",
        &["ssm:RegisterTaskWithMaintenanceWindow"],
        Means::PassRole(&["ssm.amazonaws.com"]),
        "runs commands with any role that Systems Manager can assume",
    ),
    path(
        "own-CodeStar",
        &["codestar:CreateProject"],
        Means::PassRole(&["codestar.amazonaws.com", "cloudformation.amazonaws.com"]),
        "creates a project with any role that CodeStar can assume",
    ),
    path(
        "own-DeploymentGroup",
        &["codedeploy:CreateDeploymentGroup", "codedeploy:CreateDeployment"],
        Means::PassRole(&["codedeploy.amazonaws.com"]),
        "deploys code with any role that CodeDeploy can assume",
    ),
    path(
        "own-EventPipe",
        &["pipes:CreatePipe"],
        Means::PassRole(&["pipes.amazonaws.com"]),
        "calls targets with any role that EventBridge Pipes can assume",
    ),
    path(
        "own-RobotSimulation",
        &["robomaker:CreateSimulationJob"],
        Means::PassRole(&["robomaker.amazonaws.com"]),
        "runs code with any role that RoboMaker can assume",
    ),
];

/// Paths through existing resources that already have a role.
const EXISTING: [EscalationPath; 46] = [
    existing("ssm-001", &["ssm:StartSession"], "opens a shell on instances, with their roles"),
    existing("ssm-002", &["ssm:SendCommand"], "runs commands on instances, with their roles"),
    existing("own-ResumeSession", &["ssm:ResumeSession"], "continues a session on instances, with their roles"),
    existing("own-CreateAssociation", &["ssm:CreateAssociation"], "runs commands on instances, with their roles"),
    existing("own-UpdateAssociation", &["ssm:UpdateAssociation"], "runs commands on instances, with their roles"),
    existing(
        "own-UpdateDocument",
        &["ssm:UpdateDocument", "ssm:UpdateDocumentDefaultVersion"],
        "changes what runs on instances, with their roles",
    ),
    existing(
        "own-MaintenanceWindow",
        &["ssm:RegisterTaskWithMaintenanceWindow", "ssm:RegisterTargetWithMaintenanceWindow"],
        "runs commands on instances, with their roles",
    ),
    existing(
        "ec2instanceconnect-003",
        &["ec2-instance-connect:SendSSHPublicKey"],
        "signs in to instances, with their roles",
    ),
    existing(
        "own-SerialConsole",
        &["ec2-instance-connect:SendSerialConsoleSSHPublicKey"],
        "signs in to instances, with their roles",
    ),
    existing(
        "ec2-002",
        &["ec2:ModifyInstanceAttribute", "ec2:StopInstances", "ec2:StartInstances"],
        "changes what instances run, with their roles",
    ),
    existing(
        "ec2-004",
        &["ec2:CreateLaunchTemplateVersion", "ec2:ModifyLaunchTemplate"],
        "changes what new instances run, with their roles",
    ),
    existing(
        "own-CreateAutoScalingGroup",
        &["autoscaling:CreateAutoScalingGroup"],
        "runs instances of an existing launch template, with its role",
    ),
    existing("lambda-003", &["lambda:UpdateFunctionCode"], "replaces the code of functions, with their roles"),
    existing(
        "own-UpdateFunctionConfiguration",
        &["lambda:UpdateFunctionConfiguration"],
        "adds code to functions by a layer, with their roles",
    ),
    existing("cloudformation-002", &["cloudformation:UpdateStack"], "changes stacks, with their roles"),
    existing(
        "cloudformation-005",
        &["cloudformation:CreateChangeSet", "cloudformation:ExecuteChangeSet"],
        "changes stacks, with their roles",
    ),
    existing("own-UpdateStackSet", &["cloudformation:UpdateStackSet"], "changes stack sets, with their roles"),
    existing("codebuild-002", &["codebuild:StartBuild"], "runs own commands in builds, with their roles"),
    existing("codebuild-003", &["codebuild:StartBuildBatch"], "runs own commands in builds, with their roles"),
    existing(
        "own-RetryBuild",
        &["codebuild:UpdateProject", "codebuild:RetryBuild"],
        "changes builds, with their roles",
    ),
    existing("apprunner-002", &["apprunner:UpdateService"], "changes what services run, with their roles"),
    existing(
        "bedrock-002",
        &["bedrock-agentcore:StartCodeInterpreterSession", "bedrock-agentcore:InvokeCodeInterpreter"],
        "runs code in code interpreters, with their roles",
    ),
    existing(
        "bedrock-004",
        &["bedrock-agentcore:InvokeAgentRuntimeCommand"],
        "runs commands in agent runtimes, with their roles",
    ),
    existing(
        "bedrock-007",
        &["bedrock-agentcore:StartBrowserSession", "bedrock-agentcore:ConnectBrowserAutomationStream"],
        "controls browsers, with their roles",
    ),
    existing(
        "own-UpdateAgentRuntime",
        &["bedrock-agentcore:UpdateAgentRuntime"],
        "changes what agent runtimes run, with their roles",
    ),
    existing("batch-002", &["batch:SubmitJob"], "runs own commands in jobs, with their roles"),
    existing(
        "codedeploy-001",
        &["codedeploy:CreateDeployment", "codedeploy:RegisterApplicationRevision"],
        "deploys code to instances and functions, with their roles",
    ),
    existing("ecs-006", &["ecs:ExecuteCommand"], "runs commands in containers, with their roles"),
    existing("glue-002", &["glue:UpdateDevEndpoint"], "signs in to development endpoints, with their roles"),
    existing("own-UpdateGlueJob", &["glue:UpdateJob"], "replaces the code of Glue jobs, with their roles"),
    existing(
        "own-RunGlueStatement",
        &["glue:RunStatement", "glue:GetSession"],
        "runs code in Glue sessions, with their roles",
    ),
    existing("sagemaker-004", &["sagemaker:CreatePresignedNotebookInstanceUrl"], "opens notebooks, with their roles"),
    existing(
        "own-PresignedDomainUrl",
        &["sagemaker:CreatePresignedDomainUrl"],
        "opens SageMaker Studio, with its role",
    ),
    existing(
        "sagemaker-005",
        &["sagemaker:CreateNotebookInstanceLifecycleConfig", "sagemaker:UpdateNotebookInstance"],
        "runs a script in notebooks, with their roles",
    ),
    existing(
        "own-NotebookLifecycle",
        &["sagemaker:UpdateNotebookInstanceLifecycleConfig", "sagemaker:StartNotebookInstance"],
        "runs a script in notebooks, with their roles",
    ),
    existing("own-UpdateStateMachine", &["states:UpdateStateMachine"], "changes state machines, with their roles"),
    existing(
        "own-AddJobFlowSteps",
        &["elasticmapreduce:AddJobFlowSteps"],
        "runs code in EMR clusters, with their roles",
    ),
    existing("own-OpenEditor", &["elasticmapreduce:OpenEditorInConsole"], "opens EMR notebooks, with their roles"),
    existing("own-EMRStudio", &["elasticmapreduce:CreateStudioPresignedUrl"], "opens EMR Studio, with its role"),
    existing("own-EMRContainersJob", &["emr-containers:StartJobRun"], "runs jobs on EKS, with their roles"),
    existing(
        "own-EKSAccessEntry",
        &["eks:CreateAccessEntry", "eks:AssociateAccessPolicy"],
        "becomes administrator of a cluster, with the roles of its pods",
    ),
    existing("own-UpdateCanary", &["synthetics:UpdateCanary"], "replaces the code of canaries, with their roles"),
    existing(
        "own-PutPipelineDefinition",
        &["datapipeline:PutPipelineDefinition", "datapipeline:ActivatePipeline"],
        "runs commands in data pipelines, with their roles",
    ),
    existing("own-AirflowToken", &["airflow:CreateWebLoginToken"], "signs in to Managed Airflow, with its role"),
    existing("own-AirflowCli", &["airflow:CreateCliToken"], "runs commands in Managed Airflow, with its role"),
    existing(
        "own-GreengrassDeployment",
        &["greengrass:CreateDeployment"],
        "runs code on Greengrass devices, with their roles",
    ),
];

const TABLES: [&[EscalationPath]; 18] = [
    &IAM,
    &ASSUMING,
    &EC2,
    &LAMBDA,
    &ECS,
    &CLOUDFORMATION,
    &CODEBUILD,
    &GLUE,
    &SAGEMAKER,
    &SSM,
    &STATES,
    &SCHEDULER,
    &AGENTCORE,
    &EMR,
    &APPRUNNER,
    &PIPELINES,
    &OTHER_SERVICES,
    &ELSEWHERE,
];

/// Every path, the widest first: IAM's own calls, roles that can be assumed or passed, other ways, and existing
/// resources.
pub fn escalation_paths() -> impl Iterator<Item = &'static EscalationPath> {
    TABLES.into_iter().flatten().chain(&EXISTING)
}

/// A principal that is allowed all of these actions is an administrator, regardless of other denies. This list is
/// fixed: a new entry would lower the level of a principal that lacks the new action.
pub(super) const ADMINISTRATOR_ACTIONS: [(&str, ResourceType); 13] = [
    ("iam:AttachUserPolicy", User),
    ("iam:PutUserPolicy", User),
    ("iam:AttachRolePolicy", Role),
    ("iam:PutRolePolicy", Role),
    ("iam:AttachGroupPolicy", Group),
    ("iam:PutGroupPolicy", Group),
    ("iam:AddUserToGroup", Group),
    ("iam:UpdateAssumeRolePolicy", Role),
    ("iam:CreatePolicyVersion", Policy),
    ("iam:SetDefaultPolicyVersion", Policy),
    ("iam:CreateAccessKey", User),
    ("iam:CreateLoginProfile", User),
    ("iam:UpdateLoginProfile", User),
];
