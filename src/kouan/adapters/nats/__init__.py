"""The platform's end of the device network: NATS with JetStream."""
