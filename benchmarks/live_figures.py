"""What ``bench live`` measured, and the figures that follow from it."""

from __future__ import annotations

from dataclasses import dataclass, field

from benchmarks.live_clients import Heard
from benchmarks.live_report import Report, Target

UPDATES = ('dashboard_update', 'dashboard_changes')
NAMES = {1.0: 'all', 0.1: '10 %', 0.0: 'none'}
LAGS = {0.5: 'p50', 0.99: 'p99', 1: 'max'}
TARGETS = {
    ('full', 1.0, 'update'): Target(limit=2.5, of_ratio=True),
    ('changes', 0.1, 'beat'): Target(limit=0.5, of_ratio=True),
}


@dataclass(frozen=True, kw_only=True)
class Window:
    """Some beats of a server."""

    beats: int
    cpu: float
    """Milliseconds."""
    heard: Heard
    lag: dict[float, float]
    written: int = 0
    """Predictions that the writer wrote, in this time and the beat before."""

    @property
    def updates(self) -> int:
        return sum(self.heard.events[name] for name in UPDATES)

    @property
    def frame(self) -> float:
        """Bytes of an update."""
        return sum(self.heard.bytes[name] for name in UPDATES) / max(1, self.updates)


@dataclass
class Measured:
    """Everything that one run found out."""

    start: float | None = None
    """CPU of the server from its start until it came to rest."""
    others: float | None = None
    """Percent of the server's core that went to others: what they take makes everything by the clock slower."""
    connected: dict[str, tuple[float, float]] = field(default_factory=dict)
    """Connects a second and kilobytes a client, by server."""
    windows: dict[tuple[str, float], Window] = field(default_factory=dict)
    """By mode and share of the users that change."""
    peer: Window | None = None
    idle: tuple[float, float, float] | None = None
    """Without a beat, in the time of one: CPU of the server alone, CPU of its connections, and their pings."""
    posted: int = 0
    delays: list[float] = field(default_factory=list)
    """Milliseconds from commit to frame, in order."""
    rest: dict[int, tuple[float, float]] = field(default_factory=dict)
    """Requests a second and CPU of each, by status."""


def idle_of(*, alone: float, connected: float, pings: float) -> tuple[float, float, float] | None:
    """The cost of connections that only ping; ``None``: it is lost in what else the server did meanwhile."""
    return (alone, connected - alone, pings) if connected > alone and pings else None


def report_of(users: int, beat: float, database: str, measured: Measured) -> Report:
    report = Report(peer='Node', at='4,000 users')
    report.add('users', users)
    report.add(f'seconds a beat, on {database}', beat)
    report.add("server's core: used by others, %", measured.others)
    report.add('start: CPU ms until at rest', measured.start)
    _connecting(report, measured)
    for key in measured.windows:
        _window(report, key, measured)
    lost = sum(window.heard.lost for window in measured.windows.values())
    report.add('connections lost', lost, target=Target(limit=0))
    if measured.idle:
        alone, connections, pings = measured.idle
        report.add('no beat: CPU ms of the server alone, a beat', alone)
        report.add('no beat: CPU ms of the connections, a beat', connections)
        report.add('no beat: CPU ms of a ping', connections / max(1, pings))
    _commits(report, measured)
    for status, (rate, cpu) in measured.rest.items():
        target = Target(limit=1_500, at_least=True) if status == 304 else None
        report.add(f'REST {status}: requests/s', rate, target=target)
        report.add(f'REST {status}: CPU ms/request', cpu)
    return report


def _connecting(report: Report, measured: Measured) -> None:
    rate, memory = measured.connected['ours']
    peer_rate, peer_memory = measured.connected.get('node', (None, None))
    report.add('connects/s', rate, peer=peer_rate, target=Target(limit=300, at_least=True))
    report.add('memory kB/client', memory, peer=peer_memory, target=Target(limit=1.5, of_ratio=True))
    frame = measured.windows['full', 1.0].frame
    report.add('bytes/update', frame, peer=measured.peer.frame if measured.peer else None)


def _window(report: Report, key: tuple[str, float], measured: Measured) -> None:
    """The peer has one kind of beat, the full one to everybody: all of ours are held against it."""
    window, peer = measured.windows[key], measured.peer
    name = f'{key[0]}, {NAMES[key[1]]} changing'
    if window.updates:
        each = peer.cpu / peer.updates if peer else None
        report.add(
            f'{name}: CPU ms/update', window.cpu / window.updates, peer=each, target=TARGETS.get((*key, 'update'))
        )
    report.add(
        f'{name}: CPU ms/beat',
        window.cpu / window.beats,
        peer=peer.cpu / peer.beats if peer else None,
        target=TARGETS.get((*key, 'beat')),
    )
    if measured.idle and not key[1]:
        target = Target(limit=50) if key[0] == 'changes' else None
        report.add(f'{name}: CPU ms/beat beside pings', window.cpu / window.beats - measured.idle[1], target=target)
    report.add(f'{name}: updates/beat', window.updates / window.beats, peer=peer.updates / peer.beats if peer else None)
    others = window.heard.events.total() - window.updates
    report.add(f'{name}: other events/beat', others / window.beats)
    report.add(f'{name}: written/beat', window.written / (window.beats + 1))
    for quantile, shown in LAGS.items():
        target = Target(limit=50) if shown == 'p99' else None
        if window.lag or target:  # a target that nothing was held against is shown, too
            report.add(f'{name}: loop lag {shown} ms', window.lag.get(quantile), target=target)


def _commits(report: Report, measured: Measured) -> None:
    delays = measured.delays
    report.add('commit to frame: heard of posted', len(delays) / max(1, measured.posted))
    if delays:
        report.add('commit to frame: p50 ms', delays[len(delays) // 2])
        report.add('commit to frame: p95 ms', delays[int(0.95 * (len(delays) - 1))], target=Target(limit=300))
