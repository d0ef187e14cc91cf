/*
 * The table. `most_outputs` and `most_inputs` of providers whose own page gives no number are 5, CodePipeline's general
 * maximum. A key that is required only together with another (ObjectKey with Extract=false) is not marked: its action
 * says so when it runs.
 */
#include "common/action_types.h"

#include <string.h>

/* clang-format off */
#define REQUIRED(key) {.name = (key), .required = true}
#define OPTIONAL(key) {.name = (key)}
#define SECRET(key) {.name = (key), .required = true, .secret = true}
#define COUNTS(li, mi, lo, mo) \
    .least_inputs = (li), .most_inputs = (mi), .least_outputs = (lo), .most_outputs = (mo)

static const struct action_type types[] = {
    {.provider = "CodeCommit", .category = ACTION_SOURCE, .owner = "AWS", .version = "1", COUNTS(0, 0, 1, 1),
     .worker = ACTION_BY_RUNNER,
     .keys = {REQUIRED("RepositoryName"), REQUIRED("BranchName"), OPTIONAL("PollForSourceChanges"),
              OPTIONAL("OutputArtifactFormat")}},
    {.provider = "CodeStarSourceConnection", .category = ACTION_SOURCE, .owner = "AWS", .version = "1",
     COUNTS(0, 0, 1, 1), .worker = ACTION_BY_RUNNER,
     .keys = {REQUIRED("ConnectionArn"), REQUIRED("FullRepositoryId"), REQUIRED("BranchName"),
              OPTIONAL("OutputArtifactFormat"), OPTIONAL("DetectChanges")}},
    {.provider = "GitHub", .category = ACTION_SOURCE, .owner = "ThirdParty", .version = "1", COUNTS(0, 0, 1, 1),
     .worker = ACTION_BY_RUNNER,
     .keys = {REQUIRED("Owner"), REQUIRED("Repo"), REQUIRED("Branch"), SECRET("OAuthToken"),
              OPTIONAL("PollForSourceChanges")}},
    {.provider = "S3", .category = ACTION_SOURCE, .owner = "AWS", .version = "1", COUNTS(0, 0, 1, 1),
     .worker = ACTION_BY_RUNNER,
     .keys = {REQUIRED("S3Bucket"), REQUIRED("S3ObjectKey"), OPTIONAL("PollForSourceChanges"),
              OPTIONAL("AllowOverrideForS3ObjectKey")}},
    {.provider = "ECR", .category = ACTION_SOURCE, .owner = "AWS", .version = "1", COUNTS(0, 0, 1, 1),
     .worker = ACTION_BY_RUNNER,
     .keys = {REQUIRED("RepositoryName"), OPTIONAL("ImageTag")}},

    {.provider = "CodeBuild", .category = ACTION_BUILD, .owner = "AWS", .version = "1", COUNTS(1, 5, 0, 5),
     .worker = ACTION_BY_RUNNER,
     .keys = {REQUIRED("ProjectName"), OPTIONAL("PrimarySource"), OPTIONAL("BatchEnabled"),
              OPTIONAL("CombineArtifacts"), OPTIONAL("EnvironmentVariables")}},
    {.provider = "CodeBuild", .category = ACTION_TEST, .owner = "AWS", .version = "1", COUNTS(1, 5, 0, 5),
     .worker = ACTION_BY_RUNNER,
     .keys = {REQUIRED("ProjectName"), OPTIONAL("PrimarySource"), OPTIONAL("BatchEnabled"),
              OPTIONAL("CombineArtifacts"), OPTIONAL("EnvironmentVariables")}},
    /* Behind RegistryType, and the output artifact: Penstock's own (common/image_settings.h). */
    {.provider = "ECRBuildAndPublish", .category = ACTION_BUILD, .owner = "AWS", .version = "1", COUNTS(1, 1, 0, 1),
     .worker = ACTION_BY_RUNNER,
     .keys = {REQUIRED("ECRRepositoryName"), OPTIONAL("DockerFilePath"), OPTIONAL("ImageTags"),
              OPTIONAL("RegistryType"), OPTIONAL("BuildArguments"), OPTIONAL("BuildContext"),
              OPTIONAL("BuildSecrets"), OPTIONAL("ContainerName"), OPTIONAL("Platform"),
              OPTIONAL("PullBaseImages"), OPTIONAL("Target")}},
    {.provider = "Commands", .category = ACTION_COMPUTE, .owner = "AWS", .version = "1", COUNTS(1, 10, 0, 1),
     .worker = ACTION_BY_RUNNER,
     .keys = {OPTIONAL("EnvironmentType"), OPTIONAL("ComputeType"), OPTIONAL("VpcId"), OPTIONAL("Subnets"),
              OPTIONAL("SecurityGroupIds")}},

    {.provider = "Manual", .category = ACTION_APPROVAL, .owner = "AWS", .version = "1", COUNTS(0, 0, 0, 0),
     .worker = ACTION_BY_PERSON,
     .keys = {OPTIONAL("NotificationArn"), OPTIONAL("CustomData"), OPTIONAL("ExternalEntityLink")}},

    /* AWS's are the first four; docs/deploying.md says what the others do. */
    {.provider = "ECS", .category = ACTION_DEPLOY, .owner = "AWS", .version = "1", COUNTS(1, 5, 0, 0),
     .worker = ACTION_BY_RUNNER, .target_kind = "ecs", .target_keys = {"ClusterName", "ServiceName"},
     .keys = {REQUIRED("ClusterName"), REQUIRED("ServiceName"), OPTIONAL("FileName"),
              OPTIONAL("DeploymentTimeout"), OPTIONAL("TaskDefinitionTemplateArtifact"),
              OPTIONAL("TaskDefinitionTemplatePath"), OPTIONAL("TaskDefinitionBase"), OPTIONAL("SuccessRule"),
              OPTIONAL("OnCancel"), OPTIONAL("OnStuck"), OPTIONAL("OnStuckSeconds"), OPTIONAL("Preflight"),
              OPTIONAL("HealthGate"), OPTIONAL("TestUrl"), OPTIONAL("ProbeUrl")}},
    {.provider = "CodeDeployToECS", .category = ACTION_DEPLOY, .owner = "AWS", .version = "1", COUNTS(1, 5, 0, 0),
     .worker = ACTION_BY_RUNNER, .target_kind = "codedeploy",
     .target_keys = {"ApplicationName", "DeploymentGroupName"},
     .keys = {REQUIRED("ApplicationName"), REQUIRED("DeploymentGroupName"),
              REQUIRED("TaskDefinitionTemplateArtifact"), REQUIRED("AppSpecTemplateArtifact"),
              OPTIONAL("TaskDefinitionTemplatePath"), OPTIONAL("AppSpecTemplatePath"),
              OPTIONAL("Image1ArtifactName"), OPTIONAL("Image1ContainerName"),
              OPTIONAL("Image2ArtifactName"), OPTIONAL("Image2ContainerName"),
              OPTIONAL("Image3ArtifactName"), OPTIONAL("Image3ContainerName"),
              OPTIONAL("Image4ArtifactName"), OPTIONAL("Image4ContainerName"), OPTIONAL("OnCancel"),
              OPTIONAL("Preflight"), OPTIONAL("TestUrl")}},
    {.provider = "CodeDeploy", .category = ACTION_DEPLOY, .owner = "AWS", .version = "1", COUNTS(1, 1, 0, 0),
     .worker = ACTION_BY_RUNNER, .target_kind = "codedeploy",
     .target_keys = {"ApplicationName", "DeploymentGroupName"},
     .keys = {REQUIRED("ApplicationName"), REQUIRED("DeploymentGroupName"), OPTIONAL("OnCancel")}},
    {.provider = "S3", .category = ACTION_DEPLOY, .owner = "AWS", .version = "1", COUNTS(1, 1, 0, 0),
     .worker = ACTION_BY_RUNNER,
     .keys = {REQUIRED("BucketName"), REQUIRED("Extract"), OPTIONAL("ObjectKey"), OPTIONAL("KMSEncryptionKeyARN"),
              OPTIONAL("CannedACL"), OPTIONAL("CacheControl"), OPTIONAL("CacheControlRules"),
              OPTIONAL("ContentTypes"), OPTIONAL("KeepReleases")}},
    {.provider = "CloudFormation", .category = ACTION_DEPLOY, .owner = "AWS", .version = "1", COUNTS(0, 10, 0, 1),
     .worker = ACTION_BY_RUNNER,
     .keys = {REQUIRED("ActionMode"), REQUIRED("StackName"), OPTIONAL("ChangeSetName"), OPTIONAL("Capabilities"),
              OPTIONAL("RoleArn"), OPTIONAL("TemplatePath"), OPTIONAL("TemplateConfiguration"),
              OPTIONAL("ParameterOverrides"), OPTIONAL("OutputFileName")}},
    {.provider = "CloudFormationStackSet", .category = ACTION_DEPLOY, .owner = "AWS", .version = "1",
     COUNTS(1, 10, 0, 0), .worker = ACTION_BY_NOBODY,
     .keys = {REQUIRED("StackSetName"), REQUIRED("TemplatePath"), OPTIONAL("Description"), OPTIONAL("Parameters"),
              OPTIONAL("Capabilities"), OPTIONAL("PermissionModel"), OPTIONAL("AdministrationRoleArn"),
              OPTIONAL("ExecutionRoleName"), OPTIONAL("OrganizationsAutoDeployment"), OPTIONAL("DeploymentTargets"),
              OPTIONAL("Regions"), OPTIONAL("FailureTolerancePercentage"), OPTIONAL("MaxConcurrentPercentage"),
              OPTIONAL("CallAs")}},
    {.provider = "CloudFormationStackInstances", .category = ACTION_DEPLOY, .owner = "AWS", .version = "1",
     COUNTS(0, 10, 0, 0), .worker = ACTION_BY_NOBODY,
     .keys = {REQUIRED("StackSetName"), REQUIRED("DeploymentTargets"), REQUIRED("Regions"),
              OPTIONAL("ParameterOverrides"), OPTIONAL("FailureTolerancePercentage"),
              OPTIONAL("MaxConcurrentPercentage"), OPTIONAL("CallAs")}},
    {.provider = "ElasticBeanstalk", .category = ACTION_DEPLOY, .owner = "AWS", .version = "1", COUNTS(1, 1, 0, 0),
     .worker = ACTION_BY_RUNNER,
     .keys = {REQUIRED("ApplicationName"), REQUIRED("EnvironmentName")}},
    {.provider = "AppConfig", .category = ACTION_DEPLOY, .owner = "AWS", .version = "1", COUNTS(1, 1, 0, 0),
     .worker = ACTION_BY_NOBODY,
     .keys = {REQUIRED("Application"), REQUIRED("Environment"), REQUIRED("ConfigurationProfile"),
              REQUIRED("InputArtifactConfigurationPath"), OPTIONAL("DeploymentStrategy")}},
    {.provider = "ServiceCatalog", .category = ACTION_DEPLOY, .owner = "AWS", .version = "1", COUNTS(1, 1, 0, 0),
     .worker = ACTION_BY_NOBODY,
     .keys = {REQUIRED("ProductId"), OPTIONAL("ConfigurationFilePath"), OPTIONAL("TemplateFilePath"),
              OPTIONAL("ProductVersionName"), OPTIONAL("ProductType"), OPTIONAL("ProductVersionDescription")}},
    {.provider = "OpsWorks", .category = ACTION_DEPLOY, .owner = "AWS", .version = "1", COUNTS(1, 1, 0, 0),
     .worker = ACTION_BY_NOBODY,
     .keys = {REQUIRED("Stack"), REQUIRED("App"), OPTIONAL("Layer")}},
    {.provider = "EKS", .category = ACTION_DEPLOY, .owner = "AWS", .version = "1", COUNTS(1, 1, 0, 0),
     .worker = ACTION_BY_NOBODY,
     .keys = {REQUIRED("ClusterName"), OPTIONAL("HelmReleaseName"), OPTIONAL("HelmChartLocation"),
              OPTIONAL("HelmValuesFiles"), OPTIONAL("ManifestFiles"), OPTIONAL("Namespace"), OPTIONAL("Subnets"),
              OPTIONAL("SecurityGroupIds"), OPTIONAL("EnvironmentVariables")}},
    {.provider = "EC2", .category = ACTION_DEPLOY, .owner = "AWS", .version = "1", COUNTS(1, 1, 0, 0),
     .worker = ACTION_BY_NOBODY,
     .keys = {REQUIRED("InstanceTagKey"), OPTIONAL("InstanceTagValue"), REQUIRED("InstanceType"),
              OPTIONAL("TargetDirectory"), OPTIONAL("DeploySpec"), OPTIONAL("PreScript"), OPTIONAL("PostScript"),
              OPTIONAL("MaxBatch"), OPTIONAL("MaxError"), OPTIONAL("TargetGroupNameList")}},

    {.provider = "Lambda", .category = ACTION_INVOKE, .owner = "AWS", .version = "1", COUNTS(0, 5, 0, 5),
     .worker = ACTION_BY_RUNNER,
     .keys = {REQUIRED("FunctionName"), OPTIONAL("UserParameters")}},
    {.provider = "StepFunctions", .category = ACTION_INVOKE, .owner = "AWS", .version = "1", COUNTS(0, 1, 0, 1),
     .worker = ACTION_BY_RUNNER,
     .keys = {REQUIRED("StateMachineArn"), OPTIONAL("ExecutionNamePrefix"), OPTIONAL("InputType"),
              OPTIONAL("Input")}},
    /* The next four are Penstock's own: docs/deploying.md. */
    {.provider = "RunTask", .category = ACTION_INVOKE, .owner = "AWS", .version = "1", COUNTS(0, 5, 0, 0),
     .worker = ACTION_BY_RUNNER, .target_kind = "lock", .target_keys = {"LockName"},
     .keys = {REQUIRED("ClusterName"), REQUIRED("ServiceName"), REQUIRED("LockName"), OPTIONAL("ContainerName"),
              OPTIONAL("Command"), OPTIONAL("Environment"), OPTIONAL("Cpu"), OPTIONAL("Memory"), OPTIONAL("FileName"),
              OPTIONAL("TaskDefinitionTemplateArtifact"), OPTIONAL("TaskDefinitionTemplatePath"),
              OPTIONAL("TaskDefinitionBase"), OPTIONAL("Timeout"), OPTIONAL("OnCancel"), OPTIONAL("Preflight")}},
    {.provider = "CloudFront", .category = ACTION_INVOKE, .owner = "AWS", .version = "1", COUNTS(0, 1, 0, 0),
     .worker = ACTION_BY_RUNNER,
     .keys = {REQUIRED("DistributionId"), OPTIONAL("Paths")}},
    {.provider = "ScheduledTask", .category = ACTION_DEPLOY, .owner = "AWS", .version = "1", COUNTS(1, 5, 0, 0),
     .worker = ACTION_BY_RUNNER, .target_kind = "schedule", .target_keys = {"RuleName", "TargetId"},
     .keys = {REQUIRED("RuleName"), REQUIRED("TargetId"), OPTIONAL("EventBusName"), OPTIONAL("FileName"),
              OPTIONAL("TaskDefinitionTemplateArtifact"), OPTIONAL("TaskDefinitionTemplatePath"),
              OPTIONAL("OnCancel"), OPTIONAL("Preflight")}},
    {.provider = "Release", .category = ACTION_DEPLOY, .owner = "AWS", .version = "1", COUNTS(1, 5, 0, 0),
     .worker = ACTION_BY_RUNNER, .target_kind = "release", .target_keys = {"ReleaseName"},
     .keys = {REQUIRED("ReleaseName"), REQUIRED("Members"), OPTIONAL("OnCancel"), OPTIONAL("OnStuck"),
              OPTIONAL("OnStuckSeconds"), OPTIONAL("DeploymentTimeout"), OPTIONAL("Preflight")}},
    {.provider = "CodePipeline", .category = ACTION_INVOKE, .owner = "AWS", .version = "1", COUNTS(0, 0, 0, 0),
     .worker = ACTION_BY_NOBODY,
     .keys = {REQUIRED("PipelineName"), OPTIONAL("SourceRevisions"), OPTIONAL("Variables")}},
    {.provider = "InspectorScan", .category = ACTION_INVOKE, .owner = "AWS", .version = "1", COUNTS(0, 1, 0, 1),
     .worker = ACTION_BY_NOBODY,
     .keys = {REQUIRED("InspectorRunMode"), OPTIONAL("ECRRepositoryName"), OPTIONAL("ImageTag"),
              OPTIONAL("CriticalThreshold"), OPTIONAL("HighThreshold"), OPTIONAL("MediumThreshold"),
              OPTIONAL("LowThreshold")}},
    /* Behind the row under Invoke: `provider: Lambda` alone means that one. */
    {.provider = "Lambda", .category = ACTION_DEPLOY, .owner = "AWS", .version = "1", COUNTS(1, 1, 0, 0),
     .worker = ACTION_BY_NOBODY,
     .keys = {REQUIRED("FunctionName"), OPTIONAL("FunctionAlias"), OPTIONAL("PublishVersion"),
              OPTIONAL("DeployStrategy"), OPTIONAL("Alarms")}},
    {.provider = "DeviceFarm", .category = ACTION_TEST, .owner = "AWS", .version = "1", COUNTS(1, 1, 0, 0),
     .worker = ACTION_BY_NOBODY,
     .keys = {REQUIRED("AppType"), REQUIRED("ProjectId"), REQUIRED("App"), REQUIRED("DevicePoolArn"),
              REQUIRED("TestType"), OPTIONAL("TestSpec"), OPTIONAL("Test"), OPTIONAL("FuzzEventCount"),
              OPTIONAL("FuzzEventThrottle"), OPTIONAL("FuzzRandomizerSeed"), OPTIONAL("RecordAppPerformanceData"),
              OPTIONAL("RecordVideo"), OPTIONAL("RadioBluetoothEnabled"), OPTIONAL("RadioGpsEnabled"),
              OPTIONAL("RadioNfcEnabled"), OPTIONAL("RadioWifiEnabled")}},
};
/* clang-format on */

static const char *const category_names[] = {
    [ACTION_SOURCE] = "Source",   [ACTION_BUILD] = "Build",       [ACTION_TEST] = "Test",
    [ACTION_DEPLOY] = "Deploy",   [ACTION_APPROVAL] = "Approval", [ACTION_INVOKE] = "Invoke",
    [ACTION_COMPUTE] = "Compute",
};

const struct action_type *action_types_all(size_t *count) {
    *count = sizeof types / sizeof *types;
    return types;
}

const struct action_type *action_types_find(const char *provider, enum action_category category) {
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (types[i].category == category && strcmp(types[i].provider, provider) == 0)
            return &types[i];
    return NULL;
}

const struct action_type *action_types_find_provider(const char *provider) {
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strcmp(types[i].provider, provider) == 0)
            return &types[i];
    return NULL;
}

const char *action_category_name(enum action_category category) {
    return category_names[category];
}

bool action_category_parse(const char *name, enum action_category *out) {
    for (size_t i = 0; i < sizeof category_names / sizeof *category_names; i++) {
        if (strcmp(category_names[i], name) == 0) {
            *out = (enum action_category)i;
            return true;
        }
    }
    return false;
}
