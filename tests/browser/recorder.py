"""Everything about a page that must never happen, written down while it happens."""

from dataclasses import dataclass, field
from typing import Any

# Before any script of the page: what its Content-Security-Policy refused, as the browser itself reports it.
REPORT_REFUSALS = """
addEventListener("securitypolicyviolation", (event) => {
  const where = `${event.sourceFile}:${event.lineNumber}`;
  window.holdfastRefused?.(`${event.violatedDirective} refused ${event.blockedURI || "inline"} (${where})`);
});
"""
OWN_SCHEMES = ("data:", "blob:", "about:")


@dataclass
class Recorder:
    """Watches one page. `faults` stays empty on a good one; `expect` names what a test causes on purpose."""

    origin: str
    faults: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)

    def watch(self, page: Any) -> None:
        page.expose_function("holdfastRefused", lambda words: self.add(f"content policy: {words}"))
        page.add_init_script(REPORT_REFUSALS)
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.add(f"script error: {error}"))
        page.on("request", self._request)
        page.on("response", self._response)
        page.on("requestfailed", self._failed)

    def expect(self, words: str) -> None:
        """Faults that contain `words` are the test's own doing."""
        self.expected.append(words)

    def add(self, fault: str) -> None:
        if fault not in self.faults:
            self.faults.append(fault)

    def unexpected(self) -> list[str]:
        return [fault for fault in self.faults if not any(words in fault for words in self.expected)]

    def _console(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            where = message.location or {}
            self.add(f"console {message.type}: {message.text} ({where.get('url', '')}:{where.get('lineNumber', '')})")

    def _request(self, request: Any) -> None:
        if not request.url.startswith((f"{self.origin}/", *OWN_SCHEMES)):
            self.add(f"external request: {request.url}")

    def _response(self, response: Any) -> None:
        if response.status >= 400:
            self.add(f"answer {response.status}: {response.request.method} {response.url}")

    def _failed(self, request: Any) -> None:
        if request.failure != "net::ERR_ABORTED":  # a page left while something was still loading
            self.add(f"request failed: {request.url} ({request.failure})")
