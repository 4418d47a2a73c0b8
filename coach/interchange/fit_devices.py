"""Choose for each metric of a FIT file the one device whose fields are taken.

A watch writes its own fields, a pod beside it developer fields. A metric comes from one device through the whole file:
two devices measure the same thing differently (a Stryd's contact time is not a Garmin's), so one must not fill the
other's gaps. The watch's own wins where it has the metric in at least half as many records as the pod; unless pods are
preferred.

Source of RunScribe's names and units: the table of github.com/Runalyze/Runalyze (FIT activity parser).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from coach.interchange.fit_messages import DEVELOPER_VALUES

OWN: Final = ""  # the watch, or whatever wrote the native fields
STRYD, RUNSCRIBE = "Stryd", "RunScribe"
# Native fields, and developer fields of this program: (our name, factor)
_NATIVE: Final[Mapping[str, tuple[str, float]]] = {
    "heart_rate": ("heart_rate_bpm", 1.0),
    "distance": ("distance_m", 1.0),
    "speed": ("speed_mps", 1.0),
    "enhanced_speed": ("speed_mps", 1.0),
    "grade": ("grade_pct", 1.0),
    "power": ("power_w", 1.0),
    "vertical_oscillation": ("vertical_oscillation_mm", 1.0),
    "stance_time": ("contact_time_ms", 1.0),
    "vertical_ratio": ("vertical_ratio_pct", 1.0),
    "stance_time_balance": ("contact_time_balance_pct", 1.0),
    "step_length": ("step_length_m", 0.001),
    **{field.name: (name, 1.0) for name, field in DEVELOPER_VALUES.items()},
}
# Developer fields of pods: (device, our name, factor). Values of two feet are averaged.
_PODS: Final[Mapping[str, tuple[str, str, float]]] = {
    "Power": (STRYD, "power_w", 1.0),
    "Ground Time": (STRYD, "contact_time_ms", 1.0),
    "Vertical Oscillation": (STRYD, "vertical_oscillation_mm", 10.0),  # centimetres
    "ImpactGs": (RUNSCRIBE, "impact_g", 1.0),
    "FS": (RUNSCRIBE, "foot_strike_type", 1.0),
    "Pronation": (RUNSCRIBE, "pronation_deg", 1.0),
    **{
        f"RS_{theirs}_{side}": (RUNSCRIBE, ours, 1.0)
        for theirs, ours in (
            ("Impact_GS", "impact_g"),
            ("FootStrike", "foot_strike_type"),
            ("Pronation", "pronation_deg"),
            ("ContactTime", "contact_time_ms"),
        )
        for side in "LR"
    },
    "RS_Power_AVG": (RUNSCRIBE, "power_w", 1.0),
}
# Zero means that nothing was measured: nobody's foot is on the ground for 0 ms, or steps 0 m.
_NEVER_ZERO: Final = frozenset(
    ("contact_time_ms", "vertical_oscillation_mm", "step_length_m", "vertical_ratio_pct", "contact_time_balance_pct")
)
_NEVER_ZERO_OF_PODS: Final = _NEVER_ZERO | {"impact_g", "foot_strike_type", "pronation_deg"}
Candidates = dict[str, dict[str, float]]


def candidates(fields: Mapping[str, object]) -> Candidates:
    """Return what each device says in a record: metric -> device -> value."""
    found: dict[str, dict[str, list[float]]] = {}
    for name, (ours, factor) in _NATIVE.items():
        value = plain_number(fields.get(name))
        if value is not None and (value or ours not in _NEVER_ZERO):
            found.setdefault(ours, {})[OWN] = [value * factor]
    for name, (device, ours, factor) in _PODS.items():
        value = plain_number(fields.get(name))
        if value is not None and (value or ours not in _NEVER_ZERO_OF_PODS):
            found.setdefault(ours, {}).setdefault(device, []).append(value * factor)
    return {
        name: {device: sum(values) / len(values) for device, values in by_device.items()}
        for name, by_device in found.items()
    }


def chosen(records: Sequence[Candidates], prefers_pods: bool = False) -> dict[str, str]:
    """Return the device of each metric."""
    counts: dict[str, Counter[str]] = {}
    for record in records:
        for name, by_device in record.items():
            counts.setdefault(name, Counter()).update(by_device.keys())
    return {name: _device(found, prefers_pods) for name, found in counts.items()}


def _device(counts: Counter[str], prefers_pods: bool) -> str:
    pods = Counter({device: n for device, n in counts.items() if device != OWN})
    if not pods:
        return OWN
    pod, n_pod = pods.most_common(1)[0]
    if prefers_pods or 2 * counts[OWN] < n_pod:
        return pod
    return OWN


def sources_of(records: Sequence[Candidates], devices: Mapping[str, str], own: str) -> dict[str, str]:
    """Return metric -> name of its device, where a file holds numbers of several; {} where all are of one. own: the
    watch's name. A metric that another device has, too, is said as "a; also b"."""
    others: dict[str, set[str]] = {}
    for record in records:
        for name, by_device in record.items():
            others.setdefault(name, set()).update(by_device)
    if not any(found - {OWN} for found in others.values()):
        return {}
    found = {}
    for name, device in devices.items():
        rest = sorted((one or own) for one in others[name] - {device})
        found[name] = "; also ".join([device or own, *rest])
    return found


def watch_name(messages: Sequence[tuple[str, dict[str, object]]]) -> str:
    """Return what the file calls the device that wrote it."""
    for wanted in ("file_id", "device_info"):
        for name, fields in messages:
            if name == wanted and fields.get("manufacturer") not in (None, "development"):
                product = fields.get("product_name") or fields.get("garmin_product") or ""
                maker = str(fields["manufacturer"]).replace("_", " ")
                return f"{maker[:1].upper()}{maker[1:]} {product}".strip()[:80]
    return "the watch"


def plain_number(value: object) -> float | None:
    """Return a plain number; None for lists, texts and flags."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        return None
    return float(value)
