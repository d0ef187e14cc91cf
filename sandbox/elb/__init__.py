"""The load balancer (ELBv2, application type): target groups with real health checks, listeners with real sockets."""
