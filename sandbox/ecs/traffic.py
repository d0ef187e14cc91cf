"""Which target group a version of a service uses, and how much traffic its listener rules send there."""


def _pairs(record):
    """(load balancer entry of the service, the source's target group, the target's)."""
    old = record.source.settings.get("loadBalancers", [])
    new = record.target.settings.get("loadBalancers", [])
    for entry, before, after in zip(new, old, new):
        if "advancedConfiguration" in entry:
            yield entry, before.get("targetGroupArn"), after.get("targetGroupArn")


def idle_groups(balancers, before):
    """The service's load balancer entries for its next version, each with the target group that the version before has not."""
    if before is None:
        return balancers
    used = {entry.get("targetGroupArn") for entry in before.settings.get("loadBalancers", [])}
    result = []
    for entry in balancers:
        alternate = entry.get("advancedConfiguration", {}).get("alternateTargetGroupArn")
        if alternate and entry.get("targetGroupArn") in used:
            entry = {**entry, "targetGroupArn": alternate}
        result.append(entry)
    return result


def shift(ecs, record, percent, rule_name):
    """Send so much of the rules' traffic to the target, the rest to the source."""
    for entry, before, after in _pairs(record):
        rule = entry["advancedConfiguration"].get(rule_name)
        if rule:
            ecs.balancers.set_forward(rule, [(before, 100 - percent), (after, percent)])
    if rule_name == "productionListenerRule":
        record.target.production_percent, record.source.production_percent = percent, 100 - percent
    else:
        record.target.test_percent, record.source.test_percent = percent, 100 - percent


def shift_back(ecs, record):
    """All traffic to the source again, at once."""
    record.percent = 0
    for rule_name in ("productionListenerRule", "testListenerRule"):
        shift(ecs, record, 0, rule_name)
