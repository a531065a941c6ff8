"""The devices' end of the device network: MQTT 3.1.1."""
