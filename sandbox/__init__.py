"""AWS on this machine: ECS, ECR, a load balancer, STS and S3 for the demo and the tests.

It stands in for AWS and shares no code with Penstock.  See README.md.
"""
