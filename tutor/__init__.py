"""Teaching, fixing and pairing: the engine behind every face of the tutor."""

__version__ = "0.1.0"
