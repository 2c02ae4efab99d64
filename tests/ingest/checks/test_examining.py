"""An examination as a whole: every check answers, honestly; areas and coverage; every code has its words."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import h3

from ingest.checks import CHECKS
from ingest.checks.from_reading import CHECK_OF_CODE, results_of_refusal
from ingest.faults import LANGUAGES, Fault, FileRefused, catalogue
from tests.ingest.checks.past_weeks import AREAS, HOUR, TEN, Operator, codes, found, hour_rows, outcome, today, usual
from tests.ingest.town import HEXAGONS, Town

ROOT = Path(__file__).parents[3]
MESSAGES = tomllib.loads((ROOT / "ingest/messages/checks.toml").read_text("utf-8"))


def test_every_check_answers_once_in_order_and_only_those_with_a_past_are_checked(town: Town) -> None:
    examination = Operator.settled(town).examined(*hour_rows(today()))
    assert tuple(one.check for one in examination.results) == CHECKS
    unchecked = {one.check for one in examination.results if one.outcome == "not-checked"}
    assert unchecked == {"time-zone", "drift"}
    assert all(one.findings for one in examination.results if one.outcome == "not-checked"), "each says what is missing"
    assert examination.notes == ()


def test_counts_below_the_minimum_are_told_by_their_number_only(town: Town) -> None:
    examination = Operator.settled(town).examined(*hour_rows({"A01": 5, "A02": 19, "A03": 20, "A04": 0}))
    (fault,) = found(examination, "small-counts").findings
    assert (fault.code, dict(fault.params)) == ("check-small-counts", {"count": 2, "rows": 4})
    assert fault not in examination.notes, "the receipt counts them already"


def test_repeated_rows_are_said_by_the_check_of_duplicates(town: Town) -> None:
    rows = hour_rows({"A01": 50, "A02": 60})
    examination = Operator.settled(town).examined(*rows, rows[0])
    assert (outcome(examination, "duplicates"), codes(examination, "duplicates")) == ("note", ["rows-repeated"])


def test_rows_of_unknown_areas_that_the_feed_lets_go_are_said(town: Town) -> None:
    town.carrier(feed='unknown_source_areas = "reject"\n')
    town.coverage({"A01": (76.94, 43.23, 76.95, 43.24)})
    examination = Operator(town).examined(*hour_rows({"A01": 50, "stranger": 60}))
    assert codes(examination, "source-areas") == ["source-area-unknown"]


def test_tiles_that_were_never_delivered_before_are_said(town: Town) -> None:
    town.carrier()
    operator = Operator(town)
    known, fresh = HEXAGONS[:3], h3.latlng_to_cell(43.4, 76.5, 9)
    text = "source_area_id,start,end,device_count\n"
    row = "{}," + f"{TEN.isoformat()},{(TEN + HOUR).isoformat()},50\n"
    town.accept(text + "".join(row.format(one) for one in known))
    (fault,) = found(operator.examined_file(text + "".join(map(row.format, (*known, fresh)))), "source-areas").findings
    assert (fault.code, dict(fault.params)) == ("check-areas-new", {"count": 1, "area": fresh, "known": 3})


def test_an_interval_with_too_few_areas_in_force_is_said_at_the_policys_boundary(town: Town) -> None:
    operator = Operator.settled(town)
    least = round(town.place.policy.delivery.coverage_share_min * len(AREAS))
    enough = {area: usual(area, TEN) for area in AREAS[:least]}
    assert outcome(operator.examined(*hour_rows(enough)), "coverage-share") == "ok"
    del enough[AREAS[0]]
    (fault,) = found(operator.examined(*hour_rows(enough)), "coverage-share").findings
    assert (fault.params["present"], fault.params["wanted"], fault.params["percent"]) == (least - 1, 40, 77)


def test_a_refusal_names_its_check_and_leaves_the_others_unchecked() -> None:
    refusal = FileRefused([Fault("identifier-values"), Fault("time-in-future"), Fault("count-negative")])
    outcomes = {one.check: one.outcome for one in results_of_refusal(refusal)}
    assert {check for check, outcome in outcomes.items() if outcome == "refuse"} == {"identifiers", "clock", "schema"}
    assert list(outcomes.values()) == ["refuse"] * 3 + ["not-checked"] * 8, "what refuses the file comes first"
    assert set(outcomes) == set(CHECKS)


def test_every_code_of_the_checks_has_words_is_used_and_is_explained() -> None:
    sources = "".join(path.read_text("utf-8") for path in (ROOT / "ingest/checks").glob("*.py"))
    explained = (ROOT / "docs/operators.md").read_text("utf-8")
    assert [code for code in MESSAGES if set(MESSAGES[code]) != set(LANGUAGES)] == []
    assert [code for code in MESSAGES if f'"{code}"' not in sources] == []
    assert [code for code in MESSAGES if f"`{code}`" not in explained] == []
    used = set(re.findall(r'"((?:check|held)-[a-z-]+)"', sources))
    assert used - set(MESSAGES) == set()
    assert set(CHECK_OF_CODE.values()) <= set(CHECKS)


def test_a_codes_parameters_are_the_same_in_every_language() -> None:
    wrong = [
        code
        for code, words in MESSAGES.items()
        if len({frozenset(re.findall(r"\{(\w+)\}", words[language])) for language in LANGUAGES}) > 1
    ]
    assert wrong == []
    assert set(MESSAGES) <= set(catalogue())
