"""Sans-I/O codecs, bytes ↔ messages, one package a device; nothing here opens a socket or knows a clock."""
