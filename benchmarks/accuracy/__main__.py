"""`python -m benchmarks.accuracy [--quick] [--out FOLDER] [--only TEXT] [--processes N]`: run, print, write."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.accuracy.plan import Job
    from benchmarks.accuracy.scoring import Scored

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")  # before numpy: each process has a core

OUT = Path("docs/accuracy")


def main() -> None:
    """Run the jobs and write what came out."""
    from benchmarks.accuracy import plan, report

    arguments = _arguments()
    jobs = plan.quick() if arguments.quick else plan.full()
    names = [one.name for one in jobs]
    jobs = [one for one in jobs if arguments.only in one.name]
    if not jobs:
        raise SystemExit(f"no network's name holds {arguments.only!r}; there are: {'; '.join(names)}")
    print(f"accuracy: {len(jobs)} networks, {arguments.processes} at a time", flush=True)
    started = time.perf_counter()
    scored: list[Scored] = []
    for done, (name, found) in enumerate(_run(jobs, arguments.processes), 1):
        scored += found
        print(f"  {done:2d}/{len(jobs)} {time.perf_counter() - started:5.0f} s  {name}", flush=True)
        for one in found:
            print(f"       {report.in_one_line(one)}", flush=True)
        report.write(sorted(scored, key=lambda one: one.title), arguments.out)
    print(f"took {time.perf_counter() - started:,.0f} s, written to {arguments.out}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.accuracy", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one seed of the dense networks, night and evening")
    parser.add_argument("--out", type=Path, default=OUT, help="where table and plots go")
    parser.add_argument("--only", default="", help="run only networks whose name holds this text")
    parser.add_argument("--processes", type=int, default=min(2, os.cpu_count() or 1))
    return parser.parse_args()


def _run(jobs: Sequence[Job], processes: int) -> Iterator[tuple[str, list[Scored]]]:
    from benchmarks.accuracy.jobs import run_job

    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context) as pool:
        waiting = {pool.submit(run_job, job): job.name for job in jobs}
        for one in as_completed(waiting):
            yield waiting[one], one.result()


if __name__ == "__main__":
    main()
