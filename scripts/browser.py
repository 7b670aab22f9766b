"""Drives a headless Chromium over its debugging pipe, with nothing but Python's own library."""

import base64
import json
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

NAMES = ["chromium", "chromium-browser", "google-chrome", "chrome"]


def find():
    """The browser's path, or None where there is none."""
    wanted = os.environ.get("CHROMIUM")
    return wanted or next((path for path in map(shutil.which, NAMES) if path), None)


class Browser:
    """A browser with one page; closes with the `with` block."""

    def __init__(self, path):
        self.profile = tempfile.mkdtemp(prefix="martlet-browser-")
        ours_out, theirs_in = os.pipe()[::-1]
        ours_in, theirs_out = os.pipe()

        def connect():
            # Chromium reads commands from descriptor 3 and answers on 4; copies first, as either may be taken.
            read, write = os.dup(theirs_in), os.dup(theirs_out)
            os.dup2(read, 3)
            os.dup2(write, 4)

        self.process = subprocess.Popen(
            [path, "--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe",
             "--no-first-run", "--disable-dev-shm-usage", "--hide-scrollbars",
             f"--user-data-dir={self.profile}", "about:blank"],
            close_fds=False, preexec_fn=connect, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(theirs_in)
        os.close(theirs_out)
        self.commands, self.answers = ours_out, ours_in
        self.number, self.buffer, self.session, self.problems, self.events = 0, b"", None, [], []
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ["Page", "Runtime", "Log", "DOM"]:
            self.send(f"{domain}.enable")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(timeout=20)
        os.close(self.commands)
        os.close(self.answers)
        shutil.rmtree(self.profile, ignore_errors=True)

    def _message(self):
        while b"\0" not in self.buffer:
            chunk = os.read(self.answers, 1 << 16)
            if not chunk:
                raise RuntimeError("the browser ended")
            self.buffer += chunk
        text, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(text)

    def _note(self, message):
        method, values = message.get("method"), message.get("params", {})
        if method == "Runtime.exceptionThrown":
            details = values["exceptionDetails"]
            self.problems.append(details.get("exception", {}).get("description", details["text"]))
        elif method == "Runtime.consoleAPICalled" and values["type"] in ("error", "warning"):
            self.problems.append(" ".join(str(part.get("value")) for part in values["args"]))
        elif method == "Log.entryAdded" and values["entry"]["level"] in ("error", "warning"):
            self.problems.append(values["entry"]["text"])
        elif method:
            self.events.append(method)

    def send(self, method, **values):
        """Carries out a command of the DevTools protocol and gives its result."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": values}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.commands, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._message()
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                return answer["result"]
            self._note(answer)

    def size(self, width, height, phone=False, scale=1):
        self.send("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale,
                  mobile=phone)

    def open(self, path):
        """Loads a file and gives the seconds until its load event."""
        self.events.clear()
        start = time.monotonic()
        self.send("Page.navigate", url=Path(path).resolve().as_uri())
        while "Page.loadEventFired" not in self.events:
            self._note(self._message())
        return time.monotonic() - start

    def run(self, script):
        """The value of an expression of the page."""
        answer = self.send("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"]["exception"].get("description"))
        return answer["result"].get("value")

    def move(self, x, y):
        self.send("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)

    def click(self, selector):
        """Clicks into the middle of an element, as a mouse would."""
        box = self.run(f"""(() => {{ const e = document.querySelector({json.dumps(selector)});
          e.scrollIntoView({{ block: 'center', behavior: 'instant' }}); const b = e.getBoundingClientRect();
          return [b.x + b.width / 2, b.y + b.height / 2]; }})()""")
        for kind in ["mousePressed", "mouseReleased"]:
            self.send("Input.dispatchMouseEvent", type=kind, x=box[0], y=box[1], button="left", clickCount=1)

    def shot(self, path, whole=False):
        """Writes what is seen, or the whole page, as a PNG image."""
        answer = self.send("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        Path(path).write_bytes(base64.b64decode(answer["data"]))

    def pdf(self, path):
        answer = self.send("Page.printToPDF", printBackground=False, paperWidth=8.27, paperHeight=11.69,
                           preferCSSPageSize=True)
        Path(path).write_bytes(base64.b64decode(answer["data"]))
