"""Plays notifications through the phone's core: the same file runs in CPython and, by Node, in the phone's runtime.

`run(folder)` reads `case.json` and gives everything that was computed, as plain values.
"""

import json
import os
from datetime import datetime

from coach.live.pipeline_factory import make_pipeline
from coach.model.links import SensorUse
from coach.model.plain import from_plain, to_plain
from coach.model.samples import Notification
from coach.phone.core import PhoneCore
from coach.phone.pack import Answers, Pack, prepare


def run(folder: str) -> dict[str, object]:
    """{"pipeline": events, metrics, decisions, responses, reports; "core": messages, end and size of the log}."""
    with open(os.path.join(folder, "case.json"), encoding="utf-8") as file:  # noqa: PTH123, PTH118
        case = json.load(file)
    uses = [from_plain(SensorUse, use) for use in case["sensors"]]
    items = [Notification(s, c, t, bytes.fromhex(h)) for s, c, t, h in case["items"]]
    return {"pipeline": _pipeline(case, uses, items), "core": _core(case, uses, items)}


def _pipeline(case: dict, uses: list[SensorUse], items: list[Notification]) -> dict[str, object]:
    now = datetime.fromisoformat(case["now"])
    pack = from_plain(Pack, case["pack"])
    ready = prepare(pack, from_plain(Answers, case["answers"]), now)
    pipeline = make_pipeline(uses, pack.profile, ready.engine)
    events, metrics, decisions = [], [], []
    for item in items:
        out = pipeline.feed(item)
        events += out.events
        metrics += out.metrics
        decisions += out.decisions
        assert not out.faults, out.faults
    events += pipeline.finish().events
    assert ready.engine is not None
    return {
        "plan": to_plain(ready.plan),
        "events": [[type(event).__name__, to_plain(event)] for event in events],
        "metrics": to_plain(metrics[::5]),
        "decisions": to_plain(decisions),
        "responses": to_plain(pipeline.responses()),
        "outcome": to_plain(ready.engine.outcome("run", now)),
        "reports": to_plain(pipeline.reports()),
    }


def _core(case: dict, uses: list[SensorUse], items: list[Notification]) -> dict[str, object]:
    core = PhoneCore("0.1.0", "core")
    core.open_pack(json.dumps(case["pack"]), False)
    for use in uses:
        core.link(json.dumps(to_plain(use)))
    core.start("run", case["now"], json.dumps(case["answers"]))
    messages, n_log, flushed_s = [], 0, 0.0
    for item in items[: case["n_core"]]:
        text = core.feed(item.sensor_id, item.characteristic, item.t_s, item.payload)
        messages += json.loads(text) if text else []
        if item.t_s - flushed_s >= 1.0:
            n_log += len(core.take_log())
            flushed_s = item.t_s
    end = json.loads(core.finish(items[case["n_core"] - 1].t_s))
    return {"messages": messages[::7], "end": end, "has_log": n_log > 0 and len(core.take_end()) > 0}
