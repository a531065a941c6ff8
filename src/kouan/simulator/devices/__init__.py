"""The devices of one lane, each with its errors, speaking the wire protocols of ``kouan.protocols``."""
