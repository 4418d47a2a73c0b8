"""Says yes to BlueZ when a sensor pairs: without an agent BlueZ refuses even pairing that asks nothing.

On a desktop another agent may stand ready; ours takes its place only while we pair. Source: BlueZ doc/agent-api.txt.
"""

import contextlib
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbus_fast import Message
    from dbus_fast.aio import MessageBus

_PATH = "/running_coach/agent"
_YES = frozenset({"RequestConfirmation", "RequestAuthorization", "AuthorizeService", "Cancel", "Release"})


@contextlib.asynccontextmanager
async def pairing_agent() -> AsyncIterator[None]:
    """While inside, pairing that needs no keys is agreed to. Where BlueZ cannot be asked, nothing changes."""
    from dbus_fast import BusType  # only there on Linux
    from dbus_fast.aio import MessageBus

    bus = MessageBus(bus_type=BusType.SYSTEM)
    try:
        try:
            await bus.connect()
            await _register(bus)
        except (OSError, EOFError, ValueError):  # no bus: the connect that follows says so in its own words
            pass
        yield
    finally:
        with contextlib.suppress(OSError, EOFError):
            bus.disconnect()
            await bus.wait_for_disconnect()  # type: ignore[no-untyped-call]


async def _register(bus: "MessageBus") -> None:
    from dbus_fast import Message

    bus.add_message_handler(_answer)
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


def _answer(message: "Message") -> "Message | None":
    from dbus_fast import Message, MessageType

    if message.message_type is not MessageType.METHOD_CALL or message.interface != "org.bluez.Agent1":
        return None
    if message.member in _YES:
        return Message.new_method_return(message)
    return Message.new_error(message, "org.bluez.Error.Rejected", "no keys can be entered here")
