"""What faces the network, asked by plain requests."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import suppress

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from telemetry.testing import eventually
from vrrehab.testing.silent_session import SilentSession

from .conftest import PASSWORD, Clinic, Visitor

Visiting = Callable[..., Visitor]
Sitting = Callable[..., SilentSession]
WEB_SOCKETS = ("/_nicegui_ws/socket.io/?EIO=4&transport=websocket", "/live")
EVERY_PATH = ("/", "/run", "/after", "/people", "/report/P001", "/stop", "/picture.jpg", "/picture.mjpeg")


@pytest.mark.parametrize("path", EVERY_PATH)
def test_nothing_is_shown_to_who_is_not_logged_in(visitor: Visiting, path: str) -> None:
    nobody = visitor()
    assert nobody.http.get(path).headers["location"].startswith("/login")
    assert nobody.http.get(path, headers={"accept": "application/json"}).status_code == 401


def test_a_wrong_password_is_told_on_the_page_and_logs_nobody_in(visitor: Visiting) -> None:
    nobody = visitor()
    said = nobody.http.post("/login", data={"name": "anna", "password": "wrong-password"})
    assert said.status_code == 403
    assert "Name or password is wrong" in said.text
    assert not nobody.http.cookies


def test_the_cookie_is_for_this_server_alone_and_for_no_script(visitor: Visiting) -> None:
    said = visitor().http.post("/login", data={"name": "anna", "password": PASSWORD})
    cookie = said.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie


def test_after_logging_out_the_old_cookie_is_nobodys(visitor: Visiting, clinic: Clinic) -> None:
    anna = visitor("anna")
    cookies = dict(anna.http.cookies)
    assert anna.http.get("/stop").status_code == 200
    anna.http.post("/logout")
    with httpx.Client(base_url=clinic.console, cookies=cookies) as thief:
        assert thief.get("/stop", headers={"accept": "application/json"}).status_code == 401


@pytest.mark.parametrize("headers", [{"origin": "http://evil.example"}, {"origin": "null"}, {}])
def test_a_form_of_another_site_does_nothing(visitor: Visiting, headers: dict[str, str]) -> None:
    anna = visitor("anna")
    del anna.http.headers["origin"]
    assert anna.http.post("/stop", headers=headers).status_code == 403


def test_a_name_that_somebody_points_here_is_not_answered(visitor: Visiting) -> None:
    said = visitor("anna").http.get("/stop", headers={"host": "rebound.example"})
    assert said.status_code == 403
    assert "answers to (127.0.0.1, ::1, localhost), got 'rebound.example'" in said.text
    assert said.text.endswith("vrrehab console --name HOST")  # what to do where the name is one's own


@pytest.mark.parametrize("path", WEB_SOCKETS)
def test_a_web_socket_of_another_site_is_refused(visitor: Visiting, path: str) -> None:
    anna = visitor("anna")
    with anna.web_socket(path):
        pass
    for who, origin in ((anna, "http://evil.example"), (visitor(), anna.address)):
        with pytest.raises(InvalidStatus), who.web_socket(path, origin):
            pass


def test_a_web_socket_is_cut_soon_after_its_login_has_ended(visitor: Visiting) -> None:
    """Also of a browser that does not go to the login, as the page tells it to."""
    oskar = visitor("oskar")
    said = 0
    with oskar.web_socket(WEB_SOCKETS[0]) as socket, suppress(ConnectionClosed):
        for said in range(60):
            socket.send("3")  # as an answer to a ping, which keeps it open
            if said == 5:
                oskar.http.post("/logout")
            time.sleep(0.1)
    assert 5 < said < 59


@pytest.mark.parametrize("told", [True, False])
def test_what_is_larger_than_any_form_is_not_taken_from_anybody(visitor: Visiting, told: bool) -> None:
    body = b"name=" + b"a" * (1 << 21)
    headers = {"content-type": "application/x-www-form-urlencoded"}
    said = visitor().http.post("/login", content=body if told else iter([body]), headers=headers)
    assert said.status_code == 413


def test_a_page_loads_nothing_from_elsewhere(visitor: Visiting) -> None:
    said = visitor("anna").http.get("/run")
    policy = said.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "http" not in policy.replace("http://", "http")


def test_stop_is_a_form_that_needs_no_script(visitor: Visiting, session: Sitting) -> None:
    running = session()
    oskar = visitor("oskar")
    page = oskar.http.get("/stop").text
    assert "<form method=post action=/stop>" in page
    assert "<script src=/static/theme.js>" in page  # and no other
    assert page.count("<script") == 1
    said = oskar.http.post("/stop").text
    assert "Stopped, in frame" in said
    running.close()
    assert running.status == "stopped"


def test_stop_and_the_picture_work_while_the_pages_hang(clinic: Clinic, visitor: Visiting, session: Sitting) -> None:
    session()
    oskar = visitor("oskar")
    eventually(lambda: oskar.http.get("/picture.jpg").status_code == 200)
    with clinic.hanging():
        numbers: set[int] = set()
        while len(numbers) < 5:
            said = oskar.http.get("/picture.jpg", params={"after": max(numbers, default=0)})
            if said.status_code == 200:
                assert said.content[:2] == b"\xff\xd8"
                numbers.add(int(said.headers["x-number"]))
        assert oskar.stop()["status"] == "applied"


def test_a_page_is_shown_something_once_for_each_time_that_it_asks(visitor: Visiting, session: Sitting) -> None:
    session()
    pictures, skeletons = set[bytes](), set[bytes]()
    with visitor("oskar").web_socket("/live") as socket:
        while len(pictures) < 5 or len(skeletons) < 5:
            socket.send("")
            said = socket.recv(5.0)
            assert isinstance(said, bytes)
            skeleton, picture = said[4 : (end := 4 + int.from_bytes(said[:4], "big"))], said[end:]
            if skeleton:
                assert set(json.loads(skeleton)) == {"tracked", "virtual"}
                skeletons.add(skeleton)
            if picture:
                assert picture[:2] == b"\xff\xd8"
                pictures.add(picture)
        with pytest.raises(TimeoutError):  # what it has not asked for does not queue up
            socket.recv(0.5)


def test_pictures_follow_one_another_without_a_script(visitor: Visiting, session: Sitting) -> None:
    session()
    parts = 0
    with visitor("oskar").http.stream("GET", "/picture.mjpeg") as said:
        assert said.headers["content-type"].startswith("multipart/x-mixed-replace")
        for chunk in said.iter_bytes():
            parts += chunk.count(b"--picture\r\n")
            if parts >= 3:
                break
    assert parts >= 3


def test_stop_sent_again_with_its_key_is_one_stop(visitor: Visiting, session: Sitting) -> None:
    session()
    anna = visitor("anna")
    first, again = (
        anna.http.post("/stop", data={"key": "one-press"}, headers={"accept": "application/json"}).json()
        for _ in range(2)
    )
    assert first["status"] == again["status"] == "applied"
    assert first["frame"] == again["frame"]  # a second Stop would have been applied in a later one


def test_without_a_session_stop_says_so(visitor: Visiting) -> None:
    said = visitor("anna").stop()
    assert (said["status"], said["frame"], said["reason"]) == ("refused", 0, "no session is running")


def test_a_session_that_hangs_is_told_apart_and_asked_again_says_what_became_of_the_stop(
    visitor: Visiting, session: Sitting
) -> None:
    running = session()
    anna = visitor("anna")
    running.hang()

    def stop() -> dict[str, object]:
        said: dict[str, object] = anna.http.post(
            "/stop", data={"key": "while-it-hung"}, headers={"accept": "application/json"}
        ).json()
        return said

    said = stop()
    assert said["status"] == "unanswered"
    assert "not known" in str(said["reason"])
    running.go_on()
    first, again = stop(), stop()
    assert first["status"] == again["status"] == "applied"
    assert first["frame"] == again["frame"]  # a second Stop would have been applied in a later one
