"""Which readers that nfcpy drives are plugged into USB, and what stands in their way. Looks only."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

from drivers.contract import Found
from drivers.readers.nfcpy_words import READERS, SERVED_BY_PCSCD, Usb
from drivers.readers.pcsc_port import seized
from drivers.usb import NODES, SYSFS, UsbDevice, usb_devices

PCSCD = Path("/run/pcscd/pcscd.comm")
"""The socket of pcscd; there where it runs, or is started by systemd when it is asked."""

_SEIZER = "pn533_usb"


def found_in(root: Path = SYSFS, nodes: Path = NODES, pcscd: Path = PCSCD) -> list[Found]:
    """Return the readers among the USB devices at *root*, each named by its model where it is the only one.

    Args:
        root: The folder of USB devices in sysfs.
        nodes: The folder of the files that a program opens to use them.
        pcscd: The socket of pcscd.
    """
    readers = Usb().chosen(usb_devices(root))
    alike = Counter(reader.ids for reader in readers)
    return [
        Found(
            role="reader",
            driver="nfcpy",
            options={"path": f"usb:{reader.ids if alike[reader.ids] == 1 else reader.port}"},
            words=f"{READERS[reader.vendor, reader.product]}: {reader.words}",
            caution=" ".join(_cautions(reader, nodes, pcscd)),
        )
        for reader in readers
    ]


def _cautions(reader: UsbDevice, nodes: Path, pcscd: Path) -> list[str]:
    cautions = []
    if _SEIZER in reader.held_by or seized():
        cautions.append(
            "The kernel module pn533_usb seizes it: put 'blacklist pn533_usb', 'blacklist pn533' and "
            "'blacklist nfc' into /etc/modprobe.d/blacklist-nfc.conf and restart."
        )
    if (reader.vendor, reader.product) in SERVED_BY_PCSCD:
        if pcscd.exists():
            cautions.append(
                'pcscd serves it, too: use driver = "pcsc", or stop pcscd (systemctl disable --now '
                "pcscd.socket pcscd.service); never both."
            )
        else:
            cautions.append('driver = "pcsc" serves it, too, and is the better choice; never both.')
    node = reader.node(nodes)
    if node.exists() and not os.access(node, os.R_OK | os.W_OK):
        cautions.append(
            f"This user may not open {node}: a udev rule must give it to the group plugdev, and the terminal's "
            "user must be in that group."
        )
    return cautions
