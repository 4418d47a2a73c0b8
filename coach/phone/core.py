"""What the phone's page calls in its worker, by JSON text and bytes; all rules are the home's.

The page owns radio, storage, sound and clock; this owns everything that decides. Sensors are talked to by the same
conversations as at home: the page carries out one step at a time (`step`) and gives the answer back. What a sensor
answered before the run is kept and becomes the run's first notifications, since decoders need its ranges; the stream
before the run is not.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from coach.errors import CoachError, LinkError
from coach.language.phrases import in_language, phrases_of
from coach.language.signs import DEFAULT
from coach.live.pipeline_factory import make_pipeline, profile_texts
from coach.model.documents import JsonObject
from coach.model.links import LinkEvent, LinkStatus, SensorUse
from coach.model.plain import from_plain, to_plain
from coach.model.recordings import RecordingHeader
from coach.model.runner import RunnerProfile
from coach.model.samples import Notification
from coach.model.steps import Conversation, Listen, Read, Step
from coach.model.workouts import Workout
from coach.packets.commands import link_plan
from coach.packets.decoders import decoder_for
from coach.packets.settings import with_lower_rate
from coach.phone.pack import Answers, Pack, Readiness, pain_now, prepare, signs_are_due, why_stale, workouts_now
from coach.phone.run import Message, PhoneRun
from firmware_config.loader import load_profile, load_profiles

_HEARD_AT_MOST: Final = 200  # notifications kept of one conversation: the longest here has some twenty
LOSS_SHARE: Final = 0.05  # of a sensor's readings lost over `LOSS_OVER`: ask for a lower rate; chosen by judgement
LOSS_OVER: Final = 2000  # readings, about ten seconds at 208 Hz


class PhoneCore:
    """The core of one page. program_version: of the program this core was cut from; core_version: hash of its code.

    Methods raise CoachError (or ValueError for text that does not fit); `call` in the worker turns them into words.
    """

    def __init__(self, program_version: str = "", core_version: str = "") -> None:
        self._versions = {"program": program_version, "core": core_version}
        self._say = phrases_of(DEFAULT)
        self._pack: Pack | None = None
        self._is_used = False
        self._uses: dict[str, SensorUse] = {}
        self._talks: dict[str, Conversation[None]] = {}
        self._steps: dict[str, Step] = {}
        self._heard: dict[str, list[tuple[str, bytes]]] = {}
        self._losses: dict[str, tuple[int, int]] = {}
        self._relinked: dict[str, int] = {}  # readings that had come when a link was made (again)
        self._run: PhoneRun | None = None

    def speak(self, language: str) -> None:
        """Say from now on in `language` what is said to the runner; what goes home stays as it is."""
        self._say = phrases_of(language)

    # Before the run ------------------------------------------------------------------------------------------------

    def open_pack(self, text: str, is_used: bool) -> str:
        """Open a pack as fetched from home. is_used: a run has been made with it."""
        self._pack, self._is_used = from_plain(Pack, json.loads(text)), is_used
        return self.pack_state(self._pack.made_at.isoformat())

    def pack_state(self, now: str) -> str:
        """Return {"run_id", "made_at", "stale_because", "signs_are_due", "focus", "wishes", "sensors", "shoes"}."""
        pack, at = self._pack, datetime.fromisoformat(now)
        if pack is None:
            return "{}"
        profile = pack.profile
        return self._text(
            {
                "run_id": pack.run_id,
                "made_at": pack.made_at,
                "stale_because": why_stale(pack, at, self._is_used),
                "signs_are_due": signs_are_due(pack, at),
                "focus": pack.focus,
                "units": profile.units,
                "wishes": {
                    "speech": profile.speaks_cues,
                    "tone": profile.plays_tones,
                    "vibration": profile.vibrates,
                    "language": profile.language,
                },
                "sensors": pack.sensors,
                "shoes": pack.shoes,
            }
        )

    def readiness(self, answers: str, now: str) -> str:
        """Return what the run that starts now would be: {"plan", "pain", "listens_because", "workouts"}."""
        at = datetime.fromisoformat(now)
        if self._pack is None:
            return self._text({"plan": None, "pain": None, "listens_because": "nothing was taken along from home"})
        given = from_plain(Answers, json.loads(answers))
        ready = prepare(self._pack, given, at, is_used=self._is_used)
        offers = [
            {"id": workout.id, "title": self._say(workout.title), "is_allowed": is_allowed, "words": words}
            for workout, is_allowed, words in workouts_now(self._pack, ready)
        ]
        shown = {"plan": ready.plan, "pain": ready.pain, "listens_because": ready.listens_because}
        return self._text({**shown, "workouts": offers})

    def pain(self, answers: str, now: str) -> str:
        """Return what pain and red flags allow, with the answers so far; null without a pack."""
        if self._pack is None:
            return "null"
        return self._text(pain_now(self._pack, from_plain(Answers, json.loads(answers)), datetime.fromisoformat(now)))

    # Sensors -------------------------------------------------------------------------------------------------------

    def profiles(self) -> str:
        """Return the sensors that can be chosen: [{"id", "title", "kind", "wear_sites", "needs_bond"}]."""
        return self._text(
            [
                {
                    "id": p.id,
                    "title": p.title,
                    "kind": p.kind,
                    "wear_sites": p.wear_sites,
                    "needs_bond": p.needs_bond,
                }
                for p in load_profiles().values()
                if p.is_bluetooth
            ]
        )

    def find(self, profile_id: str, name: str = "") -> str:
        """Return what to ask the browser's chooser for: {"filters", "services"}. name: exactly this sensor."""
        profile = load_profile(profile_id)
        services = [{"services": [s]} for s in profile.find.services]
        prefixes = [{"namePrefix": n} for n in profile.find.name_prefixes]
        filters: list[JsonObject] = [{"name": name}] if name else [*services, *prefixes]
        return self._text({"filters": filters, "services": [s.uuid for s in profile.services]})

    def link(self, use: str) -> str:
        """Begin to link a sensor: {"subscribe", "optional", "battery", "needs_bond"}; then `step` until it ends."""
        wanted = from_plain(SensorUse, json.loads(use))
        is_new = wanted != self._uses.get(wanted.sensor_id)
        self._uses[wanted.sensor_id] = wanted
        plan = link_plan(load_profile(wanted.profile_id), wanted)
        self._talks[wanted.sensor_id] = plan.start()
        self._heard[wanted.sensor_id] = []
        if self._run is not None and is_new:
            self._join(wanted)
        return self._text(
            {
                "subscribe": plan.subscribe,
                "optional": plan.optional,
                "battery": plan.battery,
                "needs_bond": plan.needs_bond,
            }
        )

    def step(self, sensor_id: str, answer: bytes | None = None, fault: str = "") -> str:
        """Return the next step of the conversation; answer: of the last one, None: none in time; fault: why it failed.

        {"do": "read" | "write" | "listen" | "pause", ...}, {"do": "end"}, or {"do": "fail", "words"}.
        """
        talk, before = self._talks[sensor_id], self._steps.pop(sensor_id, None)
        if answer is not None and isinstance(before, Read | Listen):
            self._keep(sensor_id, before.characteristic, bytes(answer))
        try:
            step = talk.throw(LinkError("refused", fault)) if fault else talk.send(answer if before else None)
        except StopIteration:
            return self._text({"do": "end"})
        except LinkError as error:
            return self._text({"do": "fail", "words": str(error)})
        self._steps[sensor_id] = step
        return self._text({"do": type(step).__name__.lower(), **to_plain(step)})

    def forget(self, sensor_id: str) -> None:
        """Leave a sensor out of the run."""
        for kept in (self._uses, self._talks, self._heard):
            kept.pop(sensor_id, None)

    def lower_rate(self, sensor_id: str) -> str:
        """Return a use with half the rate where more than `LOSS_SHARE` of the last readings were lost; null: leave it.

        Lost are readings that the sensor's own clock or numbers say were sent; a phone cannot ask for a shorter
        connection interval, so fewer bytes are the only remedy.
        """
        use, run = self._uses.get(sensor_id), self._run
        if use is None or run is None:
            return "null"
        report = next((r for r in run.pipeline.reports() if r.sensor_id == sensor_id), None)
        if report is None:
            return "null"
        n_sent = report.n_samples + report.n_missing
        if (n_then := self._relinked.get(sensor_id)) is not None:
            if report.n_samples > n_then:  # the gap is counted: for want of a link, which a lower rate would not mend
                del self._relinked[sensor_id]
            self._losses[sensor_id] = (n_sent, report.n_missing)
            return "null"
        before_sent, before_missing = self._losses.get(sensor_id, (0, 0))
        if n_sent - before_sent < LOSS_OVER:
            return "null"
        self._losses[sensor_id] = (n_sent, report.n_missing)
        if report.n_missing - before_missing <= LOSS_SHARE * (n_sent - before_sent):
            return "null"
        eased = with_lower_rate(load_profile(use.profile_id), use)
        return self._text(eased) if eased else "null"

    # The run -------------------------------------------------------------------------------------------------------

    def start(self, run_id: str, started_at: str, answers: str, facts: str = "{}") -> str:
        """Start the run with the linked sensors; gives its status.

        facts: JSON of the header (place, offset ...), with "workout_id" of a structured run from the pack.
        """
        if self._run is not None:
            raise CoachError("a run is going on: stop it first")
        at = datetime.fromisoformat(started_at)
        uses = tuple(self._uses.values())
        pack, given = self._pack, from_plain(Answers, json.loads(answers))
        shoes = str(json.loads(facts).get("shoes") or "")
        ready = prepare(pack, given, at, is_used=self._is_used, shoes=shoes) if pack is not None else None
        workout = _chosen(str(json.loads(facts).get("workout_id") or ""), pack, ready)
        profile = pack.profile if pack is not None else RunnerProfile()
        settings: dict[str, object] = {
            **json.loads(facts),
            "source": "phone",
            "core_version": self._versions["core"],
            "plan": to_plain(ready.plan) if ready else None,
            **({"workout": to_plain(workout)} if workout else {}),
            "answers": to_plain(given),
            "pack": {"run_id": pack.run_id, "made_at": to_plain(pack.made_at)} if pack is not None else None,
            "listens_because": ready.listens_because if ready else "nothing was taken along from home",
        }
        header = RecordingHeader(run_id, at, self._versions["program"], uses, profile_texts(uses), settings)
        pipeline = make_pipeline(uses, profile, ready.engine if ready else None)
        self._run = PhoneRun(header, pipeline, ready.plan if ready else None, workout)
        self._losses = {}
        self._is_used = True
        for sensor_id, heard in self._heard.items():
            for characteristic, payload in heard:
                self._run.feed(Notification(sensor_id, characteristic, 0.0, payload))
        return self._text(self._run.status())

    def feed(self, sensor_id: str, characteristic: str, t_s: float, payload: bytes) -> str:
        """Take one notification, or a value that was read. Messages for the page as [[kind, data], ...],
        "" for none."""
        if self._run is None:
            if not self._is_data(sensor_id, characteristic):
                self._keep(sensor_id, characteristic, bytes(payload))
            return ""
        return self._messages(self._run.feed(Notification(sensor_id, characteristic, t_s, bytes(payload))))

    def tick(self, t_s: float) -> str:
        """Let time pass without a notification; call it each second. Messages as of `feed`."""
        return self._messages(self._going().tick(t_s))

    def link_changed(self, sensor_id: str, t_s: float, status: str, reason: str, words: str) -> str:
        """Note that a sensor was lost, or streams again."""
        if LinkStatus(status) is LinkStatus.STREAMING:
            reports = {report.sensor_id: report for report in self._going().pipeline.reports()}
            self._relinked[sensor_id] = reports[sensor_id].n_samples if sensor_id in reports else 0
        return self._messages(self._going().link(LinkEvent(sensor_id, t_s, LinkStatus(status), reason, words)))

    def act(self, verb: str, t_s: float, arguments: str = "{}") -> str:
        """Do what the runner asks for: pause, resume, lap {kind}, mute {is_muted}, pain {level, is_calf},
        take_back_pain."""
        run, given = self._going(), json.loads(arguments)
        match verb:
            case "pause":
                return self._messages(run.pause(t_s))
            case "resume":
                return self._messages(run.resume(t_s))
            case "lap":
                return self._messages(run.lap(t_s, str(given.get("kind", "lap"))))
            case "mute":
                return self._messages(run.mute(t_s, bool(given["is_muted"])))
            case "pain":
                return self._messages(run.pain(t_s, int(given["level"]), bool(given.get("is_calf", False))))
            case "take_back_pain":
                return self._messages(run.take_back_pain(t_s))
        raise ValueError(f"a run knows no {verb}")

    def hidden(self, start_s: float, end_s: float) -> None:
        """Note that the page was hidden or frozen between two times [s]: what is missing there was never received."""
        self._going().hidden(start_s, end_s)

    def clock(self, t_s: float, wall_ms: float) -> None:
        """Note what the wall clock shows [Unix ms] at `t_s`."""
        self._going().clock(t_s, wall_ms)

    def status(self) -> str:
        """Return what a page that has just been opened must know; without a run a `run_id` of null."""
        return self._text(self._run.status() if self._run is not None else {"run_id": None})

    def reports(self) -> str:
        """Return what became of each sensor's bytes so far."""
        return self._text(self._run.pipeline.reports() if self._run is not None else [])

    def take_log(self) -> bytes:
        """Return bytes to append to the log now; call it each second."""
        return self._run.take_log() if self._run is not None else b""

    def finish(self, t_s: float) -> str:
        """End the run; `take_end` then gives the last bytes of its log."""
        run = self._going()
        messages = run.finish(t_s)
        latest = run.latest
        document: Mapping[str, object] = {
            "run_id": run.header.run_id,
            "elapsed_s": run.timeline.elapsed_s(t_s),
            "distance_m": latest.distance_m if latest else None,
            "n_cues": run.n_cues,
        }
        return self._text({"messages": messages, "run": document})

    def take_end(self) -> bytes:
        """Return the last bytes of the log, after `finish`; the core is then free for the next run."""
        run = self._going()
        self._run = None
        return run.take_end()

    # Inside --------------------------------------------------------------------------------------------------------

    def _messages(self, messages: list[Message]) -> str:
        return self._text(messages) if messages else ""

    def _text(self, value: object) -> str:
        said = in_language(to_plain(value), self._say)
        return json.dumps(said, ensure_ascii=False, separators=(",", ":"), allow_nan=False)

    def _going(self) -> PhoneRun:
        if self._run is None:
            raise CoachError("no run is going on: start one first")
        return self._run

    def _keep(self, sensor_id: str, characteristic: str, payload: bytes) -> None:
        """Keep what a sensor said before the run; during one it is in the log already."""
        heard = self._heard.get(sensor_id)
        if self._run is None and heard is not None and len(heard) < _HEARD_AT_MOST:
            heard.append((characteristic, payload))

    def _is_data(self, sensor_id: str, characteristic: str) -> bool:
        use = self._uses.get(sensor_id)
        found = load_profile(use.profile_id).characteristics().get(characteristic.lower()) if use else None
        return found is None or found.role == "data"

    def _join(self, use: SensorUse) -> None:
        run = self._going()
        run.changed(use, profile_texts([use])[use.profile_id])
        run.pipeline.add(use.sensor_id, decoder_for(load_profile(use.profile_id), use))


def _chosen(workout_id: str, pack: Pack | None, ready: Readiness | None) -> Workout | None:
    """Return the structured run that was chosen, None for a free run; raises CoachError where it may not be led."""
    if not workout_id:
        return None
    offers = workouts_now(pack, ready) if pack is not None and ready is not None else []
    for workout, is_allowed, words in offers:
        if workout.id == workout_id:
            if not is_allowed:
                raise CoachError(words)
            return workout
    raise CoachError("this structured run was not taken along: choose another")
