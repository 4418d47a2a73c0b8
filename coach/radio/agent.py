"""Agree for BlueZ when a sensor pairs: without an agent BlueZ refuses even pairing that asks nothing.

BlueZ asks the default agent also when it pairs by itself, because a sensor asked for encryption at a subscription. On
a desktop another agent may be registered; ours takes its place only while a sensor is set up, and answers for the
sensors that we are setting up, no other device. Source: BlueZ doc/agent-api.txt.
"""

import contextlib
from collections import Counter
from collections.abc import AsyncIterator
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbus_fast import Message
    from dbus_fast.aio import MessageBus

_PATH = "/running_coach/agent"
_YES = frozenset({"RequestConfirmation", "RequestAuthorization", "AuthorizeService"})
_NOTICES = frozenset({"Cancel", "Release"})


@contextlib.asynccontextmanager
async def pairing_agent(path: str, agreed: Counter[str]) -> AsyncIterator[None]:
    """While inside, pairing that needs no keys is agreed to for the device at `path` of BlueZ.

    agreed: how many of us agree for each path; shared, because BlueZ asks only the newest default agent. Where BlueZ
    cannot be asked, nothing changes.
    """
    from dbus_fast import BusType  # only there on Linux
    from dbus_fast.aio import MessageBus

    bus = MessageBus(bus_type=BusType.SYSTEM)
    agreed[path] += 1
    try:
        with contextlib.suppress(OSError, EOFError, ValueError):  # no bus: the connect that follows says so itself
            await bus.connect()
            await _register(bus, agreed)
        yield
    finally:
        agreed[path] -= 1
        with contextlib.suppress(OSError, EOFError):  # it never came up, or is gone: nothing is left to close
            bus.disconnect()
            await bus.wait_for_disconnect()  # type: ignore[no-untyped-call]  # dbus_fast gives it no types


async def _register(bus: "MessageBus", agreed: Counter[str]) -> None:
    from dbus_fast import Message

    bus.add_message_handler(partial(_answer, agreed))
    for member, signature, body in (
        ("RegisterAgent", "os", [_PATH, "NoInputNoOutput"]),
        ("RequestDefaultAgent", "o", [_PATH]),
    ):
        await bus.call(
            Message(
                destination="org.bluez",
                path="/org/bluez",
                interface="org.bluez.AgentManager1",
                member=member,
                signature=signature,
                body=body,
            )
        )


def _answer(agreed: Counter[str], message: "Message") -> "Message | None":
    from dbus_fast import Message, MessageType

    if message.message_type is not MessageType.METHOD_CALL or message.interface != "org.bluez.Agent1":
        return None
    if message.member in _NOTICES or (message.member in _YES and agreed[str(message.body[0])] > 0):
        return Message.new_method_return(message)
    return Message.new_error(message, "org.bluez.Error.Rejected", "no keys can be entered here")
