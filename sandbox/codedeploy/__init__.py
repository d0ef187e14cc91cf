"""CodeDeploy: blue/green deployments of ECS services, and deployments onto simulated instances."""
