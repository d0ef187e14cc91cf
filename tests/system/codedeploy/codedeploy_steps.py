"""What a blue/green deployment through CodeDeploy is given: an AppSpec and a task definition."""

APPSPEC = """version: 0.0
Resources:
  - TargetService:
      Type: AWS::ECS::Service
      Properties:
        TaskDefinition: <TASK_DEFINITION>
        LoadBalancerInfo:
          ContainerName: web
          ContainerPort: 8080
"""


def definition(name, image="<IMAGE1_NAME>"):
    """A task definition, as RegisterTaskDefinition takes it."""
    return {"family": name, "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "cpu": "256", "memory": "512",
            "containerDefinitions": [{"name": "web", "image": image, "essential": True, "portMappings": [{"containerPort": 8080, "protocol": "tcp"}]}]}
