"""Which ECS operations there are, and the function of each."""

from sandbox.ecs import capacity, clusters, deployment_operations, services, task_definitions, task_set_operations, tasks

OPERATIONS = {
    **capacity.OPERATIONS,
    **task_set_operations.OPERATIONS,
    "CreateCluster": clusters.create_cluster,
    "DescribeClusters": clusters.describe_clusters,
    "ListClusters": clusters.list_clusters,
    "DeleteCluster": clusters.delete_cluster,
    "RegisterTaskDefinition": task_definitions.register_task_definition,
    "DescribeTaskDefinition": task_definitions.describe_task_definition,
    "ListTaskDefinitions": task_definitions.list_task_definitions,
    "ListTaskDefinitionFamilies": task_definitions.list_task_definition_families,
    "DeregisterTaskDefinition": task_definitions.deregister_task_definition,
    "CreateService": services.create_service,
    "DescribeServices": services.describe_services,
    "UpdateService": services.update_service,
    "ListServices": services.list_services,
    "DeleteService": services.delete_service,
    "ListServiceDeployments": deployment_operations.list_service_deployments,
    "DescribeServiceDeployments": deployment_operations.describe_service_deployments,
    "DescribeServiceRevisions": deployment_operations.describe_service_revisions,
    "StopServiceDeployment": deployment_operations.stop_service_deployment,
    "ContinueServiceDeployment": deployment_operations.continue_service_deployment,
    "ListTasks": tasks.list_tasks,
    "DescribeTasks": tasks.describe_tasks,
    "StopTask": tasks.stop_one_task,
    "RunTask": tasks.run_task,
}
