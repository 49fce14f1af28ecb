"""The page of `make demo` in a real browser: Chromium without a window, driven by the WebDriver protocol (W3C)."""

import base64
import json
import re
import shutil
import subprocess
import urllib.request
from pathlib import Path

import pytest
from stage import BUILT

ROOT = Path(__file__).parents[2]
#: The events of the demo, in their order.
INTRUSION = re.search(r"^INTRUSION := (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)[1].split()
#: A phone, and a screen.
WIDTHS = [(390, 800), (1280, 900)]

pytestmark = pytest.mark.skipif(
    shutil.which("chromedriver") is None, reason="no chromedriver here: Debian has it in chromium-driver, .ci/run installs it"
)


class Browser:
    """A browser that has nothing but one window."""

    def __init__(self, profile):
        self._driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE, text=True)
        port = next(found[1] for line in self._driver.stdout if (found := re.search(r"successfully on port (\d+)", line)))
        self._at = f"http://127.0.0.1:{port}/session"
        quiet = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-quic"]
        arguments = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", f"--user-data-dir={profile}", *quiet]
        options = {"goog:chromeOptions": {"args": arguments}, "goog:loggingPrefs": {"browser": "ALL"}}
        session = self._call("POST", "", {"capabilities": {"alwaysMatch": options}})
        self._at += "/" + session["sessionId"]

    def _call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._at + path, data, {"Content-Type": "application/json"}, method=method)
        # Not by the proxy that the environment may name.
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=60) as answer:
            return json.load(answer)["value"]

    def open(self, file, size):
        self._call("POST", "/window/rect", dict(zip(("width", "height"), size)))
        self._call("POST", "/url", {"url": file.as_uri()})

    def run(self, script):
        return self._call("POST", "/execute/sync", {"script": script, "args": []})

    def complaints(self):
        """What stands in the console: errors, and what the page's policy refused."""
        return self._call("POST", "/se/log", {"type": "browser"})

    def picture(self):
        return base64.b64decode(self._call("GET", "/screenshot"))

    def close(self):
        self._call("DELETE", "")
        self._driver.terminate()
        self._driver.wait()


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    browser = Browser(tmp_path_factory.mktemp("profile"))
    yield browser
    browser.close()


def page(folder, *events):
    """The page with the mails of these events."""
    at = ["--at", "2026-11-22T06:00:11Z", "--format", "html"]
    files = [f"events/{event}.json" for event in events]
    made = subprocess.run([BUILT / "examples" / "preview", *at, *files], cwd=ROOT, check=True, stdout=subprocess.PIPE)
    file = folder / "page.html"
    file.write_bytes(made.stdout)
    return file


@pytest.mark.parametrize("size", WIDTHS, ids=["phone", "screen"])
def test_the_six_mails_of_an_intrusion_can_be_read(browser, tmp_path, size):
    browser.open(page(tmp_path, *INTRUSION), size)

    shown = browser.run("""
        return Array.from(document.querySelectorAll("article"), article => {
            const [head, text] = [article.querySelector("h2"), article.querySelector("pre")];
            const ink = getComputedStyle(text), box = text.getBoundingClientRect();
            return {
                severity: article.className, subject: head.innerText, text: text.innerText,
                size: parseFloat(ink.fontSize), height: box.height, left: box.left, right: box.right,
            };
        });
    """)
    window = browser.run("return {width: innerWidth, content: document.documentElement.scrollWidth}")

    assert len(shown) == len(INTRUSION) == 6
    for mail in shown:
        assert f"[{mail['severity'].upper()}]" in mail["subject"]
        assert mail["text"].startswith(mail["severity"].upper()) and "IF THIS WAS NOT EXPECTED" in mail["text"]
        assert mail["size"] >= 12 and mail["height"] > 400, "it can be read"
        assert 0 <= mail["left"] < mail["right"] <= window["width"]
    assert window["content"] <= window["width"], "nobody has to scroll sideways"
    assert browser.run("return performance.getEntriesByType('resource').length") == 0, "nothing is fetched"
    assert browser.complaints() == []
    assert browser.picture().startswith(b"\x89PNG")


def test_each_severity_has_its_colour(browser, tmp_path):
    events = sorted(file.stem for file in (ROOT / "events").glob("*.json") if file.name != "account.json")
    browser.open(page(tmp_path, *events), WIDTHS[1])
    colours = browser.run("""
        const colour = article => [article.className, getComputedStyle(article).borderLeftColor];
        return Array.from(document.querySelectorAll("article"), colour);
    """)
    by_severity = dict(colours)
    assert set(by_severity) == {"low", "medium", "high", "critical"}
    assert len(set(map(tuple, colours))) == len(set(by_severity.values())) == 4


def test_what_an_attacker_writes_stays_text(browser, tmp_path):
    browser.open(page(tmp_path, "create_user_hostile"), WIDTHS[1])

    tags = browser.run("return Array.from(document.body.querySelectorAll('*'), it => it.tagName)")
    assert set(tags) == {"H1", "ARTICLE", "H2", "PRE"}
    assert browser.run("return document.scripts.length") == 0
    assert browser.complaints() == []


def test_the_page_of_the_browser_refuses_what_would_run(browser, tmp_path):
    """The policy of the page holds also if the escaping failed."""
    file = page(tmp_path, "create_user")
    injected = "<script>document.title = 'run'</script><img src='https://example.com/x.png'>"
    file.write_text(file.read_text().replace("<article", injected + "<article", 1))
    browser.open(file, WIDTHS[1])

    assert browser.run("return document.title") != "run"
    assert len([it for it in browser.complaints() if "Content Security Policy" in it["message"]]) == 2
