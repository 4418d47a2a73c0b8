"""What the runner lets out of the house, and where: everything is off until it is asked for."""

from coach.model.frozen import dataclass


@dataclass(frozen=True, slots=True)
class HandoverWishes:
    """is_outbox: each run becomes a FIT file in `outbox/`. intervals_key: personal API key of intervals.icu; "": off.

    broker: host of an MQTT broker; "": off. is_broker_tls: with the certificates that this machine trusts.
    """

    is_outbox: bool = False
    intervals_key: str = ""
    broker: str = ""
    broker_port: int = 1883
    broker_user: str = ""
    broker_password: str = ""
    is_broker_tls: bool = False


@dataclass(frozen=True, slots=True)
class HandoverStatus:
    """How it goes. n_waiting: runs to be uploaded yet. failure: why the last try failed; "" where it did not."""

    wishes: HandoverWishes
    n_waiting: int
    n_sent: int
    failure: str = ""
    is_broker_linked: bool = False
    broker_failure: str = ""
