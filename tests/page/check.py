#!/usr/bin/env python3
"""Opens a report's page of five thousand services in Chromium, and uses it as a person does.

    python3 tests/page/check.py PAGE.html [DIRECTORY FOR SCREENSHOTS]
    python3 tests/page/check.py --browser

The second form tells which browser there is, and fails if there is none.

The page is what tests/reports writes. It is searched, filtered, sorted and turned by clicks and keys; the numbers on it are compared with
those of the services that are in it. Nothing may be asked of any network, and nothing may be said on the console. Python's standard
library is all this needs: Chromium is spoken to through two pipes (--remote-debugging-pipe), in the Chrome DevTools Protocol.
"""

import base64
import json
import os
import pathlib
import select
import shutil
import subprocess
import sys
import tempfile
import time

# Longer than anything here takes; it only ever ends a browser that hangs.
WATCHDOG_SECONDS = 120

# Chromium, by the names that it has.
NAMES = ("chromium", "google-chrome", "chromium-browser")

FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--remote-debugging-pipe",
]


def browser():
    found = next(filter(None, map(shutil.which, NAMES)), None)
    return found or sys.exit(f"there is no browser by any of the names {', '.join(NAMES)}; apt-get install chromium")


class Browser:
    """A Chromium of its own, and one page in it."""

    def __init__(self, profile):
        commands, self._commands = os.pipe()
        self._answers, answers = os.pipe()
        self.events, self._rest, self._number = [], b"", 0
        # It reads commands from 3 and writes answers to 4, whatever numbers they have here.
        script = 'commands=$1 answers=$2; shift 2; eval "exec \\"\\$@\\" 3<&$commands 4>&$answers"'
        shell = ["bash", "-c", script, "bash", str(commands), str(answers), browser(), *FLAGS, f"--user-data-dir={profile}", "about:blank"]
        self.process = subprocess.Popen(shell, pass_fds=(commands, answers), stderr=subprocess.DEVNULL)
        os.close(commands)
        os.close(answers)
        self._session = None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]

    def call(self, method, **parameters):
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._commands, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") != self._number:
                self.events.append(answer)
            elif "error" in answer:
                sys.exit(f"{method}: {answer['error']}")
            else:
                return answer["result"]

    def wait_for(self, method):
        while not any(event.get("method") == method for event in self.events):
            self.events.append(self._next())

    def _next(self):
        deadline = time.monotonic() + WATCHDOG_SECONDS
        while b"\0" not in self._rest:
            if not select.select([self._answers], [], [], max(0, deadline - time.monotonic()))[0]:
                sys.exit("Chromium does not answer")
            more = os.read(self._answers, 1 << 20)
            if not more:
                sys.exit("Chromium has ended; does it start at all?")
            self._rest += more
        message, self._rest = self._rest.split(b"\0", 1)
        return json.loads(message)

    def close(self):
        """Has it end itself with all its processes, and ends it if it does not."""
        try:
            os.write(self._commands, json.dumps({"id": self._number + 1, "method": "Browser.close"}).encode() + b"\0")
            self.process.wait(timeout=10)
        except (OSError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()

    def run(self, script):
        """Returns what an expression of JavaScript is in the page."""
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            sys.exit(f"{script}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def click(self, selector):
        """Clicks the middle of an element, as a mouse does: what lies over it would be clicked instead."""
        place = json.dumps(selector)
        self.run(f"document.querySelector({place}).scrollIntoView({{ block: 'center' }})")
        x, y = self.run(f"(b => [b.x + b.width / 2, b.y + b.height / 2])(document.querySelector({place}).getBoundingClientRect())")
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def press(self, key, code):
        for kind in ("rawKeyDown", "char", "keyUp"):
            text = {"text": "\r"} if kind == "char" and key == "Enter" else {}
            if kind == "char" and not text:
                continue
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code, **text)

    def settle(self):
        """Waits until timers of no duration that were set before have run, and what they changed is drawn."""
        self.run("new Promise(done => setTimeout(() => requestAnimationFrame(() => done(true)), 0))")

    def look(self, name, width, height, dark, directory):
        media = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self.call("Emulation.setEmulatedMedia", features=media)
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)
        self.settle()
        fits = self.run("document.documentElement.scrollWidth <= window.innerWidth")
        expect(f"nothing is wider than a window of {width}", fits, True)
        if directory:
            shot = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=False)
            pathlib.Path(directory, f"{name}.png").write_bytes(base64.b64decode(shot["data"]))


def expect(what, seen, expected):
    if seen != expected:
        sys.exit(f"{what}: {expected!r} was expected, and {seen!r} is there")
    print(f"ok: {what}")


def services_of(page):
    _, data = page.split('<script type="application/json" id="services">', 1)
    return json.loads(data.split("</script>", 1)[0])


FOUND = "document.getElementById('found').textContent"
ROWS = "document.querySelectorAll('#rows tr').length"
COLUMN = "[...document.querySelectorAll('#rows tr')].map(row => row.children[%d].textContent)"


def check(browser, path, directory):
    page = path.read_text(encoding="utf-8")
    services = services_of(page)
    total = len(services)
    for domain in ("Page", "Runtime", "Log", "Network"):
        browser.call(f"{domain}.enable")
    began = time.monotonic()
    browser.call("Page.navigate", url=path.absolute().as_uri())
    browser.wait_for("Page.loadEventFired")
    print(f"loaded {total} services, {len(page) // 1024} KiB, in {time.monotonic() - began:.2f} s")
    found = lambda count: f"{count:,} of {total:,} services"

    expect("all services are found", browser.run(FOUND), found(total))
    expect("one page of them is shown", browser.run(ROWS), min(100, total))
    tiles = [number.replace(",", "") for number in browser.run("[...document.querySelectorAll('.tile b')].map(b => b.textContent)")]
    states = ["protected", "other-defender", "not-protected", "out-of-scope"]
    counts = [str(sum(row[0] == state for row in services)) for state in states]
    expect("the tiles count the services", tiles, counts)
    in_scope = sum(row[0] != "out-of-scope" for row in services)
    protected = sum(row[0] in ("protected", "other-defender") for row in services)
    percent = browser.run("document.querySelector('.percent').firstChild.textContent")
    expect("the share is that of the services", percent, f"{protected * 1000 // in_scope / 10:g}%")
    places = len({(row[2], row[4]) for row in services})
    expect("the matrix has a cell for each account's Region", browser.run("document.querySelectorAll('.matrix td button').length"), places)
    versions = browser.run("[...document.querySelectorAll('.versions tbody .number')].map(td => Number(td.textContent.replace(',', '')))")
    expect("the versions add up to the services in scope", sum(versions), in_scope)

    # Searched by keys.
    browser.click("#search")
    browser.call("Input.insertText", text="Team 7 SERVICE-0001")
    browser.settle()
    wanted = [row for row in services if all(word in json.dumps(row).lower() for word in ("team", "7", "service-0001"))]
    expect("a search finds what holds every word", browser.run(FOUND), found(len(wanted)))
    expect("it shows them", sorted(browser.run(COLUMN % 1))[:3], sorted(row[1] for row in wanted)[:3])
    browser.click("#clear")
    browser.settle()
    expect("everything is shown again", browser.run(FOUND), found(total))

    # Sorted by clicks, and by the keyboard.
    by_region = "th:nth-child(4) button"
    head = "document.querySelector('.services th:nth-child(4)').getAttribute('aria-sort')"
    browser.click(f".services {by_region}")
    expect("a column is sorted", (browser.run(head), browser.run(COLUMN % 3)[0]), ("ascending", min(row[4] for row in services)))
    browser.click(f".services {by_region}")
    expect("and the other way round", (browser.run(head), browser.run(COLUMN % 3)[0]), ("descending", max(row[4] for row in services)))
    browser.run("document.querySelector('.services th:nth-child(2) button').focus()")
    browser.press("Enter", 13)
    names = browser.run(COLUMN % 1)
    expect("a key sorts too", names[:2], sorted(row[1] for row in services)[:2])

    # Turned.
    first = names[0]
    browser.click("#next")
    expect("the next page begins elsewhere", browser.run(COLUMN % 1)[0] != first, True)
    expect("it is the second", browser.run("document.getElementById('page').textContent"), f"Page 2 of {-(-total // 100)}")

    # Filtered by what was added up.
    browser.click(".tile.none")
    browser.settle()
    expect("a tile shows its services", browser.run(FOUND), found(int(counts[2])))
    expect("all of them in its state", set(browser.run(COLUMN % 0)), {"✕ not protected"})
    account, region = browser.run("(cell => [cell.dataset.account, cell.dataset.region])(document.querySelector('.matrix td button'))")
    browser.click(".matrix td button")
    browser.settle()
    there = sum((row[2], row[4]) == (account, region) for row in services)
    expect("a cell shows its services", browser.run(FOUND), f"{found(there)} in {account}, {region}")
    expect("the keyboard is at the table then", browser.run("document.activeElement.id"), "table")
    browser.click("#clear")
    browser.settle()

    # What is printed.
    browser.run("dispatchEvent(new Event('beforeprint'))")
    expect("all of it is printed", browser.run(ROWS), min(total, 5000))
    closed = "document.querySelectorAll('details:not([open])').length"
    expect("the causes of failures too", browser.run(closed), 0)
    browser.run("dispatchEvent(new Event('afterprint'))")
    expect("they are closed again afterwards", browser.run(closed) > 0, True)

    # Everything that can be clicked can be reached by Tab, and says what it is.
    silent = "[...document.querySelectorAll('button, input, select')].filter(it => !(it.textContent || it.labels?.[0]?.textContent).trim()).length"
    expect("nothing that can be used is without words", browser.run(silent), 0)
    expect("nothing is taken out of the order of Tab", browser.run("document.querySelectorAll('button[tabindex]').length"), 0)
    browser.run("document.activeElement.blur(); scrollTo(0, 0)")
    for name, width, dark in (("desktop-light", 1280, False), ("desktop-dark", 1280, True), ("phone-light", 390, False), ("phone-dark", 390, True)):
        browser.look(name, width, 900, dark, directory)
        if directory:
            browser.run("document.getElementById('table').scrollIntoView()")
            browser.look(f"{name}-table", width, 900, dark, directory)
            browser.run("scrollTo(0, 0)")

    # What the policy is there for: nothing else runs, and nothing is fetched.
    before = len(browser.events)
    browser.run("document.body.append(Object.assign(document.createElement('script'), { textContent: 'window.ran = true' }))")
    browser.run("document.body.append(Object.assign(new Image(), { src: 'http://127.0.0.1:9/pixel.png' }))")
    browser.run("fetch('http://127.0.0.1:9/').catch(() => null).then(() => true)")
    expect("no other script runs", browser.run("window.ran === undefined"), True)
    refused = [event for event in browser.events[before:] if event["method"] == "Log.entryAdded"]
    expect("the policy refuses all three", len(refused) >= 3, True)

    asked = [event["params"]["request"]["url"] for event in browser.events[:before] if event["method"] == "Network.requestWillBeSent"]
    expect("nothing but the page itself was asked for", asked, [path.absolute().as_uri()])
    bad = ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded")
    said = [event["params"] for event in browser.events[:before] if event["method"] in bad]
    expect("nothing was said on the console", said, [])


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    if sys.argv[1] == "--browser":
        print(browser())
        return
    path = pathlib.Path(sys.argv[1])
    if not path.is_file():
        sys.exit(f"there is no {path}; `cargo test --test reports` writes it")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        chromium = Browser(profile)
        try:
            check(chromium, path, sys.argv[2] if len(sys.argv) == 3 else None)
        finally:
            chromium.close()


if __name__ == "__main__":
    main()
