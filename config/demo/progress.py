"""What the seeding says while it works: a bar on a terminal, a line per stage elsewhere."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

WIDTH = 28
EVERY = 0.2  # seconds between two drawings


class Progress:
    def __init__(self, out: TextIO | None) -> None:
        self.out = out
        self.is_live = bool(out and out.isatty())
        self.drawn_at = 0.0

    @contextmanager
    def stage(self, name: str, total: int = 1, unit: str = "") -> Iterator["Stage"]:
        stage = Stage(self, name, total, unit)
        yield stage
        stage.end()


class Stage:
    """`step()` as the work goes on; the rate is of this run, `already` was done by an earlier one."""

    def __init__(self, progress: Progress, name: str, total: int, unit: str) -> None:
        self.progress, self.name, self.total, self.unit = progress, name, max(total, 1), unit
        self.began, self.done, self.already = time.monotonic(), 0, 0

    def resume_at(self, done: int) -> None:
        self.done = self.already = done

    def step(self, count: int = 1, *, note: str = "") -> None:
        self.done += count
        now = time.monotonic()
        if self.progress.is_live and now - self.progress.drawn_at >= EVERY:
            self.progress.drawn_at = now
            self._write(f"\r{self._bar()} {note}\x1b[K")
        elif not self.progress.is_live and self.unit and now - self.progress.drawn_at >= 30:
            self.progress.drawn_at = now
            self._write(f"  {self._bar()} {note}\n")

    def end(self) -> None:
        self.done = max(self.done, self.total)
        start = "\r" if self.progress.is_live else ""
        self._write(f"{start}  {self.name:<34} {time.monotonic() - self.began:6.1f} s\x1b[K\n")

    def _bar(self) -> str:
        share = min(self.done / self.total, 1)
        filled = int(share * WIDTH)
        seconds = max(time.monotonic() - self.began, 0.001)
        rate = (self.done - self.already) / seconds
        left = f", {self._time((self.total - self.done) / rate)} left" if rate and self.done < self.total else ""
        counted = f"{self.done:,} of {self.total:,} {self.unit}{left}" if self.unit else ""
        return f"{self.name:<22} [{'#' * filled}{'·' * (WIDTH - filled)}] {share:4.0%} {counted}"

    @staticmethod
    def _time(seconds: float) -> str:
        minutes, rest = divmod(int(seconds), 60)
        hours, minutes = divmod(minutes, 60)
        return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"

    def _write(self, text: str) -> None:
        if self.progress.out:
            self.progress.out.write(text if self.progress.is_live else text.replace("\x1b[K", ""))
            self.progress.out.flush()
