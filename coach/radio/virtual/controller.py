"""bumble's software Bluetooth controller and air, with what they lack: cancelled connects, and sensors out of range.

bumble 0.0.236: Create-Connection-Cancel sends no event, so a connect that times out would hang; a controller taken
off the link still advertises; its link takes the sender's present random address for that of the connection, which
Linux changes with each scan; it ignores "filter duplicates", which every chip honours; BlueZ cannot use its
LL_PRIVACY and extended advertising (google/bumble issue 841).
"""

import asyncio
from typing import Any

from bumble import hci, ll
from bumble.controller import Controller
from bumble.core import PhysicalTransport
from bumble.link import LocalLink

_DATA_LENGTH = 251  # of Bluetooth 4.2 and later; bumble has the 27 of older controllers


class SteadyController(Controller):
    """A controller whose connects can be cancelled and which filters duplicates when asked to.

    Filtering, it reports each advertiser once per scan enable (Core 5.4, Vol 4, Part E, 7.8.11).
    feature_delay_s: how long the peer's features take. A real radio needs a connection interval; without it BlueZ can
    see the ATT socket before the connection (0.03 s there, 0 for our own backend).
    """

    def __init__(self, *args: Any, feature_delay_s: float = 0.0, **kwargs: Any) -> None:
        self._feature_delay_s = feature_delay_s
        self._reported: set[tuple[str, int]] = set()
        super().__init__(*args, **kwargs)
        self.le_acl_data_packet_length = _DATA_LENGTH
        self.le_features &= ~(hci.LeFeatureMask.LL_PRIVACY | hci.LeFeatureMask.LE_EXTENDED_ADVERTISING)

    def send_hci_packet(self, packet: hci.HCI_Packet) -> None:
        """Pass a packet to the host; not through the parent, which formats every packet for a log nobody reads."""
        if not self.host or self._is_duplicate(packet):
            return
        loop = asyncio.get_running_loop()
        if self._feature_delay_s and isinstance(packet, hci.HCI_LE_Read_Remote_Features_Complete_Event):
            loop.call_later(self._feature_delay_s, self.host.on_packet, bytes(packet))
        else:
            loop.call_soon(self.host.on_packet, bytes(packet))

    def _is_duplicate(self, packet: hci.HCI_Packet) -> bool:
        if not isinstance(packet, hci.HCI_LE_Advertising_Report_Event) or not self.filter_duplicates:
            return False
        keys = {(str(report.address), int(report.event_type)) for report in packet.reports}
        is_known = keys <= self._reported
        self._reported |= keys
        return is_known

    def on_hci_le_set_scan_enable_command(
        self, command: hci.HCI_LE_Set_Scan_Enable_Command
    ) -> hci.HCI_StatusReturnParameters:
        """Begin or end a scan; each enable reports everybody again."""
        self._reported.clear()
        return super().on_hci_le_set_scan_enable_command(command)

    def on_hci_packet(self, packet: hci.HCI_Packet) -> None:
        """Take a packet from the host; data straight on, for the same reason."""
        if isinstance(packet, hci.HCI_AclDataPacket):
            self.on_hci_acl_data_packet(packet)
        else:
            super().on_hci_packet(packet)

    def on_hci_le_create_connection_cancel_command(
        self, _command: hci.HCI_LE_Create_Connection_Cancel_Command
    ) -> hci.HCI_StatusReturnParameters:
        """Answer as the specification says: the pending connection completes with "unknown connection"."""
        pending, self.pending_le_connection = self.pending_le_connection, None
        if pending:
            event = hci.HCI_LE_Connection_Complete_Event(
                status=hci.HCI_UNKNOWN_CONNECTION_IDENTIFIER_ERROR,
                connection_handle=0,
                role=hci.Role.CENTRAL,
                peer_address_type=pending.peer_address_type,
                peer_address=pending.peer_address,
                connection_interval=0,
                peripheral_latency=0,
                supervision_timeout=0,
                central_clock_accuracy=0,
            )
            asyncio.get_running_loop().call_soon(self.send_hci_packet, event)
        return hci.HCI_StatusReturnParameters(hci.HCI_ErrorCode.SUCCESS)


class Air(LocalLink):
    """A link on which a controller can go out of range and come back."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # bumble gives it no types
        self.away: set[Controller] = set()

    def send_advertising_pdu(self, sender_controller: Controller, packet: ll.AdvertisingPdu) -> None:
        """Pass an advertisement on to every controller in range, but for the sender."""
        if sender_controller in self.away:
            return
        loop = asyncio.get_running_loop()
        for controller in self.controllers - self.away - {sender_controller}:
            loop.call_soon(controller.on_ll_advertising_pdu, packet)

    def send_acl_data(
        self,
        sender_controller: Controller,
        destination_address: hci.Address,
        transport: PhysicalTransport,
        data: bytes,
    ) -> None:
        """Pass data on to the other end of a connection; lose it where either is out of range."""
        receiver = self.find_le_controller(destination_address)
        connection = sender_controller.le_connections.get(destination_address)
        if receiver is None or connection is None or {sender_controller, receiver} & self.away:
            return
        loop = asyncio.get_running_loop()
        loop.call_soon(receiver.on_link_acl_data, connection.self_address, transport, data)

    def send_ll_control_pdu(
        self, sender_address: hci.Address, receiver_address: hci.Address, packet: ll.ControlPdu
    ) -> None:
        """Pass a control packet on; lose it where either end is out of range."""
        sender, receiver = self.find_le_controller(sender_address), self.find_le_controller(receiver_address)
        if receiver is not None and not {sender, receiver} & self.away:
            super().send_ll_control_pdu(sender_address, receiver_address, packet)

    def go_away(self, controller: Controller, supervision_s: float) -> None:
        """Take a controller out of range: nothing gets through,
        and after `supervision_s` both sides lose the connection (0x08)."""
        self.away.add(controller)
        asyncio.get_running_loop().call_later(supervision_s, self._expire, controller)

    def come_back(self, controller: Controller) -> None:
        """Be in range again. A connection that ended meanwhile stays ended."""
        self.away.discard(controller)

    def _expire(self, gone: Controller) -> None:
        if gone in self.away:
            self.time_out(gone)

    def time_out(self, gone: Controller) -> None:
        """End, on both sides, the connections of a controller not heard for the supervision timeout (0x08)."""
        for controller in self.controllers:
            for connection in list(controller.le_connections.values()):
                if gone in (controller, self.find_le_controller(connection.peer_address)):
                    controller.on_le_disconnected(connection, hci.HCI_CONNECTION_TIMEOUT_ERROR)
