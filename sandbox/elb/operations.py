"""The load balancer's operations, one function each; the table is at the end."""

import re
import secrets

from sandbox import clock
from sandbox.elb import rules
from sandbox.elb.listener import Listener, SimulatedListener
from sandbox.elb.state import LoadBalancer, TargetGroup
from sandbox.errors import AwsError

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,30}[A-Za-z0-9])?")


def _check_name(name):
    if not _NAME.fullmatch(name) or name.startswith("internal-"):
        raise AwsError("ValidationError", f"'{name}' is no valid name: up to 32 letters, digits and hyphens")


def _find(table, arn, code, what):
    if arn not in table:
        raise AwsError(code, f"{what} '{arn}' not found")
    return table[arn]


def _group(elb, arn):
    return _find(elb.target_groups, arn, "TargetGroupNotFound", "Target group")


def _balancer(elb, arn):
    return _find(elb.load_balancers, arn, "LoadBalancerNotFound", "Load balancer")


def _listener(elb, arn):
    return _find(elb.listeners, arn, "ListenerNotFound", "Listener")


def _select(table, arns, names, code, what):
    """Those with the given ARNs or names, all where neither is given."""
    if arns is not None:
        return [_find(table, arn, code, what) for arn in arns]
    if names is not None:
        by_name = {item.name: item for item in table.values()}
        return [_find(by_name, name, code, what) for name in names]
    return list(table.values())


# load balancers


def create_load_balancer(elb, params, key):
    name = params["Name"]
    _check_name(name)
    if params.get("Type", "application") != "application":
        raise AwsError("ValidationError", f"the sandbox has load balancers of type 'application' only, not '{params['Type']}'")
    with elb.changed:
        for balancer in elb.load_balancers.values():
            if balancer.name == name:
                if balancer.params == params:
                    return {"LoadBalancers": [_balancer_view(elb, balancer)]}
                raise AwsError("DuplicateLoadBalancerName", f"A load balancer with the same name '{name}' exists, but with different settings")
        arn = elb.account.arn("elasticloadbalancing", f"loadbalancer/app/{name}/{secrets.token_hex(8)}")
        elb.load_balancers[arn] = LoadBalancer(arn, name, params)
        return {"LoadBalancers": [_balancer_view(elb, elb.load_balancers[arn])]}


def _balancer_view(elb, balancer):
    subnets = balancer.params.get("Subnets", [])
    return {
        "LoadBalancerArn": balancer.arn,
        "LoadBalancerName": balancer.name,
        "DNSName": "127.0.0.1",
        "CanonicalHostedZoneId": "Z32O12XQLNTSW2",
        "CreatedTime": balancer.created_at,
        "Scheme": balancer.params.get("Scheme", "internet-facing"),
        "VpcId": "vpc-sandbox",
        "State": {"Code": "active"},
        "Type": "application",
        "AvailabilityZones": [{"ZoneName": elb.account.region + "a", "SubnetId": subnet} for subnet in subnets],
        "SecurityGroups": balancer.params.get("SecurityGroups", []),
        "IpAddressType": balancer.params.get("IpAddressType", "ipv4"),
    }


def describe_load_balancers(elb, params, key):
    with elb.changed:
        found = _select(elb.load_balancers, params.get("LoadBalancerArns"), params.get("Names"), "LoadBalancerNotFound", "Load balancer")
        return {"LoadBalancers": [_balancer_view(elb, balancer) for balancer in found]}


def delete_load_balancer(elb, params, key):
    arn = params["LoadBalancerArn"]
    with elb.changed:
        elb.load_balancers.pop(arn, None)
        gone = [elb.listeners.pop(listener.arn) for listener in list(elb.listeners.values()) if listener.balancer_arn == arn]
    for listener in gone:
        listener.stop()
    return {}


# target groups


def create_target_group(elb, params, key):
    name = params["Name"]
    _check_name(name)
    if params.get("TargetType", "instance") not in (("ip", "instance") if clock.simulated() else ("ip",)):
        raise AwsError("ValidationError", "the sandbox has target groups of type 'ip' only: tasks have addresses of their own")
    if params.get("Protocol") != "HTTP" or "Port" not in params:
        raise AwsError("ValidationError", "the sandbox needs a Port and the Protocol 'HTTP' for a target group")
    _check_settings(params)
    with elb.changed:
        if any(group.name == name for group in elb.target_groups.values()):
            raise AwsError("DuplicateTargetGroupName", f"A target group with the same name '{name}' exists, but with different settings")
        arn = elb.account.arn("elasticloadbalancing", f"targetgroup/{name}/{secrets.token_hex(8)}")
        attributes = {
            "deregistration_delay.timeout_seconds": str(elb.deregistration_delay),
            "stickiness.enabled": "false",
            "load_balancing.algorithm.type": "round_robin",
        }
        group = elb.target_groups[arn] = TargetGroup(arn, name, params, attributes)
        return {"TargetGroups": [_group_view(elb, group)]}


def _check_settings(params):
    if params.get("HealthCheckProtocol", "HTTP") != "HTTP":
        raise AwsError("ValidationError", "the sandbox checks health with the protocol 'HTTP' only")
    codes = params.get("Matcher", {}).get("HttpCode", "200")
    if not re.fullmatch(r"[2-5]\d\d(-[2-5]\d\d)?(,[2-5]\d\d(-[2-5]\d\d)?)*", codes):
        raise AwsError("ValidationError", f"Health check matcher HTTP code '{codes}' must be a code, a list or a range between 200 and 499")
    port = params.get("HealthCheckPort", "traffic-port")
    if port != "traffic-port" and not (port.isdigit() and 1 <= int(port) <= 65535):
        raise AwsError("ValidationError", f"Health check port '{port}' must be 'traffic-port' or a port number")


def _group_view(elb, group):
    check = group.check
    return {
        "TargetGroupArn": group.arn,
        "TargetGroupName": group.name,
        "Protocol": group.protocol,
        "Port": group.port,
        "VpcId": group.vpc,
        "HealthCheckProtocol": check.protocol,
        "HealthCheckPort": check.port,
        "HealthCheckEnabled": True,
        "HealthCheckIntervalSeconds": check.interval,
        "HealthCheckTimeoutSeconds": check.timeout,
        "HealthyThresholdCount": check.healthy_threshold,
        "UnhealthyThresholdCount": check.unhealthy_threshold,
        "HealthCheckPath": check.path,
        "Matcher": {"HttpCode": check.codes},
        "LoadBalancerArns": elb.group_balancers(group.arn),
        "TargetType": group.target_type,
        "ProtocolVersion": "HTTP1",
        "IpAddressType": "ipv4",
    }


def describe_target_groups(elb, params, key):
    with elb.changed:
        if "LoadBalancerArn" in params:
            _balancer(elb, params["LoadBalancerArn"])
            found = [group for group in elb.target_groups.values() if params["LoadBalancerArn"] in elb.group_balancers(group.arn)]
        else:
            found = _select(elb.target_groups, params.get("TargetGroupArns"), params.get("Names"), "TargetGroupNotFound", "Target group")
        return {"TargetGroups": [_group_view(elb, group) for group in found]}


def modify_target_group(elb, params, key):
    _check_settings(params)
    with elb.changed:
        group = _group(elb, params["TargetGroupArn"])
        group.check.change(params)
        return {"TargetGroups": [_group_view(elb, group)]}


def delete_target_group(elb, params, key):
    arn = params["TargetGroupArn"]
    with elb.changed:
        if elb.group_listeners(arn):
            raise AwsError("ResourceInUse", f"Target group '{arn}' is currently in use by a listener or a rule")
        group = elb.target_groups.pop(arn, None)
        for target in group.targets.values() if group else ():
            target.wake.set()
    return {}


def modify_target_group_attributes(elb, params, key):
    with elb.changed:
        group = _group(elb, params["TargetGroupArn"])
        for attribute in params["Attributes"]:
            name, value = attribute.get("Key"), attribute.get("Value")
            if name not in group.attributes:
                raise AwsError("InvalidConfigurationRequest", f"the sandbox has no target group attribute '{name}'")
            if name == "deregistration_delay.timeout_seconds" and not (value.isdigit() and int(value) <= 3600):
                raise AwsError("InvalidConfigurationRequest", f"'{name}' must be from 0 to 3600, not '{value}'")
            group.attributes[name] = value
        return {"Attributes": _attributes(group)}


def _attributes(group):
    return [{"Key": name, "Value": value} for name, value in group.attributes.items()]


def describe_target_group_attributes(elb, params, key):
    with elb.changed:
        return {"Attributes": _attributes(_group(elb, params["TargetGroupArn"]))}


# targets


def register_targets(elb, params, key):
    with elb.changed:
        group = _group(elb, params["TargetGroupArn"])
        for target in params["Targets"]:
            elb.register(group.arn, target["Id"], target.get("Port", group.port))
    return {}


def deregister_targets(elb, params, key):
    with elb.changed:
        group = _group(elb, params["TargetGroupArn"])
        addresses = [(target["Id"], target.get("Port", group.port)) for target in params["Targets"]]
    for address, port in addresses:
        elb.deregister(group.arn, address, port)
    return {}


def describe_target_health(elb, params, key):
    with elb.changed:
        group = _group(elb, params["TargetGroupArn"])
        in_use = bool(elb.group_listeners(group.arn)) and not group.unused
        if "Targets" in params:
            keys = [(target["Id"], target.get("Port", group.port)) for target in params["Targets"]]
        else:
            keys = list(group.targets)
        return {"TargetHealthDescriptions": [_health_view(group, key, in_use) for key in keys]}


def _health_view(group, key, in_use):
    target = group.targets.get(key)
    if target is None:
        health = {"State": "unused", "Reason": "Target.NotRegistered", "Description": "Target is not registered to the target group"}
    elif not in_use:
        health = {"State": "unused", "Reason": "Target.NotInUse", "Description": "Target group is not configured to receive traffic from the load balancer"}
    else:
        health = {"State": target.state, "Reason": target.reason, "Description": target.description}
    port = key[1] if group.check.port == "traffic-port" else group.check.port
    return {"Target": {"Id": key[0], "Port": key[1]}, "HealthCheckPort": str(port), "TargetHealth": health}


# listeners


def create_listener(elb, params, key):
    port, protocol = params.get("Port"), params.get("Protocol")
    if port is None or protocol not in (("HTTP", "HTTPS") if clock.simulated() else ("HTTP",)):
        raise AwsError("ValidationError", "the sandbox needs a Port and the Protocol 'HTTP' for a listener")
    with elb.changed:
        balancer = _balancer(elb, params["LoadBalancerArn"])
        rules.check_groups(elb, params["DefaultActions"])
        if any(listener.balancer_arn == balancer.arn and listener.port == port for listener in elb.listeners.values()):
            raise AwsError("DuplicateListener", f"A listener already exists on port '{port}' for this load balancer '{balancer.arn}'")
        path = balancer.arn.partition(":loadbalancer/")[2]
        arn = elb.account.arn("elasticloadbalancing", f"listener/{path}/{secrets.token_hex(8)}")
        try:
            kind = SimulatedListener if clock.simulated() else Listener
            listener = kind(elb, arn, balancer.arn, port, protocol, params["DefaultActions"])
        except OSError as error:
            raise AwsError("ValidationError", f"the sandbox cannot listen on 127.0.0.1:{port}: {error.strerror}") from None
        elb.listeners[arn] = listener
        return {"Listeners": [_listener_view(listener)]}


def _listener_view(listener):
    return {
        "ListenerArn": listener.arn,
        "LoadBalancerArn": listener.balancer_arn,
        "Port": listener.port,
        "Protocol": listener.protocol,
        "DefaultActions": listener.routes.default.actions,
    }


def describe_listeners(elb, params, key):
    with elb.changed:
        if "LoadBalancerArn" in params:
            _balancer(elb, params["LoadBalancerArn"])
            found = [listener for listener in elb.listeners.values() if listener.balancer_arn == params["LoadBalancerArn"]]
        else:
            found = [_listener(elb, arn) for arn in params.get("ListenerArns", list(elb.listeners))]
        return {"Listeners": [_listener_view(listener) for listener in found]}


def modify_listener(elb, params, key):
    if set(params) - {"ListenerArn", "DefaultActions"}:
        raise AwsError("ValidationError", "the sandbox changes a listener's DefaultActions only")
    with elb.changed:
        listener = _listener(elb, params["ListenerArn"])
        if "DefaultActions" in params:
            rules.check_groups(elb, params["DefaultActions"])
            listener.routes.default.set_actions(params["DefaultActions"])
        return {"Listeners": [_listener_view(listener)]}


def delete_listener(elb, params, key):
    with elb.changed:
        listener = elb.listeners.pop(_listener(elb, params["ListenerArn"]).arn)
    listener.stop()
    return {}


OPERATIONS = {
    **rules.OPERATIONS,
    "CreateLoadBalancer": create_load_balancer,
    "DescribeLoadBalancers": describe_load_balancers,
    "DeleteLoadBalancer": delete_load_balancer,
    "CreateTargetGroup": create_target_group,
    "DescribeTargetGroups": describe_target_groups,
    "ModifyTargetGroup": modify_target_group,
    "DeleteTargetGroup": delete_target_group,
    "ModifyTargetGroupAttributes": modify_target_group_attributes,
    "DescribeTargetGroupAttributes": describe_target_group_attributes,
    "RegisterTargets": register_targets,
    "DeregisterTargets": deregister_targets,
    "DescribeTargetHealth": describe_target_health,
    "CreateListener": create_listener,
    "DescribeListeners": describe_listeners,
    "ModifyListener": modify_listener,
    "DeleteListener": delete_listener,
}
