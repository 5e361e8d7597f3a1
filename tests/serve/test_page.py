"""The page: its files and policy, and what a person sees of it in a real Chromium."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from tests.browsers import chromium

from harmaug.guard import Guard
from harmaug.serve.static import FOLDER

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

DROP = """(text) => {
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([text], "rows.jsonl"));
  const event = new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true });
  document.getElementById("drop").dispatchEvent(event);
}"""
PROMPT = "how do i bake bread at home? here is a story about a lazy dog."


def test_files_come_with_a_strict_policy_and_refer_to_nothing_outside(
    client: httpx.Client,
) -> None:
    for path in ("/", "/docs"):
        answer = client.get(path)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assets = re.findall(r'(?:src|href)="([^"#]+)"', answer.text)
        assert len(assets) >= 3
        assert all(asset.startswith("/") for asset in assets)
        assert {client.get(asset).status_code for asset in assets} == {200}
    for file in FOLDER.iterdir():
        found = re.findall(r"https?://\S+", file.read_text(encoding="utf-8"))
        assert [each for each in found if "www.w3.org/2000/svg" not in each] == []
    tag = client.get("/").headers["etag"]
    assert client.get("/", headers={"If-None-Match": tag}).status_code == 304


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.mark.slow
def test_a_person_checks_texts_a_conversation_and_a_file(
    browser: Browser,
    address: str,
    guard: Guard,
    tmp_path: Path,
) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844}, color_scheme="dark")
    wrong: list[str] = []
    requested: list[str] = []
    page.on("console", lambda message: wrong.append(message.text))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda request: requested.append(request.url))
    page.goto(address)
    page.locator("#point option").first.wait_for(state="attached")

    page.get_by_label("Prompt", exact=True).last.fill(f"🥖 {PROMPT}")
    page.keyboard.press("Control+Enter")
    page.get_by_text("ms to explain").wait_for()
    score = guard.check(f"🥖 {PROMPT}").score
    assert page.locator("#score").inner_text() == f"{score:.3f}"
    assert page.locator("#texts .judged").inner_text() == f"🥖 {PROMPT}"
    assert page.locator("mark.word").count() >= 1
    for word in page.locator("mark.word").all_inner_texts():
        assert re.fullmatch(r"[\w']+", word)
    assert page.locator("#points li").count() == 3
    page.get_by_label("Flag at").select_option("lenient")
    flagged = score >= 0.9
    assert page.locator("#word span").inner_text() == ("Flagged" if flagged else "Safe")

    page.get_by_role("tab", name="Prompt").focus()
    page.keyboard.press("ArrowRight")
    page.get_by_label("Conversation", exact=True).last.fill(
        "User: how do i bake\nbread?\nAssistant: sorry, no"
    )
    page.get_by_role("button", name="Check").click()
    chat = guard.check("how do i bake\nbread?", "sorry, no").score
    page.get_by_text(f"{chat:.3f}", exact=True).wait_for()
    page.get_by_label("Conversation", exact=True).last.fill("no names here")
    page.get_by_role("button", name="Check").click()
    page.get_by_text("Start the first line with").wait_for()

    rows = [json.dumps({"prompt": f"bread {number}"}) for number in range(20)]
    file = tmp_path / "rows.jsonl"
    file.write_text("\n".join([*rows, "no json"]), encoding="utf-8")
    page.get_by_role("tab", name="File").click()
    page.locator("#upload").set_input_files(file)
    page.get_by_text("Save as .jsonl").wait_for()
    cells = page.locator("#rows tr td:nth-child(3)").all_inner_texts()
    expected = guard.score([f"bread {number}" for number in range(20)])
    assert cells == [*(f"{score:.3f}" for score in expected), "–"]
    assert page.locator("#rows tr").last.inner_text().split("\t")[1] == "not judged"

    user, tool = {"role": "user", "content": "a"}, {"role": "tool", "content": "b"}
    bot = {"role": "bot", "content": "b"}
    call = {"role": "assistant", "content": None, "tool_calls": [{"id": "1"}]}
    image = {"role": "user", "content": [{"type": "image_url"}]}
    asked = ([user, call, tool], [user, call], [user, bot], [call], [user, image])
    chats = "\n".join(json.dumps({"messages": messages}) for messages in asked)
    dropped = f'{{"prompt": "dropped bread"}}\nno json\n{chats}'
    page.evaluate(DROP, dropped)
    page.get_by_text("dropped bread").wait_for()
    words = page.locator("#rows tr td:nth-child(2)").all_inner_texts()
    assert [word == "not judged" for word in words] == [False, True, False, False, True, True, True]

    width = page.evaluate("() => document.documentElement.scrollWidth")
    assert width <= 390
    assert wrong == []
    assert all(url.startswith((address, "blob:")) for url in requested)
    page.close()


def _open(browser: Browser, address: str) -> Page:
    page = browser.new_page()
    page.goto(address)
    page.locator("#point option").first.wait_for(state="attached")
    return page


def _let_go(page: Page, held: list[Route]) -> None:
    """Let the request about "one" that is held go on, and the page take in what it is answered."""
    with page.expect_response(lambda got: "one" in (got.request.post_data or "")) as got:
        held.pop().continue_()
    got.value.finished()
    page.evaluate("() => new Promise((resume) => setTimeout(resume, 50))")


def _refuse(route: Route, status: int) -> None:
    route.fulfill(status=status, json={"error": {"message": f"refused with {status}"}})


@pytest.mark.slow
def test_a_verdict_stands_without_its_explanation(browser: Browser, address: str) -> None:
    page = _open(browser, address)

    def answer(route: Route) -> None:
        if "explain" in (route.request.post_data or ""):
            _refuse(route, 504)
        else:
            route.continue_()

    page.route("**/v1/check", answer)
    page.get_by_label("Prompt", exact=True).last.fill(PROMPT)
    page.keyboard.press("Control+Enter")
    page.get_by_text("not explained: refused with 504").wait_for()
    assert page.locator("#verdict").is_visible()
    page.close()


@pytest.mark.slow
def test_a_late_explanation_is_not_shown_over_what_came_after(
    browser: Browser, address: str
) -> None:
    page = _open(browser, address)
    wrong: list[str] = []
    held: list[Route] = []

    def answer(route: Route) -> None:
        sent = json.loads(route.request.post_data or "")
        if sent.get("explain") and sent["prompt"] == "one":
            held.append(route)
        else:
            route.continue_()

    def check(text: str) -> None:
        page.get_by_label("Prompt", exact=True).last.fill(text)
        page.keyboard.press("Control+Enter")

    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.route("**/v1/check", answer)
    check("one")
    page.get_by_text("explaining …").wait_for()
    check("two")
    page.get_by_text("ms to explain").wait_for()
    shown = page.locator("#verdict").inner_text()
    _let_go(page, held)
    assert page.locator("#verdict").inner_text() == shown

    check("one")
    page.get_by_text("explaining …").wait_for()
    page.evaluate(DROP, '{"prompt": "dropped bread"}')
    page.get_by_text("dropped bread").wait_for()
    _let_go(page, held)
    assert page.locator("#verdict").is_hidden()
    assert "1 judged" in page.locator("#counts").inner_text()
    assert wrong == []
    page.close()


@pytest.mark.slow
def test_a_late_verdict_is_not_shown_over_what_came_after(browser: Browser, address: str) -> None:
    page = _open(browser, address)
    held: list[Route] = []

    def answer(route: Route) -> None:
        if json.loads(route.request.post_data or "")["prompt"] == "one":
            held.append(route)
        else:
            route.continue_()

    page.route("**/v1/check", answer)
    for text in ("one", "two"):
        page.get_by_label("Prompt", exact=True).last.fill(text)
        page.keyboard.press("Control+Enter")
    page.get_by_text("ms to explain").wait_for()
    shown = page.locator("#verdict").inner_text()
    _let_go(page, held)
    assert page.locator("#verdict").inner_text() == shown
    page.close()


@pytest.mark.slow
@pytest.mark.parametrize("status", [413, 422, 504])
def test_a_refused_batch_is_sent_row_by_row(browser: Browser, address: str, status: int) -> None:
    page = _open(browser, address)

    def answer(route: Route) -> None:
        if "worst" in (route.request.post_data or ""):
            _refuse(route, status)
        else:
            route.continue_()

    page.route("**/v1/check", answer)
    rows = [json.dumps({"prompt": f"{word} bread"}) for word in ("good", "worst", "better")]
    page.evaluate(DROP, "\n".join(rows))
    page.get_by_text("2 judged").wait_for()
    assert page.locator("#rows tr").nth(1).inner_text().split("\t")[1] == "not judged"
    assert page.get_by_text(f"refused with {status}").count() == 1
    page.close()


@pytest.mark.slow
def test_a_row_is_opened_while_the_rest_of_the_file_is_judged(
    browser: Browser, address: str
) -> None:
    page = _open(browser, address)
    held: list[Route] = []

    def answer(route: Route) -> None:
        if "bread 39" in (route.request.post_data or ""):
            held.append(route)
        else:
            route.continue_()

    page.route("**/v1/check", answer)
    page.evaluate(DROP, "\n".join(json.dumps({"prompt": f"bread {n}"}) for n in range(40)))
    page.get_by_text("32 judged").wait_for()
    assert page.locator("#rows tr").last.inner_text().split("\t")[1] == "waiting"
    page.get_by_role("button", name="bread 7", exact=True).click()
    page.get_by_text("ms to explain").wait_for()
    assert page.evaluate("() => document.activeElement.id") == "word"
    shown = page.locator("#status").inner_text()
    held.pop().continue_()
    page.get_by_text("40 judged").wait_for()
    page.get_by_text("Save as .jsonl").wait_for()
    assert page.locator("#status").inner_text() == shown
    page.get_by_label("Prompt", exact=True).last.fill("another")
    page.keyboard.press("Control+Enter")
    page.locator("#table-part").wait_for(state="hidden")
    page.get_by_role("tab", name="File").click()
    assert page.locator("#rows tr").count() == 40
    page.close()


@pytest.mark.slow
def test_of_a_large_file_the_first_lines_are_shown_and_all_are_saved(
    browser: Browser, address: str
) -> None:
    page = _open(browser, address)
    result = {"score": 0.1, "in_scope": True, "flagged": False}
    page.route(
        "**/v1/check",
        lambda route: route.fulfill(
            json={"results": [result] * len(json.loads(route.request.post_data or "")["items"])}
        ),
    )
    page.evaluate(DROP, "\n".join(f'{{"prompt": "bread {n}"}}' for n in range(2_100)))
    page.get_by_text("2100 judged, 0 flagged").wait_for(timeout=90_000)
    page.get_by_text("The first 2000 of 2100 lines are shown").wait_for()
    assert page.locator("#rows tr").count() == 2_000
    page.close()
