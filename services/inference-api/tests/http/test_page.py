"""The page, in a browser: what serves, a prediction, a fault beside its field, a promotion without a reload."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from mlflow.tracking import MlflowClient
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests import models
from tests.http.conftest import Served
from tests.http.service import key_line
from tests.publish import publish

pytestmark = pytest.mark.slow

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SECONDS = 30_000.0
expect.set_options(timeout=SECONDS)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    assert Path(CHROMIUM).exists(), f"{CHROMIUM} is missing: apt-get install chromium"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture
def faults() -> list[str]:
    """What the browser complains about."""
    return []


@pytest.fixture
def page(browser: Browser, faults: list[str], tmp_path: Path) -> Iterator[Page]:
    """A page that notes errors, and any request to another place than the service."""
    opened = browser.new_page(viewport={"width": 1200, "height": 900})
    opened.set_default_timeout(SECONDS)
    opened.on("console", lambda message: faults.append(message.text) if message.type in {"error", "warning"} else None)
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.on(
        "request",
        lambda request: None if request.url.startswith(("http://127.0.0.1:", "data:")) else faults.append(request.url),
    )
    yield opened
    if folder := os.environ.get("SCREENSHOTS"):
        opened.screenshot(path=f"{folder}/{tmp_path.name}.png", full_page=True)
    opened.close()


def test_it_shows_the_version_and_predicts(page: Page, served: Served, faults: list[str]) -> None:
    page.goto(served.service.url)
    expect(page.locator("#version")).to_have_text(served.version)
    expect(page.locator("#name")).to_have_text(served.name)
    expect(page.locator("#state")).to_have_text("ready")
    expect(page.locator("#metrics")).to_contain_text("auc")
    expect(page.locator("#challenger")).not_to_contain_text("registry")  # no challenger is no fault
    page.get_by_role("button", name="Predict").click()
    expected = served.model.golden["response"]["predictions"][0]
    expect(page.locator("#answer strong")).to_have_text(f"{expected:.4g}")
    expect(page.locator("#answer")).to_contain_text(f"version {served.version}")
    assert faults == []


def test_the_form_knows_types_and_categories(page: Page, served: Served) -> None:
    page.goto(served.service.url)
    carrier = page.get_by_label("carrier")
    expect(carrier.locator("option")).to_have_text(["AA", "DL", "UA"])
    expect(carrier).to_have_value("UA")
    expect(page.get_by_label("distance")).to_have_value("0.5")
    expect(page.get_by_label("distance")).to_have_attribute("type", "number")


def test_a_bad_value_is_marked_beside_its_field_and_can_be_put_right(page: Page, served: Served) -> None:
    page.goto(served.service.url)
    page.get_by_label("seats").fill("1.5")
    page.get_by_role("button", name="Predict").click()
    expect(page.locator("#answer")).to_contain_text("The input does not fit the model")
    expect(page.get_by_label("seats")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#field-1-wrong")).to_contain_text("not a fraction")
    page.get_by_label("seats").fill("2")
    page.get_by_role("button", name="Predict").click()
    expect(page.locator("#answer strong")).to_be_visible()
    expect(page.locator("#field-1-wrong")).to_be_hidden()


def test_a_promotion_is_seen_without_a_reload(
    page: Page, own: Callable[..., Served], client: MlflowClient, faults: list[str]
) -> None:
    served = own()
    page.goto(served.service.url)
    expect(page.locator("#version")).to_have_text(served.version)
    page.evaluate("document.body.dataset.same = 'yes'")
    version = publish(client, served.name, models.columns(3.0, optional=("distance",)), "champion")
    expect(page.locator("#version")).to_have_text(version, timeout=SECONDS)
    page.get_by_role("button", name="Predict").click()
    expect(page.locator("#answer")).to_contain_text(f"version {version}")
    assert page.evaluate("document.body.dataset.same") == "yes"
    assert faults == []


def test_an_image_can_be_painted_with_the_keyboard(
    page: Page, of_layout: Callable[[str], Served], faults: list[str]
) -> None:
    served = of_layout("tensors")
    page.goto(served.service.url)
    page.get_by_role("button", name="Blank").click()
    canvas = page.locator("canvas")
    canvas.focus()
    for key in ("ArrowDown", "ArrowRight", " "):
        canvas.press(key)
    values = page.evaluate("JSON.parse(document.querySelector('textarea').value)")
    assert [[value > 0 for value in row] for row in values] == [
        [False] * 4,
        [False, True, False, False],
        [False] * 4,
        [False] * 4,
    ]
    page.get_by_role("button", name="Predict").click()
    expect(page.locator("#answer")).to_contain_text("probabilities")
    assert faults == []


def test_with_keys_the_page_asks_for_one(page: Page, own: Callable[..., Served], tmp_path: Path) -> None:
    (tmp_path / "keys").write_text(key_line("ann", "open-sesame"))
    served = own(API_KEYS_FILE=str(tmp_path / "keys"), key="open-sesame")
    page.goto(served.service.url)
    expect(page.locator("#state")).to_have_text("locked")
    page.get_by_label("API key").fill("wrong")
    page.get_by_role("button", name="Use it").click()
    expect(page.locator("#key-form")).to_be_visible()
    page.get_by_label("API key").fill("open-sesame")
    page.get_by_label("API key").press("Enter")
    expect(page.locator("#version")).to_have_text(served.version)
    expect(page.locator("#key-form")).to_be_hidden()
    page.get_by_role("button", name="Predict").click()
    expect(page.locator("#answer strong")).to_be_visible()


def test_nothing_but_the_service_itself_may_run_or_be_asked(page: Page, served: Served) -> None:
    response = page.goto(served.service.url)
    assert response is not None
    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
