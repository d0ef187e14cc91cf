/*
 * https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html
 */
#include "runner/deployfiles/task_definition_shape.h"

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define END                                                                                                            \
    { .name = NULL }

static const struct shape name_and_value[] = {
    {.name = "name", .kind = SHAPE_TEXT, .required = true}, {.name = "value", .kind = SHAPE_TEXT}, END};

static const struct shape secrets[] = {{.name = "name", .kind = SHAPE_TEXT, .required = true},
                                       {.name = "valueFrom", .kind = SHAPE_TEXT, .required = true},
                                       END};

static const struct shape repository_credentials[] = {
    {.name = "credentialsParameter", .kind = SHAPE_TEXT, .required = true}, END};

static const struct shape port_mappings[] = {
    {.name = "containerPort", .kind = SHAPE_INTEGER, .least = 0, .most = 65535},
    {.name = "hostPort", .kind = SHAPE_INTEGER, .least = 0, .most = 65535},
    {.name = "protocol", .kind = SHAPE_TEXT, .words = WORDS("tcp", "udp")},
    {.name = "name", .kind = SHAPE_TEXT},
    {.name = "appProtocol", .kind = SHAPE_TEXT, .words = WORDS("http", "http2", "grpc")},
    {.name = "containerPortRange", .kind = SHAPE_TEXT},
    END};

static const struct shape restart_policy[] = {
    {.name = "enabled", .kind = SHAPE_FLAG, .required = true},
    {.name = "ignoredExitCodes", .kind = SHAPE_INTEGERS},
    {.name = "restartAttemptPeriod", .kind = SHAPE_INTEGER, .least = 60, .most = 1800},
    END};

static const struct shape environment_files[] = {
    {.name = "value", .kind = SHAPE_TEXT, .required = true},
    {.name = "type", .kind = SHAPE_TEXT, .required = true, .words = WORDS("s3")},
    END};

static const struct shape mount_points[] = {{.name = "sourceVolume", .kind = SHAPE_TEXT},
                                            {.name = "containerPath", .kind = SHAPE_TEXT},
                                            {.name = "readOnly", .kind = SHAPE_FLAG},
                                            END};

static const struct shape volumes_from[] = {
    {.name = "sourceContainer", .kind = SHAPE_TEXT}, {.name = "readOnly", .kind = SHAPE_FLAG}, END};

static const struct shape capabilities[] = {
    {.name = "add", .kind = SHAPE_TEXTS}, {.name = "drop", .kind = SHAPE_TEXTS}, END};

static const struct shape devices[] = {
    {.name = "hostPath", .kind = SHAPE_TEXT, .required = true},
    {.name = "containerPath", .kind = SHAPE_TEXT},
    {.name = "permissions", .kind = SHAPE_TEXTS, .words = WORDS("read", "write", "mknod")},
    END};

static const struct shape tmpfs[] = {{.name = "containerPath", .kind = SHAPE_TEXT, .required = true},
                                     {.name = "size", .kind = SHAPE_INTEGER, .required = true},
                                     {.name = "mountOptions", .kind = SHAPE_TEXTS},
                                     END};

static const struct shape linux_parameters[] = {{.name = "capabilities", .kind = SHAPE_OBJECT, .fields = capabilities},
                                                {.name = "devices", .kind = SHAPE_OBJECTS, .fields = devices},
                                                {.name = "initProcessEnabled", .kind = SHAPE_FLAG},
                                                {.name = "sharedMemorySize", .kind = SHAPE_INTEGER},
                                                {.name = "tmpfs", .kind = SHAPE_OBJECTS, .fields = tmpfs},
                                                {.name = "maxSwap", .kind = SHAPE_INTEGER},
                                                {.name = "swappiness", .kind = SHAPE_INTEGER, .least = 0, .most = 100},
                                                END};

static const struct shape depends_on[] = {{.name = "containerName", .kind = SHAPE_TEXT, .required = true},
                                          {.name = "condition",
                                           .kind = SHAPE_TEXT,
                                           .required = true,
                                           .words = WORDS("START", "COMPLETE", "SUCCESS", "HEALTHY")},
                                          END};

static const struct shape extra_hosts[] = {{.name = "hostname", .kind = SHAPE_TEXT, .required = true},
                                           {.name = "ipAddress", .kind = SHAPE_TEXT, .required = true},
                                           END};

static const struct shape ulimits[] = {
    {.name = "name",
     .kind = SHAPE_TEXT,
     .required = true,
     .words = WORDS("core", "cpu", "data", "fsize", "locks", "memlock", "msgqueue", "nice", "nofile", "nproc", "rss",
                    "rtprio", "rttime", "sigpending", "stack")},
    {.name = "softLimit", .kind = SHAPE_INTEGER, .required = true},
    {.name = "hardLimit", .kind = SHAPE_INTEGER, .required = true},
    END};

static const struct shape log_configuration[] = {{.name = "logDriver",
                                                  .kind = SHAPE_TEXT,
                                                  .required = true,
                                                  .words = WORDS("json-file", "syslog", "journald", "gelf", "fluentd",
                                                                 "awslogs", "splunk", "awsfirelens", "logentries")},
                                                 {.name = "options", .kind = SHAPE_MAP},
                                                 {.name = "secretOptions", .kind = SHAPE_OBJECTS, .fields = secrets},
                                                 END};

static const struct shape health_check[] = {{.name = "command", .kind = SHAPE_TEXTS, .required = true},
                                            {.name = "interval", .kind = SHAPE_INTEGER, .least = 5, .most = 300},
                                            {.name = "timeout", .kind = SHAPE_INTEGER, .least = 2, .most = 60},
                                            {.name = "retries", .kind = SHAPE_INTEGER, .least = 1, .most = 10},
                                            {.name = "startPeriod", .kind = SHAPE_INTEGER, .least = 0, .most = 300},
                                            END};

static const struct shape system_controls[] = {
    {.name = "namespace", .kind = SHAPE_TEXT}, {.name = "value", .kind = SHAPE_TEXT}, END};

static const struct shape resource_requirements[] = {{.name = "value", .kind = SHAPE_TEXT, .required = true},
                                                     {.name = "type",
                                                      .kind = SHAPE_TEXT,
                                                      .required = true,
                                                      .words = WORDS("GPU", "InferenceAccelerator", "NeuronDevice")},
                                                     END};

static const struct shape firelens[] = {
    {.name = "type", .kind = SHAPE_TEXT, .required = true, .words = WORDS("fluentd", "fluentbit")},
    {.name = "options", .kind = SHAPE_MAP},
    END};

const struct shape container_shape[] = {
    {.name = "name", .kind = SHAPE_TEXT, .required = true},
    {.name = "image", .kind = SHAPE_TEXT, .required = true},
    {.name = "repositoryCredentials", .kind = SHAPE_OBJECT, .fields = repository_credentials},
    {.name = "cpu", .kind = SHAPE_INTEGER},
    {.name = "memory", .kind = SHAPE_INTEGER, .least = 4, .most = INT32_MAX},
    {.name = "memoryReservation", .kind = SHAPE_INTEGER, .least = 4, .most = INT32_MAX},
    {.name = "links", .kind = SHAPE_TEXTS},
    {.name = "portMappings", .kind = SHAPE_OBJECTS, .fields = port_mappings},
    {.name = "essential", .kind = SHAPE_FLAG},
    {.name = "restartPolicy", .kind = SHAPE_OBJECT, .fields = restart_policy},
    {.name = "entryPoint", .kind = SHAPE_TEXTS},
    {.name = "command", .kind = SHAPE_TEXTS},
    {.name = "environment", .kind = SHAPE_OBJECTS, .fields = name_and_value},
    {.name = "environmentFiles", .kind = SHAPE_OBJECTS, .fields = environment_files},
    {.name = "mountPoints", .kind = SHAPE_OBJECTS, .fields = mount_points},
    {.name = "volumesFrom", .kind = SHAPE_OBJECTS, .fields = volumes_from},
    {.name = "linuxParameters", .kind = SHAPE_OBJECT, .fields = linux_parameters},
    {.name = "secrets", .kind = SHAPE_OBJECTS, .fields = secrets},
    {.name = "dependsOn", .kind = SHAPE_OBJECTS, .fields = depends_on},
    {.name = "startTimeout", .kind = SHAPE_INTEGER, .least = 2, .most = INT32_MAX},
    {.name = "stopTimeout", .kind = SHAPE_INTEGER, .least = 2, .most = INT32_MAX},
    {.name = "versionConsistency", .kind = SHAPE_TEXT, .words = WORDS("enabled", "disabled")},
    {.name = "hostname", .kind = SHAPE_TEXT},
    {.name = "user", .kind = SHAPE_TEXT},
    {.name = "workingDirectory", .kind = SHAPE_TEXT},
    {.name = "disableNetworking", .kind = SHAPE_FLAG},
    {.name = "privileged", .kind = SHAPE_FLAG},
    {.name = "readonlyRootFilesystem", .kind = SHAPE_FLAG},
    {.name = "dnsServers", .kind = SHAPE_TEXTS},
    {.name = "dnsSearchDomains", .kind = SHAPE_TEXTS},
    {.name = "extraHosts", .kind = SHAPE_OBJECTS, .fields = extra_hosts},
    {.name = "dockerSecurityOptions", .kind = SHAPE_TEXTS},
    {.name = "interactive", .kind = SHAPE_FLAG},
    {.name = "pseudoTerminal", .kind = SHAPE_FLAG},
    {.name = "dockerLabels", .kind = SHAPE_MAP},
    {.name = "ulimits", .kind = SHAPE_OBJECTS, .fields = ulimits},
    {.name = "logConfiguration", .kind = SHAPE_OBJECT, .fields = log_configuration},
    {.name = "healthCheck", .kind = SHAPE_OBJECT, .fields = health_check},
    {.name = "systemControls", .kind = SHAPE_OBJECTS, .fields = system_controls},
    {.name = "resourceRequirements", .kind = SHAPE_OBJECTS, .fields = resource_requirements},
    {.name = "firelensConfiguration", .kind = SHAPE_OBJECT, .fields = firelens},
    {.name = "credentialSpecs", .kind = SHAPE_TEXTS},
    END};

static const struct shape host[] = {{.name = "sourcePath", .kind = SHAPE_TEXT}, END};

static const struct shape docker_volume[] = {{.name = "scope", .kind = SHAPE_TEXT, .words = WORDS("task", "shared")},
                                             {.name = "autoprovision", .kind = SHAPE_FLAG},
                                             {.name = "driver", .kind = SHAPE_TEXT},
                                             {.name = "driverOpts", .kind = SHAPE_MAP},
                                             {.name = "labels", .kind = SHAPE_MAP},
                                             END};

static const struct shape efs_authorization[] = {
    {.name = "accessPointId", .kind = SHAPE_TEXT},
    {.name = "iam", .kind = SHAPE_TEXT, .words = WORDS("ENABLED", "DISABLED")},
    END};

static const struct shape efs_volume[] = {
    {.name = "fileSystemId", .kind = SHAPE_TEXT, .required = true},
    {.name = "rootDirectory", .kind = SHAPE_TEXT},
    {.name = "transitEncryption", .kind = SHAPE_TEXT, .words = WORDS("ENABLED", "DISABLED")},
    {.name = "transitEncryptionPort", .kind = SHAPE_INTEGER, .least = 0, .most = 65535},
    {.name = "authorizationConfig", .kind = SHAPE_OBJECT, .fields = efs_authorization},
    END};

static const struct shape s3_volume[] = {
    {.name = "fileSystemArn", .kind = SHAPE_TEXT, .required = true},
    {.name = "rootDirectory", .kind = SHAPE_TEXT},
    {.name = "transitEncryptionPort", .kind = SHAPE_INTEGER, .least = 0, .most = 65535},
    {.name = "accessPointArn", .kind = SHAPE_TEXT},
    END};

static const struct shape fsx_authorization[] = {{.name = "credentialsParameter", .kind = SHAPE_TEXT, .required = true},
                                                 {.name = "domain", .kind = SHAPE_TEXT, .required = true},
                                                 END};

static const struct shape fsx_volume[] = {
    {.name = "fileSystemId", .kind = SHAPE_TEXT, .required = true},
    {.name = "rootDirectory", .kind = SHAPE_TEXT, .required = true},
    {.name = "authorizationConfig", .kind = SHAPE_OBJECT, .required = true, .fields = fsx_authorization},
    END};

static const struct shape volumes[] = {
    {.name = "name", .kind = SHAPE_TEXT},
    {.name = "host", .kind = SHAPE_OBJECT, .fields = host},
    {.name = "dockerVolumeConfiguration", .kind = SHAPE_OBJECT, .fields = docker_volume},
    {.name = "efsVolumeConfiguration", .kind = SHAPE_OBJECT, .fields = efs_volume},
    {.name = "s3filesVolumeConfiguration", .kind = SHAPE_OBJECT, .fields = s3_volume},
    {.name = "fsxWindowsFileServerVolumeConfiguration", .kind = SHAPE_OBJECT, .fields = fsx_volume},
    {.name = "configuredAtLaunch", .kind = SHAPE_FLAG},
    END};

static const struct shape placement_constraints[] = {
    {.name = "type", .kind = SHAPE_TEXT, .words = WORDS("memberOf")}, {.name = "expression", .kind = SHAPE_TEXT}, END};

static const struct shape tags[] = {{.name = "key", .kind = SHAPE_TEXT}, {.name = "value", .kind = SHAPE_TEXT}, END};

static const struct shape proxy[] = {{.name = "type", .kind = SHAPE_TEXT, .words = WORDS("APPMESH")},
                                     {.name = "containerName", .kind = SHAPE_TEXT, .required = true},
                                     {.name = "properties", .kind = SHAPE_OBJECTS, .fields = name_and_value},
                                     END};

static const struct shape accelerators[] = {{.name = "deviceName", .kind = SHAPE_TEXT, .required = true},
                                            {.name = "deviceType", .kind = SHAPE_TEXT, .required = true},
                                            END};

static const struct shape ephemeral_storage[] = {
    {.name = "sizeInGiB", .kind = SHAPE_INTEGER, .required = true, .least = 20, .most = 200}, END};

static const struct shape runtime_platform[] = {
    {.name = "cpuArchitecture", .kind = SHAPE_TEXT, .words = WORDS("X86_64", "ARM64")},
    {.name = "operatingSystemFamily",
     .kind = SHAPE_TEXT,
     .words = WORDS("LINUX", "WINDOWS_SERVER_2025_CORE", "WINDOWS_SERVER_2025_FULL", "WINDOWS_SERVER_2022_CORE",
                    "WINDOWS_SERVER_2022_FULL", "WINDOWS_SERVER_2019_CORE", "WINDOWS_SERVER_2019_FULL",
                    "WINDOWS_SERVER_2016_FULL", "WINDOWS_SERVER_2004_CORE", "WINDOWS_SERVER_20H2_CORE")},
    END};

const struct shape task_definition_shape[] = {
    {.name = "family", .kind = SHAPE_TEXT, .required = true},
    {.name = "taskRoleArn", .kind = SHAPE_TEXT},
    {.name = "executionRoleArn", .kind = SHAPE_TEXT},
    {.name = "networkMode", .kind = SHAPE_TEXT, .words = WORDS("bridge", "host", "awsvpc", "none")},
    {.name = "containerDefinitions", .kind = SHAPE_OBJECTS, .required = true},
    {.name = "volumes", .kind = SHAPE_OBJECTS, .fields = volumes},
    {.name = "placementConstraints", .kind = SHAPE_OBJECTS, .fields = placement_constraints},
    {.name = "requiresCompatibilities",
     .kind = SHAPE_TEXTS,
     .words = WORDS("EC2", "FARGATE", "EXTERNAL", "MANAGED_INSTANCES")},
    {.name = "cpu", .kind = SHAPE_TEXT},
    {.name = "memory", .kind = SHAPE_TEXT},
    {.name = "tags", .kind = SHAPE_OBJECTS, .fields = tags},
    {.name = "pidMode", .kind = SHAPE_TEXT, .words = WORDS("host", "task")},
    {.name = "ipcMode", .kind = SHAPE_TEXT, .words = WORDS("host", "task", "none")},
    {.name = "proxyConfiguration", .kind = SHAPE_OBJECT, .fields = proxy},
    {.name = "inferenceAccelerators", .kind = SHAPE_OBJECTS, .fields = accelerators},
    {.name = "ephemeralStorage", .kind = SHAPE_OBJECT, .fields = ephemeral_storage},
    {.name = "runtimePlatform", .kind = SHAPE_OBJECT, .fields = runtime_platform},
    {.name = "enableFaultInjection", .kind = SHAPE_FLAG},
    END};
