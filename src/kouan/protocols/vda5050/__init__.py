"""VDA 5050, between driverless vehicles and a master control: messages, topics, and the order machines of both ends."""
