"""A folder like ``/sys/bus/usb/devices``, for what looks there."""

from pathlib import Path


class UsbFolder:
    """USB as the kernel tells it, in *root*."""

    def __init__(self, root: Path) -> None:
        self._root = root
        for hub in ("usb1", "1-0:1.0"):
            self._describe(root / hub, {"idVendor": "1d6b", "idProduct": "0002"})

    def plug(
        self,
        port: str,
        vendor: int,
        product: int,
        /,
        *,
        bus: int = 1,
        address: int = 2,
        held_by: str = "",
        **texts: str,
    ) -> Path:
        """Plug a device in; *texts*: what else it tells (manufacturer, product, serial). Returns its folder."""
        numbers = {
            "idVendor": f"{vendor:04x}",
            "idProduct": f"{product:04x}",
            "busnum": str(bus),
            "devnum": str(address),
        }
        self._describe(self._root / port, numbers | texts)
        interface = self._root / f"{port}:1.0"
        self._describe(interface, {"bInterfaceClass": "0b"})
        if held_by:
            (interface / "driver").symlink_to(self._root.parent / "drivers" / held_by)
        return self._root / port

    def _describe(self, folder: Path, texts: dict[str, str]) -> None:
        folder.mkdir(parents=True)
        for name, text in texts.items():
            (folder / name).write_text(text + "\n")
