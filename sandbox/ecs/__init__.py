"""ECS: clusters, task definitions, services and tasks.  A task is real containers on the Docker engine."""
