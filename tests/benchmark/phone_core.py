"""Runs in the phone's runtime (Node): what the phone's core does with the notifications of a run, from pack to log.

`run(folder)` reads `case.json` as `tests.benchmark.path.phone_s` writes it and gives how many messages there were.
"""

import json
import os

from coach.model.links import SensorUse
from coach.model.plain import from_plain, to_plain
from coach.phone.core import PhoneCore


def run(folder: str) -> dict[str, object]:
    """{"n_messages": of the core to its page}."""
    with open(os.path.join(folder, "case.json"), encoding="utf-8") as file:  # noqa: PTH123, PTH118
        case = json.load(file)
    core = PhoneCore("0.1.0", "core")
    core.open_pack(json.dumps(case["pack"]), False)
    for use in case["sensors"]:
        core.link(json.dumps(to_plain(from_plain(SensorUse, use))))
    core.start("run", case["now"], json.dumps(case["answers"]))
    n_messages, flushed_s = 0, 0.0
    for sensor_id, characteristic, t_s, payload in case["items"]:
        text = core.feed(sensor_id, characteristic, t_s, bytes.fromhex(payload))
        n_messages += len(json.loads(text)) if text else 0
        if t_s - flushed_s >= 1.0:
            core.take_log()
            flushed_s = t_s
    core.finish(case["items"][-1][2])
    return {"n_messages": n_messages}
