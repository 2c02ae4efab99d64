"""One job: the scenarios of a network, one after the other, in a process of its own."""

from __future__ import annotations

from benchmarks.accuracy.ours import policy
from benchmarks.accuracy.plan import Job
from benchmarks.accuracy.scoring import Scored, score


def run_job(job: Job) -> list[Scored]:
    """Build, estimate and measure every scenario of a job."""
    rules = policy()
    return [score(build(), rules) for build in job.builders]
