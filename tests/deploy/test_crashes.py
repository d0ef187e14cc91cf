"""A runner dies at each call of the ECS action; another takes over: one revision, one deployment, and it is the right one.

Other actions have theirs in test_crashes_*.py.
"""

import pytest
from crash import everywhere

LOOKS = 4  # calls after UpdateService, each like the next


class EcsWorld:
    def __init__(self, make_service, rehearsal, configuration=None, **like):
        self.rehearsal, self.configuration = rehearsal, configuration or {}
        self.service = make_service(**like)
        self.events = len(self.service.events())

    def offer(self):
        return self.rehearsal.offer(self.service, DeploymentTimeout="30", **self.configuration)

    def revisions(self):
        return self.rehearsal.call("ListTaskDefinitions", familyPrefix=self.service.cluster)["taskDefinitionArns"]

    def check(self):
        service = self.service.describe()
        assert len(self.revisions()) == 2, self.revisions()
        assert service["taskDefinition"].endswith(":2") and self.service.is_settled()
        calls = [line for line in self.rehearsal.sandbox.ledger()
                 if line["operation"] == "UpdateService" and (line.get("input") or {}).get("cluster") == self.service.cluster]
        started = sum(text.count("(task ") for _, text in self.service.events()[self.events:] if "has started" in text)
        assert started == service["desiredCount"], (started, calls)  # a second deployment would start them again


@pytest.mark.parametrize("like, configuration", [
    ({"desired": 2}, {"Preflight": "OFF"}),
    ({"desired": 1, "balancer": True}, {"Preflight": "OFF"}),
    ({"desired": 2, "launch": "EC2", "instances": 4}, {"Preflight": "OFF", "TaskDefinitionBase": "LATEST"}),
], ids=["plain", "balancer", "newest base"])
def test_one_effect_wherever_it_dies(rehearsal, make_service, like, configuration):
    died = everywhere(rehearsal, lambda: EcsWorld(make_service, rehearsal, configuration, **like), most=5 + LOOKS)
    assert died >= 8
