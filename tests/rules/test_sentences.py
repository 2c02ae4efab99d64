"""Every code that rules and registries can say has its words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ingest.faults import LANGUAGES, catalogue, sentence
from rules.crowding import meaning_of
from rules.occupancy import occupancy_limit
from rules.policy import ZONES
from rules.status import PARTICIPATIONS, StatusFacts, assess
from tests.rules.builders import draft_policy, utc

ROOT = Path(__file__).parents[2]
SPOKEN = re.compile(r'"((?:policy|hours|venues|zones|status|limit-part)-[a-z0-9-]*[a-z0-9])"')


def codes_in(*folders: str) -> set[str]:
    files = [file for folder in folders for file in ROOT.glob(folder)]
    assert files
    return {code for file in files for code in SPOKEN.findall(file.read_text(encoding="utf-8"))}


@pytest.mark.parametrize(
    "code", sorted(codes_in("rules/*.py", "ingest/venues/*.py", "ingest/zones.py", "geo/venue_shapes.py"))
)
def test_every_code_has_its_words(code: str) -> None:
    assert code in catalogue()


@pytest.mark.parametrize(
    "reason",
    re.findall(
        r'"((?:no|hidden|closed|source|limit|neighbours|interval|too|capacity)-[a-z-]+)"',
        (ROOT / "rules/crowding.py").read_text(),
    ),
)
def test_every_reason_of_crowding_has_its_words(reason: str) -> None:
    assert f"crowding-reason-{reason}" in catalogue()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("participation", PARTICIPATIONS)
def test_a_status_can_be_said_in_every_language(participation: str, language: str) -> None:
    status = assess(StatusFacts(participation, None, "Asia/Almaty"), draft_policy(), utc("2021-06-01T12:00+06:00"))
    for words in (status.reason, *status.what_would_change):
        assert "{" not in sentence(words.code, words.params, language)
    assert sentence(status.word, {}, language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_limits_levels_and_zones_can_be_said_in_every_language(language: str) -> None:
    for zone in ZONES:
        assert sentence(f"zone-{zone.replace('_', '-')}", {}, language)
        for kind in draft_policy().categories:
            for part in occupancy_limit(draft_policy(), kind, zone, 10, 100.0, 50).because:
                said = sentence(part.code, {"persons": part.persons or 0, "number": part.number}, language)
                assert "{" not in said
    for level in (1, 2, 3, 4):
        words = meaning_of(level, draft_policy().crowding)
        assert "{" not in sentence(words.code, words.params, language)
        assert sentence(f"crowding-level-{level}", {}, language)


def test_a_fact_that_a_limit_lacks_can_be_said() -> None:
    for fact in ("category", "epidemic-zone", "seats", "area-m2"):
        assert f"limit-missing-{fact}" in catalogue()
        assert f"crowding-reason-limit-unknown-{fact}" in catalogue()


def test_no_word_for_the_public_says_breach() -> None:
    for code, texts in catalogue().items():
        if code.startswith("crowding-"):
            assert not re.search(r"breach|violat|наруш|бұзу", " ".join(texts.values()).casefold())
