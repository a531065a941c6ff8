"""The plate camera: one reading a plate, with its picture by reference."""
