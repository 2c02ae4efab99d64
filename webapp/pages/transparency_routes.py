"""The addresses of head counts and of what they say about the map to everybody."""

from __future__ import annotations

from flask import Blueprint

from webapp.pages import accuracy, head_counts

COUNTS = "/venues/<string:venue_id>/head-counts"
ID = "int(max=2147483647)"  # what the number of a row can be
BOTH = ["GET", "POST"]


def add_to(blueprint: Blueprint) -> None:
    """Add the routes."""
    add = blueprint.add_url_rule
    add(COUNTS, "head_counts", head_counts.show, methods=BOTH)
    add(f"{COUNTS}/<{ID}:count_id>/withdraw", "withdraw_head_count", head_counts.withdraw, methods=BOTH)
    add("/transparency", "transparency", accuracy.index)
    add("/transparency/accuracy", "accuracy", accuracy.show)
    add("/transparency/accuracy.csv", "accuracy_csv", accuracy.table)
