"""A runner that takes every job there is and ends each when a table says so."""

import sys
import pathlib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "api"))

from hand_runner import COMMIT, HandRunner  # noqa: E402

PROVIDERS = ["CodeCommit", "ECS", "Commands", "CloudWatchAlarm", "LambdaInvoke"]


class Puppet(HandRunner):
    def __init__(self, server):
        super().__init__(server)
        self._held = {}

    def take(self, pipeline, execution, action):
        """The job of an action or a rule, begun. Others that come before it are kept for later."""
        wanted = (pipeline, execution, action)
        while wanted not in self._held:
            job = self.lease_any(PROVIDERS)
            assert job, f"{pipeline}: there is no job for '{action}'"
            self._held[(job["pipeline"], job["executionId"], job["action"])] = job
        return self._held[wanted]

    def end(self, pipeline, execution, action, outcome):
        job = self.take(pipeline, execution, action)
        del self._held[(pipeline, execution, action)]
        if outcome == "succeeded":
            for artifact in job["outputs"]:
                self.put_artifact(job, artifact, {"README": "hello\n"})
            self.finish(job, revisionId=COMMIT, revisionSummary="as pushed", revisionCreatedMs=1795404612077, variables={"Made": f"by {action}"})
        elif outcome == "failed":
            self.fail(job)
        else:
            self.finish(job, outcome)
