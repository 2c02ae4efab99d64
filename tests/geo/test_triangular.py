"""Factors and solves are those of SciPy, in either precision and for any size of block, and leave others running."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest
from scipy import linalg

from geo import triangular

SIZES = (1, 5, triangular.BLOCK - 1, triangular.BLOCK, 2 * triangular.BLOCK + 3)


def positive(size: int) -> np.ndarray:
    random = np.random.default_rng(size)
    root = random.normal(size=(size, size))
    return root @ root.T + size * np.eye(size)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("precision", "near"), [(np.float64, 1e-12), (np.float32, 1e-4)])
def test_a_solve_is_that_of_scipy(size: int, precision: type, near: float) -> None:
    matrix = positive(size)
    right: np.ndarray = np.random.default_rng(1).normal(size=(size, 7)).astype(precision)
    factor = triangular.cholesky(matrix.astype(precision))
    assert factor.dtype == precision
    assert triangular.solve(factor, right) == pytest.approx(linalg.solve(matrix, right), abs=near)
    lower = linalg.solve_triangular(np.linalg.cholesky(matrix), right, lower=True)
    assert triangular.solve_lower(factor, right) == pytest.approx(lower, abs=near)
    assert triangular.solve(factor, right[:, 0]) == pytest.approx(linalg.solve(matrix, right[:, 0]), abs=near)


@pytest.mark.parametrize("shape", [(0,), (0, 3)])
def test_a_system_without_rows_has_an_empty_solution(shape: tuple[int, ...]) -> None:
    assert triangular.solve(np.empty((0, 0)), np.empty(shape)).shape == shape


def test_what_is_not_positive_definite_has_no_factor() -> None:
    with pytest.raises(np.linalg.LinAlgError):
        triangular.cholesky(np.array([[1.0, 2.0], [2.0, 1.0]]))


def test_another_thread_runs_on_while_a_system_is_solved() -> None:
    factor = triangular.cholesky(positive(1200))
    right = np.ones((1200, 4000))
    working = threading.Thread(target=lambda: [triangular.solve(factor, right) for _ in range(3)])
    working.start()
    ticks = 0
    while working.is_alive():
        time.sleep(0.002)
        ticks += 1
    assert ticks > 10
