"""bumble's host without its log lines: it formats every packet for a log that nobody reads, half of all its work."""

from bumble import hci
from bumble.controller import Controller
from bumble.device import Device, DeviceConfiguration
from bumble.host import Host


class QuietHost(Host):
    """bumble's host with the same behaviour and no text made of its packets."""

    def send_hci_packet(self, packet: hci.HCI_Packet) -> None:
        """Pass a packet on to the controller."""
        if self.hci_sink:
            self.hci_sink.on_packet(bytes(packet))

    def on_hci_packet(self, packet: hci.HCI_Packet) -> None:
        """Dispatch a packet of the controller: data and events at once, all else as bumble does."""
        match packet:
            case hci.HCI_AclDataPacket():
                self.on_hci_acl_data_packet(packet)
            case hci.HCI_Event():
                self.on_hci_event_packet(packet)
            case _:
                super().on_hci_packet(packet)


def make_device(config: DeviceConfiguration, controller: Controller) -> Device:
    """Make a device on a controller of our own."""
    return Device(config=config, host=QuietHost(controller_source=controller, controller_sink=controller))
