"""What ``bench page`` measured, and the figures that follow from it."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field

from benchmarks.live_figures import LAGS, Window
from benchmarks.live_report import Report, Target
from benchmarks.page_browser import Painted
from benchmarks.page_tabs import TabsHeard

TABS = 1_000
NAMES = {1.0: 'all changed', 0.0: 'nothing changed'}
CPU_TARGETS = {1.0: Target(limit=1.0), 0.0: Target(limit=0.5)}
EMPTY_PAGE_MS = 0.35
"""What the empty page took where these targets were set: on another machine the ratio says whether they are met."""

MEMORY_KB = 300
ON_TIME = 1.1
"""How many beats a tab may wait for what it should be told each beat."""

LARGEST = 8
NOTE = 'Measured elsewhere in the same way, CPU ms per tab and beat: Dash 4.4: 9; Streamlit 1.67: 123.'


@dataclass(frozen=True, kw_only=True)
class TabsWindow(Window):
    """Some beats of a server with tabs."""

    heard: TabsHeard
    tabs: int

    @property
    def cpu_each(self) -> float:
        """Milliseconds for a tab and beat."""
        return self.cpu / self.tabs / self.beats

    def each(self, count: float) -> float:
        """So much as that is for a tab and beat."""
        return count / self.tabs / self.beats

    @property
    def longest_gap(self) -> float | None:
        """Seconds from one word of how fresh the numbers are to the next, which one in a hundred exceeds."""
        gaps = self.heard.gaps
        return statistics.quantiles(gaps, n=100, method='inclusive')[98] if len(gaps) > 1 else None


@dataclass(frozen=True, kw_only=True)
class Opened:
    """What opening the tabs took."""

    tabs: int
    seconds: float
    cpu: float
    """Milliseconds."""
    memory: float
    """Kilobytes."""


@dataclass
class Measured:
    """Everything that one run found out."""

    others: float | None = None
    """Percent of the server's core that went to others: what they take makes everything by the clock slower."""
    opened: dict[str, Opened] = field(default_factory=dict)
    """By server."""
    windows: dict[float, TabsWindow] = field(default_factory=dict)
    """By share of the users that change."""
    memory_later: float | None = None
    """Kilobytes that all tabs took after all that."""
    floor: TabsWindow | None = None
    painted: Painted | None = None


def report_of(beat: float, database: str, measured: Measured) -> Report:
    report = Report(peer='empty page', at=f'{TABS:,} tabs', note=NOTE)
    tabs = measured.opened['ours'].tabs
    report.add('tabs, each of a user of its own', tabs)
    report.add(f'seconds a beat, on {database}', beat)
    report.add("server's core: used by others, %", measured.others)
    for share in measured.windows:
        _window(report, share, measured)
    _memory(report, measured)
    _on_time(report, beat, measured)
    heard = [window.heard for window in measured.windows.values()]
    report.add('tabs sent away', sum(each.gone for each in heard), target=Target(limit=0))
    report.add('connections lost and made again', sum(each.lost for each in heard), target=Target(limit=0))
    _browser(report, measured.painted)
    return report


def _window(report: Report, share: float, measured: Measured) -> None:
    window, floor, name = measured.windows[share], measured.floor, NAMES[share]
    own = floor.cpu_each if floor else None
    report.add(f'{name}: CPU ms/tab and beat', window.cpu_each, peer=own, target=CPU_TARGETS[share])
    if own is not None:
        ratio = Target(limit=round(CPU_TARGETS[share].limit / EMPTY_PAGE_MS, 1), of_ratio=True)
        report.add(f'{name}: the same, against the empty page', window.cpu_each, peer=own, target=ratio)
        report.add(f"{name}: CPU ms/tab and beat beside NiceGUI's own", window.cpu_each - own)
    report.add(f'{name}: messages/tab and beat', window.each(window.heard.events.total()))
    report.add(f'{name}: bytes/tab and beat', window.each(window.heard.bytes.total()))
    report.add(f'{name}: written/beat', window.written / (window.beats + 1))
    for quantile, shown in LAGS.items():
        if window.lag:
            report.add(f'{name}: loop lag {shown} ms', window.lag.get(quantile))


def _memory(report: Report, measured: Measured) -> None:
    ours, floor = measured.opened['ours'], measured.opened.get('floor')
    peer = floor.memory / floor.tabs if floor else None
    target = Target(limit=MEMORY_KB)
    report.add('memory kB/tab', ours.memory / ours.tabs, peer=peer, target=target)
    if measured.memory_later is not None:
        report.add('memory kB/tab, after all beats', measured.memory_later / ours.tabs, target=target)
    report.add('opening a tab: CPU ms', ours.cpu / ours.tabs, peer=floor.cpu / floor.tabs if floor else None)
    report.add('opening tabs: tabs/s', ours.tabs / ours.seconds, peer=floor.tabs / floor.seconds if floor else None)


def _on_time(report: Report, beat: float, measured: Measured) -> None:
    gaps = {share: window.longest_gap for share, window in measured.windows.items()}
    for share, gap in gaps.items():
        report.add(
            f'{NAMES[share]}: p99 of beats between numbers', gap / beat if gap else None, target=Target(limit=ON_TIME)
        )
    on_time = all(gap is not None and gap <= ON_TIME * beat for gap in gaps.values())
    tabs = measured.opened['ours'].tabs
    report.add('tabs with the beat on time', tabs if on_time else 0, target=Target(limit=TABS, at_least=True))
    for share, window in measured.windows.items():
        report.add(f"{NAMES[share]}: tabs' CPU would fill a core at", 1000 * beat / max(window.cpu_each, 0.001))


def _browser(report: Report, painted: Painted | None) -> None:
    before = painted.before if painted else []
    packed = sum(one.packed for one in before) / 1000 if painted else None
    number, charts = (painted.number, painted.charts) if painted else (None, None)
    report.add('browser: ms to the first number', number, target=Target(limit=1_000))
    report.add('browser: ms to all charts', charts)
    report.add('before the first number: kB gzipped', packed, target=Target(limit=450))
    if painted:
        report.add('before the first number: kB as sent', sum(one.wire for one in before) / 1000)
        report.add('before the first number: files', len(before))
    for one in before[:LARGEST]:
        report.add(f'  {one.path.rpartition("/")[2] or one.path}: kB gzipped', one.packed / 1000)
