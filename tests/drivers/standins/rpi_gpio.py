"""Stands in for the module ``RPi.GPIO``, with its names, numbers and refusals (RPi.GPIO 0.7.1)."""


class RpiGpio:
    BCM = 11
    BOARD = 10
    OUT = 0
    IN = 1
    LOW = 0
    HIGH = 1
    PUD_OFF = 20
    PUD_DOWN = 21
    PUD_UP = 22
    RISING = 31
    FALLING = 32
    BOTH = 33
    VERSION = "0.7.1"

    def __init__(self):
        self.mode = None
        self.high = {}
        self.roles = {}
        self.driven = set()
        self.detect = {}
        self.history = {}
        self.follow = {}
        self.no_edges = False
        self.broken = False

    def setwarnings(self, wanted):
        self.warnings = wanted

    def setmode(self, mode):
        self.mode = mode

    def setup(self, channel, direction, pull_up_down=PUD_OFF, initial=-1):
        self._check(channel)
        self.roles[channel] = direction
        if direction == self.OUT:
            if pull_up_down != self.PUD_OFF:
                raise ValueError("pull_up_down parameter is not valid for outputs")
            if initial != -1:
                self._drive(channel, bool(initial))
        elif channel not in self.driven:
            self.high[channel] = pull_up_down == self.PUD_UP

    def output(self, channel, value):
        self._check(channel)
        if self.broken or self.roles.get(channel) != self.OUT:
            raise RuntimeError("The GPIO channel has not been set up as an OUTPUT")
        self._drive(channel, bool(value))

    def input(self, channel):
        if channel not in self.roles:
            raise RuntimeError("You must setup() the GPIO channel first")
        return int(self.high.get(channel, False))

    def add_event_detect(self, channel, edge, callback=None, bouncetime=-666):
        if self.roles.get(channel) != self.IN:
            raise RuntimeError("You must setup() the GPIO channel as an input first")
        if self.no_edges:
            raise RuntimeError("Failed to add edge detection")
        if channel in self.detect:
            raise RuntimeError("Conflicting edge detection already enabled for this GPIO channel")
        self.detect[channel] = (edge, callback)

    def remove_event_detect(self, channel):
        self.detect.pop(channel, None)

    def cleanup(self, channel):
        self.roles.pop(channel, None)

    # -- from outside ----------------------------------------------------------------------------------

    def move(self, channel, high):
        self.driven.add(channel)
        if self.high.get(channel, False) == high:
            return
        self.high[channel] = high
        edge, callback = self.detect.get(channel, (None, None))
        if edge in (self.BOTH, self.RISING if high else self.FALLING):
            callback(channel)

    def _check(self, channel):
        if self.mode is None:
            raise RuntimeError(
                "Please set pin numbering mode using GPIO.setmode(GPIO.BOARD) or GPIO.setmode(GPIO.BCM)"
            )
        if not 0 <= channel <= 27:
            raise ValueError("The channel sent is invalid on a Raspberry Pi")

    def _drive(self, channel, high):
        self.high[channel] = high
        self.history.setdefault(channel, []).append(high)
        if (target := self.follow.get(channel)) is not None:
            target(high)
