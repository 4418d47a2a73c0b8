"""What a sensor sent, held against a log: a hole, a packet that nobody awaited, one that is there twice."""

from collections import Counter
from types import SimpleNamespace

from tests.kernel.sent import Block, Sent


def test_each_packet_is_logged_lost_twice_or_sent_while_nobody_listened() -> None:
    device = SimpleNamespace(on=lambda *_: None)
    sent = Sent(SimpleNamespace(_send=lambda *_: None, device=device))  # type: ignore[arg-type]  # as far as it is used
    sent.packets = [(1, 10), (1, 11), (1, 12), (2, 13), (2, 14), (2, 15)]
    sent.blocks = [Block(8 * n, 8, (packet,)) for n, (_, packet) in enumerate(sent.packets)]
    counts = sent.against(Counter({10: 1, 12: 1, 14: 2, 15: 1, 99: 1}))
    assert (counts["n_logged"], counts["n_twice"]) == (4, 1)
    assert counts["n_lost"] == 1, "11, between two that are logged; before 13 nothing of its connection is"
    assert counts["n_true_missing"] == 16
    assert counts["holes"] == [8, 8]
