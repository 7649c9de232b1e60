"""The processes that write to MLflow's database: how they are stopped, and started again."""

import time
from dataclasses import dataclass

from mlflow_bootstrap import log
from mlflow_bootstrap.errors import Unreachable
from mlflow_bootstrap.kubernetes import Cluster

_POLL_S = 1.0
_REPORT_EVERY_S = 30.0


@dataclass
class Stopped:
    """What was running before: `replicas` and `scheduled` say what to give back, None and False what was not there."""

    replicas: int | None = None
    scheduled: bool = False


class Writers:
    """A Deployment, a CronJob, and every pod with a label: `selector` finds them all."""

    def __init__(self, cluster: Cluster, namespace: str, deployment: str, cronjob: str, selector: str) -> None:
        self._cluster, self._selector = cluster, selector
        self._deployment, self._cronjob = deployment, cronjob
        self._scale = f"/apis/apps/v1/namespaces/{namespace}/deployments/{deployment}/scale"
        self._schedule = f"/apis/batch/v1/namespaces/{namespace}/cronjobs/{cronjob}"
        self._pods = f"/api/v1/namespaces/{namespace}/pods"

    def stop(self, stopped: Stopped) -> None:
        """Scales to zero and suspends. Writes to `stopped` what it is about to change, before it does."""
        cronjob = self._cluster.get(self._schedule)
        if cronjob is not None and not cronjob["spec"].get("suspend", False):
            stopped.scheduled = True
            self._cluster.patch(self._schedule, {"spec": {"suspend": True}})
            log.say("suspended", cronjob=self._cronjob)
        scale = self._cluster.get(self._scale)
        replicas = scale["spec"].get("replicas", 0) if scale is not None else 0
        if replicas:
            stopped.replicas = replicas
            self._cluster.patch(self._scale, {"spec": {"replicas": 0}})
            log.say("scaled to 0", deployment=self._deployment, before=replicas)

    def wait(self, timeout_s: float) -> None:
        """Returns when nothing that writes is left. Raises Unreachable at the deadline, naming what is."""
        started = reported = time.monotonic()
        while left := self._left():
            now = time.monotonic()
            if now - started > timeout_s:
                raise Unreachable(f"after {timeout_s:.0f} s still there: {', '.join(left)}")
            if now - reported > _REPORT_EVERY_S:
                reported = now
                log.say("waiting for the writers to end", left=left, seconds=round(now - started))
            time.sleep(_POLL_S)

    def _left(self) -> list[str]:
        """What writes or is about to: a controller that has not seen the change yet may still make a pod."""
        try:
            scale = self._cluster.get(self._scale) or {}
            cronjob = self._cluster.get(self._schedule) or {}
            # The pods of finished Jobs stay for their logs.
            ended = "status.phase!=Succeeded,status.phase!=Failed"
            pods = self._cluster.get(self._pods, labelSelector=self._selector, fieldSelector=ended) or {"items": []}
        except Unreachable as error:
            # A rolling API server is no reason to give up; the deadline is.
            return [str(error)]
        left = [f"pod {pod['metadata']['name']}" for pod in pods["items"]]
        left += [f"job {job['name']}" for job in cronjob.get("status", {}).get("active", [])]
        if scale.get("status", {}).get("replicas", 0):
            left.append(f"deployment {self._deployment}")
        return left

    def restore(self, stopped: Stopped) -> None:
        """Gives back what `stop` took."""
        if stopped.replicas is not None:
            self._cluster.patch(self._scale, {"spec": {"replicas": stopped.replicas}})
            log.say("scaled back", deployment=self._deployment, replicas=stopped.replicas)
        if stopped.scheduled:
            self._cluster.patch(self._schedule, {"spec": {"suspend": False}})
            log.say("resumed", cronjob=self._cronjob)
