"""The interface for programs: bytes with their addresses, layers kept apart, errors as problems."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import brotli
import pytest
from flask.testing import FlaskClient

from store.map_frames import frames_between, publish_frames
from tests.webapp.browser import Browser
from tests.webapp.conftest import Clock
from tests.webapp.world import AREA, BIN, PACK_8, PACK_9, World, picture

MakeBrowser = Callable[[str], Browser]


def manifest(one: Browser | FlaskClient) -> dict[str, Any]:
    found: dict[str, Any] = one.get("/api/v1/map/manifest").get_json()
    return found


def test_the_public_manifest_is_coarse_hourly_and_late(client: FlaskClient) -> None:
    found = manifest(client)
    assert (found["layer"], found["resolution"]) == ("public", 8)
    assert found["bins"][-1]["end"] == "2026-11-20T14:00:00+00:00"  # it is 15:30, and one whole hour late
    assert len(found["bins"]) == 24
    assert all(entry["interval"] is None for entry in found["bins"])
    assert len(found["density"]["codes"]) == 64
    assert found["window"]["bins"] == [entry["start"] for entry in found["bins"]]


@pytest.mark.parametrize("person", ["group", "headquarters"])
def test_groups_and_headquarters_get_base_bins_with_intervals(browser: MakeBrowser, person: str) -> None:
    found = manifest(browser(person))
    assert (found["layer"], found["resolution"]) == ("group", 9)
    assert found["bins"][-1]["end"] == "2026-11-20T15:30:00+00:00"
    assert all(entry["interval"] for entry in found["bins"])


@pytest.mark.parametrize("person", ["owner_a", "carrier_a", "disabled"])
def test_owners_and_operators_get_the_public_map(browser: MakeBrowser, person: str) -> None:
    assert manifest(browser(person))["layer"] == "public"


def test_a_frame_is_the_bytes_for_ever(client: FlaskClient) -> None:
    entry = manifest(client)["bins"][-1]
    response = client.get(entry["frame"])
    assert response.data[:3] == bytes([0, 1, 40])
    assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    again = client.get(entry["frame"], headers={"If-None-Match": response.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_frames_of_the_group_layer_are_not_there_for_others(browser: MakeBrowser) -> None:
    group = browser("group")
    entry = manifest(group)["bins"][-1]
    for address in (entry["frame"], entry["venues"], entry["interval"]):
        response = group.get(address)
        assert response.status_code == 200
        assert response.headers["Cache-Control"].startswith("private")
        for person in ("anonymous", "owner_a", "carrier_a", "disabled"):
            assert browser(person).get(address).status_code == 404


def test_after_signing_out_the_frames_are_gone(browser: MakeBrowser) -> None:
    group = browser("group")
    address = manifest(group)["bins"][-1]["frame"]
    group.sign_out()
    assert group.get(address).status_code == 404


def test_a_public_picture_too_young_to_be_shown_is_not_there(client: FlaskClient, world: World, clock: Clock) -> None:
    with world.database.read() as connection:
        newest = frames_between(connection, "public", clock.now - timedelta(hours=2), clock.now)[-1]
    address = f"/api/v1/map/frames/{newest.frame_digest}"
    assert client.get(address).status_code == 404
    clock.now = newest.bin_end + timedelta(hours=1)
    assert client.get(address).status_code == 200


def test_the_fine_hexagons_are_for_groups(browser: MakeBrowser) -> None:
    address = f"/api/v1/map/areas/{AREA}/"
    assert browser("anonymous").get(address + "8").data == PACK_8
    assert browser("anonymous").get(address + "9").status_code == 404
    assert browser("group").get(address + "9").data == PACK_9


def test_the_window_is_every_picture_of_the_day_in_order(client: FlaskClient) -> None:
    found = manifest(client)
    frames = [client.get(entry["frame"]).data for entry in found["bins"]]
    venues = [client.get(entry["venues"]).data for entry in found["bins"]]
    assert client.get(found["window"]["url"]).data == b"".join(frames)
    assert client.get(found["window"]["venues_url"]).data == b"".join(venues)


def test_the_window_puts_older_lists_of_venues_into_the_newest_order(
    browser: MakeBrowser, world: World, clock: Clock
) -> None:
    ids = [world.venue_ids[name] for name in "CA"]
    clock.now += BIN
    with world.database.begin() as connection:
        from store.map_frames import keep_venue_list

        keep_venue_list(connection, ids)
        row = picture("group", clock.now - BIN, clock.now, ids, 7) | {"venue_frame": bytes([6, 5])}
        publish_frames(connection, [row])
    data = browser("group").get(manifest(browser("group"))["window"]["venues_url"]).data
    assert data[-2:] == bytes([6, 5])
    assert data[:2] == bytes([1, 5])  # before: A 5, B ..., C 1


@pytest.mark.parametrize("end", ["nonsense", "20261120T150000Z", "20300101T000000Z", "20261120T134500Z"])
def test_a_window_that_is_not_there_says_so(client: FlaskClient, end: str) -> None:
    assert client.get(f"/api/v1/map/window/public/{end}").status_code == 404


def test_the_window_of_the_group_layer_is_for_groups(browser: MakeBrowser) -> None:
    address = manifest(browser("group"))["window"]["url"]
    assert browser("anonymous").get(address).status_code == 404
    assert browser("anonymous").get("/api/v1/map/window/other/20261120T140000Z").status_code == 404


def test_bytes_come_compressed_as_the_reader_likes(client: FlaskClient) -> None:
    address = manifest(client)["bins"][-1]["frame"]
    plain = client.get(address).data
    br = client.get(address, headers={"Accept-Encoding": "gzip, br"})
    gz = client.get(address, headers={"Accept-Encoding": "gzip"})
    assert (br.headers["Content-Encoding"], brotli.decompress(br.data)) == ("br", plain)
    assert (gz.headers["Content-Encoding"], gzip.decompress(gz.data)) == ("gzip", plain)
    assert "Accept-Encoding" in br.headers["Vary"]


def test_venues_come_in_the_order_of_their_bytes(client: FlaskClient, world: World) -> None:
    found = client.get(manifest(client)["venues"]["url"]).get_json()["venues"]
    assert [one["id"] for one in found] == [world.venue_ids[name] for name in "ABC"]
    assert found[0]["name"]["kk"] == "A мейрамханасы"
    assert found[0]["status"]["colour"] == "grey"


def test_the_list_is_searched_sorted_and_paged(client: FlaskClient) -> None:
    listed = client.get("/api/v1/venues?near=43.26,76.95&sort=distance").get_json()
    assert [one["name"] for one in listed["venues"]] == ["Venue C", "Venue B", "Venue A"]
    assert client.get("/api/v1/venues?q=venue+b").get_json()["count"] == 1
    assert client.get("/api/v1/venues?page=999").get_json()["page"] == 1


def test_the_list_holds_no_numbers_for_anybody(browser: MakeBrowser) -> None:
    for person in ("anonymous", "owner_a", "group", "headquarters"):
        for listed in browser(person).get("/api/v1/venues").get_json()["venues"]:
            assert set(listed["crowding"]) == {"code", "words", "age_words", "observed_clock", "age_class"}


def test_a_card_at_a_moment_is_of_the_bin_that_holds_it(browser: MakeBrowser, world: World) -> None:
    address = f"/api/v1/venues/{world.venue_ids['A']}?at="
    card = browser("group").get(address + "2026-11-20T14:50:00Z").get_json()["crowding"]
    assert (card["observed_clock"], card["low"]) == ("20:00", 4101)
    assert (
        browser("anonymous").get(address + "2026-11-20T13:30:00Z").get_json()["crowding"]["observed_clock"]
        == "18:00–19:00"
    )
    assert browser("anonymous").get(address + "2026-11-20T15:10:00Z").get_json()["crowding"]["code"] == "no-data"


def test_a_status_can_be_asked_for_at_any_moment(client: FlaskClient, world: World) -> None:
    address = f"/api/v1/venues/{world.venue_ids['B']}/status"
    now = client.get(address).get_json()
    assert (now["rule"], now["colour"], now["evidence"]) == ("S6", "grey", [])
    assert now["policy_version"]
    assert now["what_would_change"]
    assert client.get(address + "?at=2021-03-01T12:00:00%2B06:00").get_json()["at"] == "2021-03-01T12:00:00+06:00"
    before = client.get(address + "?at=2019-01-01T00:00:00Z")
    assert (before.status_code, before.get_json()["code"]) == (422, "policy-none-in-force")


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/api/v1/nothing", 404, "not-found"),
        ("/api/v1/venues/none", 404, "not-found"),
        ("/api/v1/venues?page=0", 422, "invalid-request"),
        ("/api/v1/venues?near=here", 422, "invalid-request"),
        ("/api/v1/venues/x?at=yesterday", 422, "invalid-request"),
        ("/api/v1/venues/x?at=2026-11-20T14:50:00", 422, "invalid-request"),
        ("/api/v1/map/frames/zz", 404, "not-found"),
    ],
)
def test_errors_are_problems_with_a_stable_code(client: FlaskClient, path: str, status: int, code: str) -> None:
    response = client.get(path)
    assert (response.status_code, response.mimetype) == (status, "application/problem+json")
    body = response.get_json()
    assert (body["status"], body["code"], body["type"]) == (status, code, f"urn:oryn:problem:{code}")


def test_a_wrong_method_is_a_problem_that_names_the_right_ones(client: FlaskClient) -> None:
    response = client.post("/api/v1/venues")
    assert (response.status_code, response.get_json()["code"]) == (405, "method-not-allowed")
    assert "GET" in response.headers["Allow"]


def test_an_unforeseen_error_is_a_problem_without_its_inside(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def burst(*_: object) -> None:
        raise RuntimeError("the password is hunter2")

    monkeypatch.setattr("webapp.api.map_views.pictures.manifest", burst)
    response = client.get("/api/v1/map/manifest")
    assert (response.status_code, response.get_json()["code"]) == (500, "internal-error")
    assert b"hunter2" not in response.data


def test_health_tells_what_is_missing(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    assert client.get("/healthz").get_json() == {"state": "alive"}
    monkeypatch.setattr("webapp.health.schema_is_current", lambda _: False)
    response = client.get("/readyz")
    assert (response.status_code, response.get_json()["checks"]["database"]) == (503, False)
